"""The completion script for zsh: `_arguments` specs, one function a command."""

from __future__ import annotations

from collections.abc import Iterable

from parsec_cli.cli.help_pages import Argument, Option, Page, Values
from parsec_cli.shells import single_quoted, split_options

_ENGINE = r"""
# Asks for what only this machine knows: local files, no request.
__parsec_ask() {
  local program=${(Q)typed[1]} profile base_url
  local -a found expl
  local -i i
  for ((i = 2; i < $#typed; i++)); do
    case $typed[i] in
      -p|--profile) profile=${(Q)typed[i+1]} ;;
      --profile=*) profile=${(Q)typed[i]#*=} ;;
      -p?*) profile=${(Q)typed[i]#-p} ;;
      --base-url) base_url=${(Q)typed[i+1]} ;;
      --base-url=*) base_url=${(Q)typed[i]#*=} ;;
    esac
  done
  found=("${(@f)$(${program/#\~\//$HOME/} __complete $1 --profile=$profile --base-url=$base_url \
    "${(Q)PREFIX}" 2>/dev/null)}")
  found=(${found:#})
  _wanted $1 expl $1 compadd -a found
}

_parsec() {
  local -a typed=("${words[@]}") common
  common=(
@COMMON@  )
  __parsec
}

if [[ $funcstack[1] == _parsec ]]; then
  _parsec "$@"
else
  compdef _parsec parsec
fi
"""
_GROUP = r"""
@NAME@() {
  local curcontext=$curcontext state state_descr line ret=1
  local -A opt_args
  _arguments -s -S -C $common \
@OWN@    '(-): :->command' \
    '(-)*:: :->rest' && ret=0
  case $state in
    command)
      local -a commands=(
@COMMANDS@      )
      _describe -t commands command commands && ret=0
      ;;
    rest)
      case $words[1] in
@CASES@      esac
      ;;
  esac
  return ret
}
"""


def script(root: Page) -> str:
    """Return the script; to be put into a directory of `fpath` as `_parsec`, or sourced."""
    same, other = split_options(root)
    functions = "".join(_function(page, other[page]) for page in root.walk())
    common = "".join(f"    {line}\n" for option in same.values() for line in _option(option))
    return (
        "#compdef parsec\n# zsh completion for parsec; written by `parsec completion zsh`\n"
        + functions
        + _ENGINE.replace("@COMMON@", common)
    )


def _name(page: Page) -> str:
    return "__" + "_".join(page.path).replace("-", "_")


def _function(page: Page, options: tuple[Option, ...]) -> str:
    own = [line for option in options for line in _option(option)]
    if page.pages:
        return (
            _GROUP.replace("@NAME@", _name(page))
            .replace("@OWN@", _continued(own))
            .replace("@COMMANDS@", "".join(_described(below) for below in page.pages))
            .replace("@CASES@", "".join(_case(below) for below in page.pages))
        )
    own += [_argument(number, a) for number, a in enumerate(page.arguments, 1)]
    return f"\n{_name(page)}() {{\n  _arguments -s -S $common \\\n{_continued(own)[:-3]}\n}}\n"


def _continued(lines: Iterable[str]) -> str:
    return "".join(f"    {line} \\\n" for line in lines)


def _described(page: Page) -> str:
    return f"        {_quoted(f'{page.path[-1]}:{page.summary}')}\n"


def _case(page: Page) -> str:
    return f"        {page.path[-1]}) {_name(page)} && ret=0 ;;\n"


def _option(option: Option) -> list[str]:
    """Write the spec of an option, its names excluding each other."""
    value = f":{_message(option.metavar)}:{_action(option.values)}" if option.metavar else ""
    explanation = f"[{_escaped(option.summary)}]"
    names = option.all_names
    start = "*" if option.repeatable else f"({' '.join(names)})" if len(names) > 1 else ""
    return [
        _quoted(f"{start}{name}{_joint(name) if option.metavar else ''}{explanation}{value}")
        for name in names
    ]


def _joint(name: str) -> str:
    """Let a value stand attached or in the next word."""
    return "=" if name.startswith("--") else "+"


def _argument(number: int, argument: Argument) -> str:
    place = "*" if argument.repeatable else str(number)
    return _quoted(
        f"{place}:{_message(argument.metavar.strip('[]').removesuffix('...'))}:{_action(argument.values)}"
    )


def _action(values: Values) -> str:
    match values.source:
        case "words":
            return f"({' '.join(values.words)})"
        case "fields":
            return f" _values -s , field {' '.join(values.words)}"
        case "files":
            return "_files"
        case "text":
            return " "
        case source:
            # the blank keeps `_arguments` from putting words of its own in between
            return f" __parsec_ask {source}"


def _message(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")


def _escaped(text: str) -> str:
    for special in "\\[]:":
        text = text.replace(special, f"\\{special}")
    return text


def _quoted(text: str) -> str:
    return single_quoted(text, "'\\''")
