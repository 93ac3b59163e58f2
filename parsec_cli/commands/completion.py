"""`parsec completion`: print the script that completes commands in a shell."""

from __future__ import annotations

from importlib import import_module

import typer

from parsec_cli.cli.common_options import argument
from parsec_cli.cli.tree import verb
from parsec_cli.errors import unknown
from parsec_cli.results import Text

SHELLS = ("bash", "zsh", "fish", "powershell")


@verb("completion")
def command(
    ctx: typer.Context, shell: str = argument("|".join(SHELLS), "The shell you use.")
) -> Text:
    """Print the script that completes commands in your shell.

    It contains commands, options and choices. Users and profiles come from local files.

    Examples:
      parsec completion bash > ~/.local/share/bash-completion/completions/parsec
      parsec completion zsh > ~/.zfunc/_parsec
      parsec completion fish > ~/.config/fish/completions/parsec.fish
      parsec completion powershell >> $PROFILE

    """
    from parsec_cli.cli.help_pages import page_of

    if shell not in SHELLS:
        raise unknown("shell", shell, SHELLS)
    root = page_of(ctx.find_root().command, ("parsec",))
    text: str = import_module(f"parsec_cli.shells.{shell}").script(root)
    return Text(text)
