"""Check the fields of request bodies and query parameters, all problems at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parsec_cli.field_rules import ADDRESS, QPS_MAX, email_fault, is_unicode
from parsec_cli.sandbox.responses import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parsec_cli.models import JsonObject

HEX_KEY = re.compile(r"0x[0-9a-fA-F]{64}")
PEM_KEY = re.compile(
    r"\s*-----BEGIN (RSA )?PRIVATE KEY-----\s.*-----END (RSA )?PRIVATE KEY-----\s*", re.DOTALL
)


@dataclass(slots=True)
class Fields:
    """A body whose fields are read one by one; `done()` refuses it if any has a problem.

    An optional field that is null counts as absent.
    """

    body: JsonObject
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, *, required: bool = False) -> str | None:
        value = self.body.get(name)
        if value is None:
            if required:
                self.problem(name, "is required")
            return None
        if not isinstance(value, str):
            self.problem(name, "must be a string")
        elif not value:
            self.problem(name, "must not be empty")
        elif not is_unicode(value):
            self.problem(name, "must be valid Unicode")
        else:
            return value
        return None

    def matching(
        self, name: str, pattern: re.Pattern[str], shape: str, *, required: bool = False
    ) -> str | None:
        value = self.text(name, required=required)
        if value is not None and not pattern.fullmatch(value):
            self.problem(name, f"must be {shape}")
        return value

    def address(self, name: str, *, required: bool = False) -> str | None:
        return self.matching(name, ADDRESS, "0x and 40 hex digits", required=required)

    def email(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and email_fault(value):
            self.problem(name, "must be an email address")
        return value

    def one_of(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        value = self.text(name, required=default is None)
        if value is not None and value not in choices:
            self.problem(name, f"must be one of {', '.join(choices)}")
        return value or default or ""

    def positive(self, name: str) -> int | None:
        value = self.body.get(name)
        return None if value is None else self._positive(name, value)

    def _positive(self, name: str, value: object) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            self.problem(name, "must be an integer")
        elif value < 1:
            self.problem(name, "must be at least 1")
        elif value > QPS_MAX:
            self.problem(name, f"must be at most {QPS_MAX}")
        else:
            return value
        return None

    def not_null(self, name: str) -> None:
        if name in self.body and self.body[name] is None:
            self.problem(name, "must be an integer")

    def problem(self, name: str, what: str) -> None:
        self.problems.append(f"{name} {what}")

    def done(self) -> None:
        """Raise Refusal 400 with every problem, if there is any."""
        if self.problems:
            raise invalid(self.problems)


def whole_number(text: str, name: str, lowest: int, highest: int) -> int:
    """Read a query parameter of plain ASCII digits within bounds; raises Refusal 400."""
    # ten digits are enough for every bound; int() of a million digits is slow
    if text.isascii() and text.isdigit() and len(text) <= 10:  # noqa: PLR2004
        value = int(text)
        if lowest <= value <= highest:
            return value
    raise invalid([f"{name} must be an integer from {lowest} to {highest}"])
