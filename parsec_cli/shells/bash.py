"""The completion script for bash, from 3.2, with or without the bash-completion package."""

from __future__ import annotations

from parsec_cli.cli.help_pages import Page
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.shells import filled, split_options

_TABLES = """\
# bash completion for parsec; written by `parsec completion bash`

# Sets what may follow the command $1.
_parsec_command() {
    subcommands= options= operands=() many=
    case $1 in
@TREE@    esac
    options="$options @COMMON@"
}

# Sets `takes` to what the option $2 of the command $1 wants; empty for a flag.
_parsec_option() {
    takes=
    case $2 in
@SHARED@    esac
    case "$1 $2" in
@OWN@    esac
}
"""
_ENGINE = r"""
# Writes $1 into `quoted` as it has to stand inside the quote $2 that is still open. Readline adds
# a closing quote unless the text ends with one.
_parsec_quote() {
    local c i last=${1: -1}
    quoted=
    if [[ ! $2 ]]; then
        [[ ! $1 ]] || printf -v quoted %q "$1"
        return
    fi
    for ((i = 0; i < ${#1}; i++)); do
        c=${1:i:1}
        case $2$c in
            "''") quoted+="'\\''" ;;
            '""' | '"$' | '"`' | '"\') quoted+="\\$c" ;;
            '"!') quoted+='"\!"' ;;
            *) quoted+=$c ;;
        esac
    done
    case $2$last in
        "''") quoted=${quoted%?} ;;
        '""') quoted="${quoted%??}\"\\\"" ;;
        '"!') quoted+='"' ;;
    esac
}

_parsec() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} breaks=${COMP_WORDBREAKS//[\"\']/}
    local c i value= head= outer= quote= started= command=${1/#\~\//$HOME/}
    local -a words=() candidates=() operands=()
    COMPREPLY=()

    # Bash cuts words at colons and leaves quotes in them, so the line is read again. `head` is the
    # part of the current word that stays as it is typed.
    for ((i = 0; i < ${#line}; i++)); do
        c=${line:i:1}
        if [[ $quote && $c == "$quote" ]]; then
            quote= head=$outer
        elif [[ $c == '\' && (! $quote || $quote${line:i+1:1} == \"[\"\\\$\`]) ]]; then
            i=$((i + 1)) started=1
            value+=${line:i:1}
        elif [[ $quote ]]; then
            value+=$c
        elif [[ $c == [\'\"] ]]; then
            quote=$c started=1 outer=$head head=$value
        elif [[ $c == [[:space:]] ]]; then
            [[ ! $value && ! $started ]] || words+=("$value")
            value= head= started=
        else
            # readline begins a new word after these characters, but at an `@`
            [[ $c != @ || $breaks != *@* ]] || head=$value
            value+=$c
            [[ $c == @ || $breaks != *"$c"* ]] || head=$value
        fi
    done

    local path=parsec subcommands options many takes= ended= word
    local position=0
    _parsec_command "$path"
    for word in "${words[@]:1}"; do
        if [[ $takes ]]; then
            takes=
        elif [[ ! $ended && $word == -- ]]; then
            ended=1
        elif [[ ! $ended && $word == --* ]]; then
            _parsec_option "$path" "$word"
        elif [[ ! $ended && $word == -?* ]]; then
            # flags may share a dash, and the last of them may take what follows
            for ((i = 1; i < ${#word}; i++)); do
                _parsec_option "$path" "-${word:i:1}"
                [[ ! $takes ]] || break
            done
            [[ i -ge ${#word}-1 ]] || takes=
        elif [[ ! $ended && " $subcommands " == *" $word "* ]]; then
            path+=" $word"
            _parsec_command "$path"
        else
            position=$((position + 1))
        fi
    done

    local before= prefix quoted
    if [[ $takes ]]; then
        :
    elif [[ ! $ended && $value == --*=* ]]; then
        before=${value%%=*}=
        _parsec_option "$path" "${before%=}"
    elif [[ ! $ended && $value == -[!-]?* ]]; then
        before=${value:0:2}
        _parsec_option "$path" "$before"
    elif [[ ! $ended && $value == -* ]]; then
        takes="words $options"
    elif [[ $subcommands ]]; then
        takes="words $subcommands"
    else
        [[ $many && position -ge ${#operands[@]} ]] && position=$((${#operands[@]} - 1))
        takes=${operands[position]}
    fi
    prefix=${value#"$before"}

    case $takes in
        words\ *) candidates=(${takes#words }) ;;
        fields\ *)
            line=${prefix%"${prefix##*,}"}
            for word in ${takes#fields }; do
                [[ ,$line == *",$word,"* ]] || candidates+=("$line$word")
            done
            compopt -o nospace 2>/dev/null
            ;;
        users | profiles | runs)
            # only this machine knows them: local files, no request
            while IFS= read -r word; do
                candidates+=("$word")
            done < <("$command" __complete "$takes:$prefix" "${words[@]:1}" 2>/dev/null)
            ;;
        files) compopt -o default 2>/dev/null ;;
    esac
    for word in "${candidates[@]}"; do
        word=$before$word
        [[ $word == "$value"* && $word == "$head"* ]] || continue
        quoted=${word#"$head"}
        case $takes in
            users | profiles | runs) _parsec_quote "$quoted" "$quote" ;;
        esac
        COMPREPLY+=("$quoted")
    done
}

if type compopt >/dev/null 2>&1; then
    complete -F _parsec parsec
else
    complete -o default -F _parsec parsec
fi
"""


def script(root: Page) -> str:
    """Return the script; to be sourced, or put where bash-completion looks."""
    same, other = split_options(root)
    # options that differ between pages, those with equal values joined
    own: dict[str, list[str]] = {}
    for page, options in other.items():
        for option in options:
            if option.metavar:
                words = [f"'{page.name} {name}'" for name in option.names]
                own.setdefault(option.values, []).extend(words)
    tables = {
        "@TREE@": "".join(_command(page, other[page]) for page in root.walk()),
        "@COMMON@": " ".join(name for option in same.values() for name in option.all_names),
        "@SHARED@": "".join(
            f"        {' | '.join(option.names)}) takes='{option.values}'; return ;;\n"
            for option in same.values()
            if option.metavar
        ),
        "@OWN@": "".join(
            f"        {' | '.join(words)}) takes='{takes}' ;;\n" for takes, words in own.items()
        ),
    }
    return filled(_TABLES, tables) + _ENGINE


def _command(page: Page, options: tuple[Parameter, ...]) -> str:
    sets = []
    if page.pages:
        sets.append(f"subcommands='{' '.join(below.path[-1] for below in page.pages)}'")
    if options:
        names = " ".join(name for option in options for name in option.all_names)
        sets.append(f"options='{names}'")
    if page.arguments:
        sets.append(f"operands=({' '.join(repr(a.values) for a in page.arguments)})")
    if any(argument.repeatable for argument in page.arguments):
        sets.append("many=1")
    return f"        '{page.name}') {' '.join(sets)} ;;\n" if sets else ""
