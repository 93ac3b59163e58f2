"""`parsec users create`: check the new user, create it, and compare it with what was requested."""

from __future__ import annotations

import typer

from parsec_cli import columns, field_rules
from parsec_cli.api import changes
from parsec_cli.api.reads import get_pool, get_user
from parsec_cli.api.resolve import check_id
from parsec_cli.cli import common_options as common
from parsec_cli.cli.common_options import argument, number, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.cards import not_sent
from parsec_cli.commands.shared.consent import check_pool
from parsec_cli.commands.shared.user_card import user_record
from parsec_cli.errors import GuardRefused, OutcomeUnknown, ParsecError, Stopped, UsageFault
from parsec_cli.field_rules import QPS_MAX
from parsec_cli.models import Applied, JsonObject, User, customer_argument
from parsec_cli.next_command import again, run
from parsec_cli.results import Record
from parsec_cli.runtime import Runtime

# fields that the response to a create may lack
_IN_RECORDS = {"tier", "qps_limit", "created_at"}


@verb("create", effect="change")
def command(
    ctx: typer.Context,
    external_id: str = argument("EXTERNAL_ID", "Your own id for the user."),
    *,
    email: str | None = option("--email E", "Email address."),
    qps_limit: int | None = number("--qps-limit N", 1, QPS_MAX, "Requests per second."),
    eoa_address: str | None = option("--eoa-address 0x..", "The user's own wallet address."),
    allow_overcommit: bool = common.OVERCOMMIT,
    allow_odd_ids: bool = common.ODD_IDS,
    dry_run: bool = common.DRY_RUN,
    reason: str = common.REASON,
) -> Record:
    """Create an end-user, or return the existing one.

    Safe to repeat: an existing external_id is returned, not duplicated.

    Examples:
      parsec users create user_042 --qps-limit 5
      parsec users create user_042 --email ops@example.com --json | jq .created

    """
    runtime = runtime_of(ctx)
    asked = {"email": email, "qps_limit": qps_limit, "eoa_address": eoa_address}
    body: JsonObject = {"external_id": external_id}
    body |= {name: value for name, value in asked.items() if value is not None}
    if not dry_run:
        runtime.screen.check_fields(columns.CREATED)
    _check_body(runtime, body, allow_odd_ids=allow_odd_ids)
    if qps_limit is not None:
        pool = get_pool(runtime.client)
        before, after = pool.total_allocated_qps, pool.total_allocated_qps + qps_limit
        try:
            check_pool(pool, after, allow_overcommit=allow_overcommit)
        except GuardRefused:  # if the user exists, the request adds nothing
            name = f"ext:{external_id}"
            if runtime.resolver.find([name], to_change=True)[name] is None:
                raise
        runtime.screen.notice(
            f"pool {before:,} → {after:,} of {pool.qps_pool:,} QPS, if the user is new"
        )
    if dry_run:
        return not_sent("POST", "/builder/users", body)
    outcome = changes.create(runtime.client, body, "users create", reason)
    return _created(runtime, changes.or_raise(outcome), body)


def address(text: str) -> str:
    """Check an EVM address: `0x` and 40 hexadecimal digits."""
    if fault := field_rules.address_fault(text):
        raise UsageFault(fault, hint="copy the whole address: 42 characters")
    return text


def _check_body(runtime: Runtime, body: JsonObject, *, allow_odd_ids: bool) -> None:
    """Apply the rules of rosters, so that this creates what `users apply` would create."""
    if "email" in body and (fault := field_rules.email_fault(body["email"])):
        raise UsageFault(fault)
    if "eoa_address" in body:
        address(body["eoa_address"])
    text = body["external_id"]
    fault = field_rules.id_fault(check_id(text)) or field_rules.new_id_fault(text)
    if fault:
        raise UsageFault(fault, hint="write the id exactly as it should be shown and typed")
    if allow_odd_ids:
        return
    hint, command = "to create it anyway, run", again(allow_odd_ids=True)
    if fault := field_rules.word_fault(text):
        raise UsageFault(fault, hint=hint, command=command)
    if slip := runtime.resolver.slip(text):
        raise GuardRefused(f"the new id {slip}: nothing was sent", hint=hint, command=command)
    if (fault := field_rules.hidden_fault(text)) and not runtime.resolver.remembered(text):
        raise UsageFault(fault, hint=hint, command=command)


def _created(runtime: Runtime, applied: Applied, body: JsonObject) -> Record:
    """Show the user and whether it is new; `created` is None where that is unknown."""
    notice = runtime.screen.notice
    user = User(applied.after or {})
    # a null limit of a new user may stand for one that the response lacks, as in the API guide
    unclear = applied.created and "qps_limit" in body and user.raw.get("qps_limit") is None
    if unclear or not user.raw.keys() >= _IN_RECORDS:
        user = _read_again(runtime, user, body["external_id"])
    name = user.name
    runtime.index.remember([(user.customer_id, body["external_id"])])
    if applied.created and (fault := changes.limit_fault(user, body)):
        raise fault
    if applied.created:
        notice(f"created user `{name}`", tone="good")
        if not runtime.options.reveal_keys:
            command = run(
                "users", "get", "--reveal-keys", names=[customer_argument(user.customer_id)]
            )
            notice("its api_key is masked; show it with", command)
        if name.startswith(("ext:", "id:")):
            notice(f"write this USER as `ext:{name}`: without `ext:`, `{name}` means another id")
    else:
        if applied.created is False:
            notice(f"user `{name}` already existed: nothing was changed", tone="dim")
        elif applied.evidence == "repeat":
            text = "the first response was lost, so it may be new or old"
            notice(f"user `{name}` exists; {text}", tone="unknown")
        else:
            text = "the response does not say whether it is new"
            notice(f"user `{name}` exists; {text}", tone="unknown")
        _warn_of_differences(runtime, user, body)
    return user_record(runtime, {**user.raw, "created": applied.created})


def _read_again(runtime: Runtime, user: User, external_id: str) -> User:
    """Complete the record by a read, if that is possible."""
    try:
        now = get_user(runtime.client, user.customer_id)
    except Stopped as stop:
        text = f"{stop.message}: user `{user.name}` exists, but its record was not read"
        raise stop.but(text) from None
    except ParsecError as fault:
        runtime.screen.notice(f"the user's record could not be read: {fault.message}")
        return user
    if now.raw.get("external_id", external_id) != external_id:
        raise OutcomeUnknown(
            f"outcome unknown; the response contains the customer_id of user `{now.name}`",
            hint="see whether the new user exists with",
            command=run("users", "get", names=[f"ext:{external_id}"]),
        )
    return User({**user.raw, **now.raw})


def _warn_of_differences(runtime: Runtime, user: User, body: JsonObject) -> None:
    """Warn how an existing user differs from the request."""
    warn, asked = runtime.screen.warning, body.get("qps_limit")
    if asked is not None and user.qps_limit != asked:
        if "qps_limit" in user.raw:
            text = f"qps_limit is {user.limit_text}, not {asked:,}; change it with"
            name = customer_argument(user.customer_id)
            warn(text, run("users", "set-qps", names=[name, str(asked)]))
        else:
            warn(f"qps_limit {asked:,} could not be verified")
    if "email" in body:
        warn("the email could not be verified: the API does not return it")
    if "eoa_address" in body:
        has_address = str((user.wallet or {}).get("eoa_address") or "")
        if has_address.lower() != body["eoa_address"].lower():
            warn(f"the eoa_address is {has_address or 'not set'}, not as requested")
