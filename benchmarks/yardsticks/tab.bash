# What bash does on TAB: the script of the completions, the line as typed, the command's own path.
source "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9
read -ra COMP_WORDS <<<"$2"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_parsec "$3"
printf '%s\n' "${COMPREPLY[@]}"
((${#COMPREPLY[@]} > 1))
