"""The columns of each noun, declared once for tables, csv, `--fields`, help and completion.

Paths are the API's own names. A narrow terminal drops the highest ranks first.
"""

from __future__ import annotations

from parsec_cli.records import changed
from parsec_cli.results import Column

USER = (
    Column("external_id", "EXTERNAL ID", "id", rank=0),
    Column("customer_id", "CUSTOMER ID", "id", rank=0),
    Column("qps_limit", "QPS", "number", rank=1),
    Column("tier", "TIER", rank=3),
    Column("linked_exchanges", "EXCHANGES", "list", rank=4),
    Column("wallet.wallet_type", "WALLET", rank=2),
    Column("created_at", "CREATED", "date", rank=6),
    Column("wallet.eoa_address", "EOA ADDRESS", "id", rank=9, shown=False),
    Column("wallet.safe_address", "SAFE ADDRESS", "id", rank=9, shown=False),
    Column("wallet.chain_id", "CHAIN", "id", rank=9, shown=False),
    Column("fee_escrow_enabled", "FEE ESCROW", "yesno", rank=9, shown=False),
    Column("fee_bps", "FEE BPS", "number", rank=9, shown=False),
    Column("affiliate_address", "AFFILIATE", "id", rank=9, shown=False),
    Column("api_key", "API KEY", "secret", rank=8, shown=False),
)

CREATED = (*USER, Column("created", "NEW", "yesno"), Column("status", "STATUS"))

POOL = (
    Column("qps_pool", "POOL", "number", rank=1),
    Column("total_allocated_qps", "ALLOCATED", "number", rank=1),
    Column("free", "FREE", "number", rank=1),
    Column("used_percent", "USED", "percent", rank=1),
    Column("end_user_count", "USERS", "number", rank=1),
)

ESCROW = (
    Column("fee_escrow_enabled", "FEE ESCROW", "yesno"),
    Column("fee_bps", "FEE BPS", "number"),
    Column("min_fee_usdc", "MIN FEE", "text"),
    Column("min_fee_bps", "MIN FEE BPS", "number"),
    Column("escrow_contract_address", "ESCROW CONTRACT", "id"),
    Column("treasury_address", "TREASURY", "id"),
    Column("affiliate_address", "AFFILIATE", "id"),
    Column("affiliate_fee_bps", "AFFILIATE FEE BPS", "number"),
)

USAGE = (
    Column("tier", "TIER"),
    Column("usage.monthly_requests", "USED", "number"),
    Column("limits.monthly_requests", "MONTHLY LIMIT", "number"),
    Column("limits.rest_qps", "QPS", "number"),
    Column("limits.rest_qps_burst", "BURST", "number"),
    Column("billing_period_start", "PERIOD START", "time"),
    Column("billing_period_end", "PERIOD END", "time"),
)

CHECK = (
    Column("name", "CHECK", rank=0),
    Column("status", "STATUS", "outcome", rank=0),
    Column("detail", "DETAIL", "prose", rank=0),
)

SETTINGS = (
    Column("profile", "PROFILE", rank=0),
    Column("values.base_url.value", "BASE URL", rank=1),
    Column("values.api_key.value", "API KEY", "secret", rank=1),
    Column("values.output.value", "OUTPUT", rank=2),
    Column("values.rate.value", "RATE", rank=2),
    Column("values.protected.value", "PROTECTED", "yesno", rank=3),
)

SETTING = (
    Column("setting", "SETTING", rank=0),
    Column("value", "VALUE", rank=0),
    Column("source", "FROM", rank=1),
)

PROFILE = (
    Column("name", "PROFILE", rank=0),
    Column("base_url", "BASE URL", rank=1),
    Column("key", "KEY", rank=1),
    Column("protected", "PROTECTED", "yesno", rank=2),
    Column("default", "DEFAULT", "yesno", rank=1),
)

HISTORY = (
    Column("time", "TIME", rank=1),
    Column("target.external_id", "USER", "id", rank=0),
    Column("command", "COMMAND", rank=2),
    Column("change", "CHANGE", "words", rank=1),
    Column("outcome", "OUTCOME", "outcome", rank=0),
    Column("reason", "REASON", rank=3),
    Column("id", "ID", "id", rank=4),
    Column("profile", "PROFILE", rank=4, shown=False),
    Column("host", "HOST", rank=5, shown=False),
    Column("run", "RUN", "id", rank=5, shown=False),
    Column("target.customer_id", "CUSTOMER ID", "id", rank=0, shown=False),
    Column("key", "KEY", "id", rank=9, shown=False),
    Column("http_status", "STATUS", "number", rank=9, shown=False),
    Column("attempts", "ATTEMPTS", "number", rank=9, shown=False),
)

RUN = (
    Column("id", "RUN", "id", rank=0),
    Column("time", "TIME", "time", rank=3),
    Column("command", "COMMAND", rank=2),
    Column("file", "FILE", rank=4),
    Column("state", "STATE", "outcome", rank=0),
    Column("counts", "ROWS", rank=1),
    Column("profile", "PROFILE", rank=5),
)

# what bulk runs and plans show of a row
_ROW = Column("row", "ROW", "number", rank=2)
_ACTION = Column("action", "ACTION", "outcome", rank=0)
_OUTCOME = Column("outcome", "OUTCOME", "outcome", rank=0)
_STATUS = Column("http_status", "HTTP", "number", rank=3)
_ATTEMPTS = Column("attempts", "ATTEMPTS", "number", rank=5)
_ERROR = Column("error", "ERROR", rank=1)
_HOLDS = Column("holdings", "HOLDS", "holdings", rank=0)
_HELD = Column("holdings", "HELD", "holdings", rank=9, shown=False)
_IDS = (USER[0], changed(USER[1], rank=4))

NEW_LIMIT = (
    *_IDS,
    Column("before.qps_limit", "QPS BEFORE", "number", rank=1),
    Column("after.qps_limit", "QPS AFTER", "number", rank=1),
)
ACTION = (_ROW, _ACTION, *NEW_LIMIT, _HOLDS)
RESULT = (_ROW, changed(_ACTION, rank=1), *_IDS, _OUTCOME, _STATUS, _ATTEMPTS, _ERROR, _HELD)
# files that `users plan` and `users deactivate --from-file` read
LEAVERS = (Column("external_id", "EXTERNAL ID", "id"), Column("customer_id", "CUSTOMER ID", "id"))
ROSTER = (
    *LEAVERS,
    Column("qps_limit", "QPS", "number"),
    Column("email", "EMAIL"),
    Column("eoa_address", "EOA ADDRESS", "id"),
    Column("state", "STATE"),
)
UNDO = ROSTER[:4]
# all fields of a run's rows
RUN_ROW = (*RESULT, *NEW_LIMIT[2:])
LIMITED = (*NEW_LIMIT, _OUTCOME, _ERROR, *(changed(c, shown=False) for c in (_STATUS, _ATTEMPTS)))
FINDING = (
    Column("rule", "RULE", "outcome", rank=0),
    USER[0],
    changed(USER[1], rank=3),
    Column("detail", "DETAIL", "words", rank=1),
)
# the rows of a run, as people see them
CHANGED = (*_IDS, Column("change", "CHANGE", "words", rank=0), _OUTCOME)
DEACTIVATED = (*USER[:2], _OUTCOME, _ERROR, changed(_HELD, rank=1))
CHANGE = (
    Column("change", "CHANGE", rank=0),
    USER[0],
    changed(USER[1], rank=3),
    Column("field", "FIELD", rank=1),
    Column("old", "OLD", rank=1),
    Column("new", "NEW", rank=1),
)
# for people, who see both values in one cell
CHANGE_SHOWN = (
    *CHANGE[:4],
    Column("value", "OLD → NEW", "words", rank=1),
    *(changed(column, shown=False) for column in CHANGE[4:]),
)

ONBOARDED = (
    Column("customer_id", "CUSTOMER ID", "id"),
    Column("exchange", "EXCHANGE"),
    Column("mode", "MODE"),
    Column("status", "STATUS"),
    Column("linked_exchanges", "EXCHANGES", "list"),
    Column("steps_completed", "STEPS", "list"),
    Column("eoa_address", "EOA ADDRESS", "id", shown=False),
    Column("safe_address", "SAFE ADDRESS", "id", shown=False),
    Column("wallet.wallet_type", "WALLET", shown=False),
)

EXCHANGES_CHECKED = (
    Column("exchange", "EXCHANGE", rank=0),
    Column("has_credentials", "CREDENTIALS", "yesno", rank=1),
    Column("authenticated", "AUTHENTICATED", "yesno", rank=1),
    Column("message", "MESSAGE", rank=2),
)
CREDENTIALS_CHECKED = (
    Column("ok", "OK", "yesno"),
    Column("exchange", "EXCHANGE"),
    Column("http_status", "HTTP", "number"),
)

POOL_CHECKED = (Column("status", "STATUS", "outcome"), *POOL[:4])
USAGE_CHECKED = (
    Column("status", "STATUS", "outcome"),
    Column("used", "USED", "number"),
    Column("limit", "LIMIT", "number"),
    Column("left", "LEFT", "number"),
    Column("used_percent", "USED", "percent"),
    Column("resets_at", "RESETS", "time"),
)

SHARE_ROSTER = USER[:3]
SHARE = (
    *USER[:2],
    Column("before", "QPS BEFORE", "number", rank=1),
    Column("after", "QPS AFTER", "number", rank=1),
)
# for people: before and after in one column
SHARE_SHOWN = (USER[0], changed(USER[1], rank=4), Column("limits", "QPS", "words", rank=0))

# what `--fields` can name, by the words after `parsec`; the longest match counts
_OF_COMMAND = {
    "users": USER,
    "users create": CREATED,
    "users set-qps": (*USER, *LIMITED[2:]),
    "users onboard": ONBOARDED,
    "users check": (*EXCHANGES_CHECKED, CREDENTIALS_CHECKED[0], CREDENTIALS_CHECKED[2]),
    "users deactivate": RUN_ROW,
    "users plan": ACTION,
    "users apply": RUN_ROW,
    "users audit": FINDING,
    "users diff": CHANGE,
    "pool": POOL,
    "pool check": POOL_CHECKED,
    "pool share": (*SHARE, USER[2]),
    "escrow": ESCROW,
    "usage": USAGE,
    "usage check": USAGE_CHECKED,
    "config profiles": PROFILE,
    "config show": SETTINGS,
    "history": HISTORY,
    "history revert": UNDO,
    "runs": RUN,
    "runs show": RUN_ROW,
    "doctor": CHECK,
}


def of_command(path: tuple[str, ...]) -> tuple[Column, ...]:
    """Return the columns of the records that a command shows; none if it shows no records."""
    return _OF_COMMAND.get(" ".join(path[:2])) or _OF_COMMAND.get(" ".join(path[:1]), ())
