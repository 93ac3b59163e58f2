"""What people see of a plan: its actions in groups, their sum, the pool and the cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from parsec_cli.bulk.plan.plan import (
    Action,
    Create,
    Deactivate,
    Entry,
    Forecast,
    Keep,
    Plan,
    SetQps,
    delta,
    in_order,
    plan_counts,
)
from parsec_cli.commands.shared.cards import command_lines
from parsec_cli.errors import GuardRefused, counted
from parsec_cli.holdings import summary
from parsec_cli.models import JsonObject
from parsec_cli.next_command import NextCommand
from parsec_cli.records import record
from parsec_cli.results import (
    Bar,
    Block,
    Column,
    Grid,
    Line,
    Listing,
    Tone,
    Words,
    duration,
    percent,
)
from parsec_cli.runtime import Runtime

_FEW = 40  # actions that are all shown
_MUCH = 10  # a plan that needs this part of the requests that are left says so
_OF_EACH = 30  # creates and changes that are shown of more
# by the kind of an action: its mark and its tone
_MARKS: dict[str, tuple[str, Tone]] = {
    "create": ("+", "good"),
    "set-qps": ("~", "warning"),
    "deactivate": ("-", "alarm"),
}
_KINDS = {"create": "create", "set_qps": "change", "deactivate": "deactivate"}
# what the users are if there is nothing to do, by the command
_WANTED = {
    "apply": "as the file says",
    "deactivate": "deactivated already",
    "set-qps": "at that limit already",
}
_COLUMNS = (
    Column("action", "ACTION", "words", rank=0),
    Column("user", "USER", "id", rank=0),
    Column("change", "CHANGE", "prose", rank=0),
)


@record
class ShownPlan:
    """A plan and its forecast; `left_out` users are not in its file.

    `whole` shows all of its actions. `refusal` is why it cannot be applied; otherwise `proposal`
    says how to apply it. `verb` is the command that made it.
    """

    plan: Plan
    ahead: Forecast
    left_out: int
    digest: str
    whole: NextCommand
    refusal: GuardRefused | None = None
    proposal: tuple[str, NextCommand] | None = None
    verb: str = "apply"

    def listing(self, runtime: Runtime) -> Listing:
        """Return what people see in place of rows."""
        return Listing("actions", (), (), closing=lambda: self.blocks(runtime))

    def blocks(self, runtime: Runtime, *, asking: bool = False) -> tuple[Block, ...]:
        """Return what people see: creates, changes, and last what cannot be undone.

        When `asking`, the question that follows has the sum of the holdings.
        """
        actions = in_order(self.plan.actions)
        last = [action for action in actions if isinstance(action, Deactivate)]
        others = [
            [action for action in actions if isinstance(action, kind)] for kind in (Create, SetQps)
        ]
        number = sum(map(len, others))
        if len(actions) > _FEW:
            others = [kind[:_OF_EACH] for kind in others]
        first = [action for kind in others for action in kind]
        blocks: list[Block] = []
        if number > len(first):
            blocks += [_grid(first), *self._more(runtime, number - len(first))]
            first = []
        blocks += [_grid([*first, *last])] if first or last else []
        blocks += [Line("")] if blocks else []
        blocks += self.sum_blocks(asking=asking)
        if self.proposal:
            text, proposed = self.proposal
            blocks += [Line(""), Line(text), *command_lines(runtime, proposed)]
        return (Line(""), *blocks)

    def _more(self, runtime: Runtime, number: int) -> list[Block]:
        """Say how many actions are not shown, and how to see all; a command is never broken."""
        words, command = f"  … and {number:,} more", runtime.screen.shell_line(self.whole)
        whole: Words = ((f"{words} (", "dim"), (command, "command"), (" for all)", "dim"))
        width = runtime.screen.width or 0
        if "\n" not in command and len(f"{words} ({command} for all)") <= width:
            return [Line(whole)]
        lines = [Line(f"    {line}", "command") for line in command.splitlines()]
        return [Line(f"{words}; see all with", "dim"), *lines]

    def sum_blocks(self, *, asking: bool = False) -> list[Block]:
        """Show what a plan changes in all, the pool, the cost and the notes."""
        plan, ahead = self.plan, self.ahead
        notes = [Line(f"! {note}", "warning") for note in plan.notes]
        if not plan.actions:
            rest = [Line(left_out_text(self.left_out), "dim")] if self.left_out else []
            return [Line(nothing_to_change(len(plan.keeps), self.verb), "good"), *rest, *notes]
        before, after, pool = ahead.allocated_before, ahead.allocated_after, ahead.qps_pool
        text = f"{before:,} → {after:,} of {pool:,} ({{percent}})"
        holdings = [action.holdings for action in plan.deactivations]
        several = sum(one is not None and one.is_holder for one in holdings) > 1
        return [
            Line(f"Plan: {self._sum}"),
            *([Line(summary(holdings), "alarm")] if several and not asking else []),
            Bar("Pool", after, pool, text=text),
            Line(f"Cost  {_cost(ahead)}"),
            *notes,
        ]

    @property
    def in_one_line(self) -> str:
        """`plan: 1 to create; 2 unchanged; pool 30 → 31 of 1,000; 1 request, under 1 s`."""
        ahead = self.ahead
        pool = f"{ahead.allocated_before:,} → {ahead.allocated_after:,} of {ahead.qps_pool:,}"
        return f"plan: {self._sum}; pool {pool}; {_cost(ahead)}"

    @property
    def _sum(self) -> str:
        counts = plan_counts(self.plan)
        actions = [f"{counts[name]:,} to {kind}" for name, kind in _KINDS.items() if counts[name]]
        rest = [f"{counts['unchanged']:,} unchanged"] if counts["unchanged"] else []
        rest += [left_out_text(self.left_out)] if self.left_out else []
        parts = (actions or ["no changes"], rest)
        return "; ".join(", ".join(part) for part in parts if part)


def left_out_text(number: int) -> str:
    """Say how many users are not in the file, and what becomes of them."""
    stay = "stays as it is" if number == 1 else "stay as they are"
    return f"{counted(number, 'user')} not in the file {stay}"


def nothing_to_change(users: int, verb: str) -> str:
    """Say that the users are as wanted already."""
    if not users:
        return "Nothing to change: the file contains no users"
    who = "the user is" if users == 1 else f"all {users:,} users are"
    return f"Nothing to change: {who} {_WANTED[verb]}"


def _cost(ahead: Forecast) -> str:
    """Return such as `11 requests, about 2 s, under 0.1% of the monthly quota`."""
    parts = [counted(ahead.requests, "request")]
    parts.append("as fast as permitted" if ahead.seconds is None else duration(ahead.seconds))
    left = ahead.quota_left
    if left is not None and ahead.requests * _MUCH > left:
        parts.append(f"{percent(ahead.requests, left)} of the requests left this month")
    elif ahead.quota:
        share = percent(ahead.requests, ahead.quota).replace("<", "under ")
        parts.append(f"{share} of the monthly quota")
    return ", ".join(parts)


def _grid(actions: Sequence[Action]) -> Grid:
    tones = tuple(_MARKS[action.kind][1] for action in actions)
    return Grid(_COLUMNS, [*map(_row, actions)], tones=tones, header=False, indent=True)


def _row(action: Action) -> JsonObject:
    name = action.external_id
    if not isinstance(action, Create):
        name = name or action.customer_id
    return {
        "action": f"{_MARKS[action.kind][0]} {action.kind}",
        "user": name,
        "change": change_text(action),
    }


def change_text(entry: Entry, *, holdings: bool = True) -> str:
    """Return such as `10 → 40   (+30)`, or what a user holds that is deactivated."""
    match entry:
        case Create(qps_limit=None):
            return "limit chosen by the server"
        case Create():
            return _limit(entry.qps_limit)
        case Keep():
            return "" if entry.gone or not entry.customer_id else _limit(entry.qps_limit)
        case SetQps():
            step = delta(entry)
            old = "no limit" if entry.old is None else f"{entry.old:,}"
            return f"{old} → {entry.new:,}   ({'+' if step >= 0 else '−'}{abs(step):,})"
        case Deactivate():
            held, text = entry.holdings, ""
            if held is None and entry.facts.get("wallet") is not None:
                text = "   holdings not read"
            elif held is not None and held.is_holder:
                text = f"   HOLDS {held.text}"
            return _limit(entry.facts.get("qps_limit")) + text * holdings
        case _:
            assert_never(entry)


def _limit(qps: int | None) -> str:
    return "no limit" if qps is None else f"{qps:,} QPS"
