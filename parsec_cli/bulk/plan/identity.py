"""Whom a row means: its ids must agree with each other, and a new id must not look like a slip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from parsec_cli.bulk.files.decode import SHOWN
from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.plan.snapshot import Census
from parsec_cli.errors import GuardRefused, counted
from parsec_cli.field_rules import look_alike_key, word_fault
from parsec_cli.next_command import again


def clash(row: int, customer_id: str | None, external_id: str | None, census: Census) -> str:
    """Say how the two ids of a row disagree; "" if they mean one user, or both mean nobody."""
    if not customer_id or not external_id:
        return ""
    user, other = census.by_customer_id(customer_id), census.by_external_id(external_id)
    if user is None and other is None:
        return ""
    if user is not None and user.external_id == external_id:
        return ""
    means = "no user" if other is None else f"user {other.customer_id}"
    has = "no user" if user is None else f"user {user.external_id!a}"
    return f"row {row}: external_id {external_id!a} is {means}, customer_id {customer_id} is {has}"


def check_ids(wanted: Sequence[Wanted], census: Census) -> None:
    """Refuse a roster with a row whose two ids do not mean one user."""
    found = [clash(one.row, one.customer_id, one.external_id, census) for one in wanted]
    details = [text for text in found if text]
    if details:
        raise GuardRefused(
            f"the two ids disagree in {counted(len(details), 'row')}: nothing was sent",
            details=details[:SHOWN],
            hint="correct the file, or leave one of the two columns out",
        )


def check_new_ids(new: Sequence[Wanted], wanted: Sequence[Wanted], census: Census) -> None:
    """Refuse ids of users to be created that are more likely slips than ids."""
    keys = {look_alike_key(one.external_id) for one in new}
    others: dict[str, dict[str, str]] = {key: {} for key in keys}
    for text in census.named:
        if (key := look_alike_key(text)) in keys:
            others[key][text] = "an existing user"
    for one in wanted:
        if one.external_id and (key := look_alike_key(one.external_id)) in keys:
            others[key].setdefault(one.external_id, f"row {one.row}")
    shorn = _without_zeros(census.named.keys() - {one.external_id for one in wanted})
    details = [
        text for one in new if (text := _suspicion(one, others) or _mistaken(one, census, shorn))
    ]
    if details:
        raise GuardRefused(
            f"{counted(len(details), 'new id')} would be created by mistake: nothing was sent",
            details=details[:SHOWN],
            hint="correct the file; or, if these ids are meant, run",
            command=again(allow_odd_ids=True),
        )


def _suspicion(one: Wanted, others: dict[str, dict[str, str]]) -> str:
    if fault := word_fault(one.external_id):
        return f"row {one.row}: {fault}"
    for text, where in others[look_alike_key(one.external_id)].items():
        if text != one.external_id:
            return f"row {one.row}: {one.external_id!a} looks like {text!a}, {where}"
    return ""


def _without_zeros(names: Iterable[str]) -> dict[str, str]:
    """Return numbers as a spreadsheet shows them -> the ids that they were."""
    return {text.lstrip("0"): text for text in names if text[0] == "0" and text.isdecimal()}


def _mistaken(one: Wanted, census: Census, shorn: Mapping[str, str]) -> str:
    if seen := census.by_customer_id(one.external_id):
        whose = ascii(seen.external_id) if seen.external_id else "a user"
        return f"row {one.row}: {one.external_id} is the customer_id of {whose}"
    if text := shorn.get(one.external_id):
        return (
            f"row {one.row}: {one.external_id!a} is {text!a} without its zeros, an existing user "
            "whom the file does not name"
        )
    return ""
