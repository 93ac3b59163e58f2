"""How help looks: plain text with bold headings, whole at every width, quick to draw.

Rich's help costs 60 ms, eats `[brackets]` as markup and cuts long option names in narrow
terminals; so the standard formatter draws it, with options grouped by the panel they name.
"""

from __future__ import annotations

import inspect
from typing import Any


class Helpful:
    """Mixed into commands and groups: options in panels, examples as they were written."""

    params: list[Any]
    help: str | None

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        del ctx
        text, _, examples = inspect.cleandoc(self.help or "").partition("\nExamples:\n")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(text.strip())
        if examples:
            with formatter.section("Examples"):
                for line in inspect.cleandoc(examples).splitlines():
                    formatter.write(" " * formatter.current_indent + line + "\n")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.params:
            record = param.get_help_record(ctx)
            if record is None:
                continue
            default = "Arguments" if param.param_type_name == "argument" else "Options"
            panels.setdefault(param.rich_help_panel or default, []).append(record)
        for panel in sorted(panels, key=_order):
            with formatter.section(panel):
                formatter.write_dl(panels[panel])
        if hasattr(self, "format_commands"):
            self.format_commands(ctx, formatter)


def _order(panel: str) -> int:
    """Put what is the command's own before what every command has."""
    return {"Arguments": 0, "Options": 1}.get(panel, 9)
