"""`users create` and `users set-qps`: check, guard, send, and say what is true now."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli import field_rules
from parsec_cli.api import changes
from parsec_cli.api.client import Change
from parsec_cli.api.reads import get_pool, get_user
from parsec_cli.api.resolve import check_id
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.option_types import (
    DryRun,
    OddIds,
    Overcommit,
    Reason,
    whole,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.pool_guard import not_sent, pool_guard
from parsec_cli.commands.shared.user_card import user_record
from parsec_cli.errors import GuardRefused, ParsecError, UsageFault
from parsec_cli.field_rules import QPS_MAX
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import NextCommand, again, run
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.results import Record
from parsec_cli.runtime import Runtime

# fields of a user that the response to a create may lack
_IN_RECORDS = {"tier", "qps_limit", "created_at"}


@verb("create", changes=True)
def command(
    ctx: typer.Context,
    external_id: Annotated[
        str, typer.Argument(metavar="EXTERNAL_ID", help="Your own id for the user.")
    ],
    *,
    email: Annotated[str | None, typer.Option(metavar="E", help="Email address.")] = None,
    qps_limit: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, QPS_MAX, "--qps-limit"),
            metavar="N",
            help="Requests per second.",
        ),
    ] = None,
    eoa_address: Annotated[
        str | None, typer.Option(metavar="0x..", help="The user's own wallet address.")
    ] = None,
    allow_overcommit: Overcommit = False,
    allow_odd_ids: OddIds = False,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Record:
    """Create an end-user, or return the existing one.

    Safe to repeat: an existing external_id is returned, not duplicated.

    Examples:
      parsec users create user_042 --qps-limit 5
      parsec users create user_042 --email ops@example.com --json | jq .created

    """
    return create_user(
        runtime_of(ctx),
        external_id,
        email=email,
        qps_limit=qps_limit,
        eoa_address=eoa_address,
        allow_overcommit=allow_overcommit,
        allow_odd_ids=allow_odd_ids,
        dry_run=dry_run,
        reason=reason,
    )


def address(text: str) -> str:
    """Check an EVM address: `0x` and 40 hexadecimal digits."""
    if fault := field_rules.address_fault(text):
        raise UsageFault(fault, hint="copy the whole address: 42 characters")
    return text


def _check_new_id(runtime: Runtime, text: str, *, allow_odd_ids: bool) -> None:
    """Apply the rules of rosters: what `users apply` would not create is not created here."""
    fault = field_rules.id_fault(check_id(text)) or field_rules.new_id_fault(text)
    if fault:
        raise UsageFault(fault, hint="write the id as it is to be shown and typed")
    if allow_odd_ids:
        return
    if fault := field_rules.word_fault(text):
        raise UsageFault(fault, hint="if this id is meant, run", command=again(allow_odd_ids=True))
    if (other := runtime.resolver.look_alike(text)) is not None:
        raise GuardRefused(
            f"the new id {text!a} looks like {other!a}, an existing user: nothing was sent",
            hint="if both ids are meant, run",
            command=again(allow_odd_ids=True),
        )


def create_user(
    runtime: Runtime,
    external_id: str,
    *,
    email: str | None,
    qps_limit: int | None,
    eoa_address: str | None,
    allow_overcommit: bool,
    allow_odd_ids: bool,
    dry_run: bool,
    reason: str,
) -> Record:
    """Create the user, or find that it exists; the record carries `created` as it is known."""
    body: JsonObject = {"external_id": external_id}
    if email is not None:
        if fault := field_rules.email_fault(email):
            raise UsageFault(fault)
        body["email"] = email
    if qps_limit is not None:
        body["qps_limit"] = qps_limit
    if eoa_address is not None:
        body["eoa_address"] = address(eoa_address)
    _check_new_id(runtime, external_id, allow_odd_ids=allow_odd_ids)
    client = runtime.client
    if qps_limit is not None:
        _make_room(runtime, external_id, qps_limit, allow_overcommit=allow_overcommit)
    if dry_run:
        return not_sent("POST", "/builder/users", body)
    change = Change("users create", None, external_id, None, body, reason)
    applied = or_raise(changes.create(client, body, change))
    user = _whole_record(runtime, User(applied.after or {}))
    runtime.index.remember([(user.customer_id, external_id)])
    _say_created(runtime, user, applied, body)
    return user_record({**user.raw, "created": applied.created})


def _make_room(
    runtime: Runtime, external_id: str, qps_limit: int, *, allow_overcommit: bool
) -> None:
    """Hold the pool guard; a user that exists, perhaps by an answer that was lost, adds nothing."""
    pool = get_pool(runtime.client)
    try:
        pool_guard(pool, qps_limit, allow_overcommit=allow_overcommit)
    except GuardRefused:
        name = f"ext:{external_id}"
        if runtime.resolver.find([name], to_change=True)[name] is None:
            raise
    before, after = pool.total_allocated_qps, pool.total_allocated_qps + qps_limit
    runtime.screen.notice(f"pool {before} -> {after} of {pool.qps_pool} QPS, if the user is new")


def _say_created(runtime: Runtime, user: User, applied: Applied, body: JsonObject) -> None:
    notice, name = runtime.screen.notice, user.name
    if applied.created:
        notice(f"created user `{name}`")
        if not runtime.options.reveal_keys:
            command = run("users", "get", "--reveal-keys", names=[user.customer_id])
            notice("its api_key is masked; show it with", command)
        if name.startswith(("ext:", "id:")):
            notice(f"as a USER it is written `ext:{name}`: without it, `{name}` means another id")
        return
    if applied.created is False:
        notice(f"user `{name}` already existed: nothing was changed")
    else:
        why = "an answer was lost" if applied.learned == "repeated" else "the answer does not say"
        notice(f"user `{name}` is ensured: {why}, so whether it is new is not known")
    for difference, further in _differences(user, body):
        runtime.screen.warning(difference, further)


def _differences(user: User, body: JsonObject) -> list[tuple[str, NextCommand | None]]:
    """Compare what was asked with what the existing user has, and say what would change it."""
    found: list[tuple[str, NextCommand | None]] = []
    if "qps_limit" in body and user.qps_limit != body["qps_limit"]:
        asked, has = body["qps_limit"], user.qps_limit
        if "qps_limit" in user.raw:
            command = run("users", "set-qps", names=[user.customer_id, str(asked)])
            text = f"qps_limit is {'none' if has is None else has}, not {asked}; change it with"
            found.append((text, command))
        else:
            found.append((f"qps_limit {asked} could not be verified", None))
    if "email" in body:
        told = "whether the email is as asked could not be verified: the API shows none"
        found.append((told, None))
    if "eoa_address" in body:
        wallet = user.wallet
        has_address = wallet.eoa_address if wallet is not None else None
        if (has_address or "").lower() != str(body["eoa_address"]).lower():
            told = f"the eoa_address is {has_address or 'not set'}, not as asked"
            found.append((told, None))
    return found


def _whole_record(runtime: Runtime, user: User) -> User:
    """Read the user again where the response to a create lacks fields, as the guide's does."""
    if user.raw.keys() >= _IN_RECORDS:
        return user
    try:
        return User({**user.raw, **get_user(runtime.client, user.customer_id).raw})
    except ParsecError as fault:
        runtime.screen.notice(f"the user's record could not be read: {fault.message}")
        return user
