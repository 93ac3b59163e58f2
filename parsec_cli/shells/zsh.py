"""The completion script for zsh: `_arguments` specs, one function a command."""

from __future__ import annotations

from parsec_cli.cli.help_pages import Page
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.shells import filled, split_options

_ENGINE = r"""
# Asks for what only this machine knows: local files, no request.
__parsec_ask() {
  local program=${(Q)typed[1]}
  local -a found expl
  found=("${(@f)$(${program/#\~\//$HOME/} __complete "$1:${(Q)PREFIX}" "${(@Q)typed[2,-2]}" \
    2>/dev/null)}")
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
        + filled(_ENGINE, {"@COMMON@": common})
    )


def _name(page: Page) -> str:
    return "__" + "_".join(page.path).replace("-", "_")


def _function(page: Page, options: tuple[Parameter, ...]) -> str:
    """Return the function of a command; that of a group calls those of its commands."""
    own = [line for option in options for line in _option(option)]
    if not page.pages:
        for number, argument in enumerate(page.arguments, 1):
            place = "*" if argument.repeatable else str(number)
            message = _escaped(argument.metavar.strip("[]").removesuffix("..."))
            own.append(_quoted(f"{place}:{message}:{_action(argument.values)}"))
        lines = " \\\n".join(f"    {line}" for line in own)
        return f"\n{_name(page)}() {{\n  _arguments -s -S $common \\\n{lines}\n}}\n"
    tables = {
        "@NAME@": _name(page),
        "@OWN@": "".join(f"    {line} \\\n" for line in own),
        "@COMMANDS@": "".join(
            f"        {_quoted(f'{below.path[-1]}:{below.summary}')}\n" for below in page.pages
        ),
        "@CASES@": "".join(
            f"        {below.path[-1]}) {_name(below)} && ret=0 ;;\n" for below in page.pages
        ),
    }
    return filled(_GROUP, tables)


def _option(option: Parameter) -> list[str]:
    """Write the spec of an option, its names excluding each other."""
    value = f":{_escaped(option.metavar)}:{_action(option.values)}" if option.metavar else ""
    names = option.all_names
    start = "*" if option.repeatable else f"({' '.join(names)})" if len(names) > 1 else ""
    lines, summary = [], _escaped(option.summary, "\\[]:")
    for name in names:
        # a value may stand attached or in the next word
        joint = ("=" if name.startswith("--") else "+") if option.metavar else ""
        lines.append(_quoted(f"{start}{name}{joint}[{summary}]{value}"))
    return lines


def _action(values: str) -> str:
    source, _, words = values.partition(" ")
    actions = {"words": f"({words})", "fields": f" _values -s , field {words}"}
    actions |= {"files": "_files", "text": " "}
    # the blank keeps `_arguments` from putting words of its own in between
    return actions.get(source, f" __parsec_ask {source}")


def _escaped(text: str, special: str = "\\:") -> str:
    for character in special:
        text = text.replace(character, f"\\{character}")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
