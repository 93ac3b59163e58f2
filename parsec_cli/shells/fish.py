"""The completion script for fish, from 3.0: declarations, and a few functions as conditions."""

from __future__ import annotations

from parsec_cli.cli.help_pages import Page
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.shells import filled, names_with_value, split_options

_ENGINE = r"""
# Is the command on the line $wanted, and the current word its operand number $position?
function __parsec_at --argument-names wanted position
    set -l commands @COMMANDS@
    set -l valued @VALUED@
    set -l tokens (commandline -opc)
    set -l path
    set -l operands 0
    set -l skip
    set -l ended
    for token in $tokens[2..-1]
        if test -n "$skip"
            set skip
        else if test -n "$ended"
            set operands (math $operands + 1)
        else if test "$token" = --
            set ended yes
        else if string match -q -- '--*' $token
            contains -- $token $valued; and set skip yes
        else if string match -q -- '-?*' $token
            # the last of the flags that share a dash may take what follows
            contains -- -(string sub -s -1 -- $token) $valued; and set skip yes
            string match -qr -- '^..+.' $token
            and contains -- (string sub -l 2 -- $token) $valued
            and set skip
        else if contains -- (string trim -- "$path $token") $commands
            set path (string trim -- "$path $token")
        else
            set operands (math $operands + 1)
        end
    end
    test "$path" = "$wanted"; or return 1
    test -z "$position"; or test $position -eq (math $operands + 1)
end

# Asks for what only this machine knows: local files, no request.
function __parsec_ask --argument-names kind
    set -l tokens (commandline -opc)
    set -l typed (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    set -l prefix (string unescape -- $typed)
    # a quote that is still open
    test -n "$prefix"; or set prefix (string trim -l -c '"\'' -- $typed)
    set -l program (string replace -r -- '^~/' "$HOME/" $tokens[1])
    command -q $program; or return
    command $program __complete "$kind:$prefix" $tokens[2..-1] 2>/dev/null
end

# Offers the names that a list joined by commas does not contain yet.
function __parsec_list
    set -l typed (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    set -l head (string replace -r -- '[^,]*$' '' $typed)
    for name in $argv
        string match -q -- "*,$name,*" ",$head"; or echo "$head$name"
    end
end

complete -c parsec -f
"""


def script(root: Page) -> str:
    """Return the script; to be put where fish looks, as `parsec.fish`."""
    same, other = split_options(root)
    lines = ["", *(_option(option, "") for option in same.values())]
    places = [" ".join(page.path[1:]) for page in root.walk()]
    for page, place in zip(root.walk(), places, strict=True):
        at = f"__parsec_at {_quoted(place)}"
        lines.append("")
        for below in page.pages:
            offer = f"-a {below.path[-1]} -d {_quoted(below.summary)}"
            lines.append(f"complete -c parsec -n {_quoted(at)} {offer}")
        for number, argument in enumerate(page.arguments, 1):
            where = at if argument.repeatable else f"{at} {number}"
            if offer := _offer(argument.values):
                lines.append(f"complete -c parsec -n {_quoted(where)} {offer}")
        lines += [_option(option, at) for option in other[page]]
    tables = {
        "@COMMANDS@": " ".join(f"'{place}'" for place in places if place),
        "@VALUED@": " ".join(names_with_value(root)),
    }
    head = "# fish completion for parsec; written by `parsec completion fish`\n"
    return head + filled(_ENGINE, tables) + "\n".join(lines) + "\n"


def _option(option: Parameter, at: str) -> str:
    where = f" -n {_quoted(at)}" if at else ""
    takes = f" -x {_offer(option.values)}".rstrip() if option.metavar else ""
    if option.values == "files":
        takes = " -r -F"
    return "\n".join(
        f"complete -c parsec{where}{names}{takes} -d {_quoted(option.summary)}"
        for names in (_names(option.names), _names(option.off))
        if names
    )


def _names(names: tuple[str, ...]) -> str:
    return "".join(
        f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}" for name in names
    )


def _offer(values: str) -> str:
    source, _, words = values.partition(" ")
    offers = {"words": f"-a '{words}'", "fields": f"-a '(__parsec_list {words})'"}
    offers |= {"files": "-F", "text": ""}
    return offers.get(source, f"-a '(__parsec_ask {source})'")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
