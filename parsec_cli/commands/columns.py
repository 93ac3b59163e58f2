"""The columns of each noun, declared once: tables, csv, `--fields`, help and completion read them.

Paths are the API's own names. Ranks say what a narrow terminal drops first.
"""

from __future__ import annotations

from parsec_cli.results import Column

USER = (
    Column("external_id", "EXTERNAL ID", "id", rank=0),
    Column("customer_id", "CUSTOMER ID", "id", rank=0),
    Column("qps_limit", "QPS", "number", rank=1),
    Column("tier", "TIER", rank=3),
    Column("linked_exchanges", "EXCHANGES", "list", rank=2),
    Column("wallet.wallet_type", "WALLET", rank=4),
    Column("created_at", "CREATED", "time", rank=6),
    Column("wallet.eoa_address", "EOA ADDRESS", "id", rank=9, shown=False),
    Column("wallet.safe_address", "SAFE ADDRESS", "id", rank=9, shown=False),
    Column("wallet.chain_id", "CHAIN", "number", rank=9, shown=False),
    Column("fee_escrow_enabled", "FEE ESCROW", "yesno", rank=9, shown=False),
    Column("fee_bps", "FEE BPS", "number", rank=9, shown=False),
    Column("affiliate_address", "AFFILIATE", "id", rank=9, shown=False),
    Column("api_key", "API KEY", "secret", rank=8, shown=False),
)

TOP_USER = (
    Column("external_id", "EXTERNAL ID", "id", rank=0),
    Column("customer_id", "CUSTOMER ID", "id", rank=0),
    Column("qps_limit", "QPS", "number", rank=1),
)

POOL = (
    Column("qps_pool", "POOL", "number", rank=1),
    Column("total_allocated_qps", "ALLOCATED", "number", rank=1),
    Column("free", "FREE", "number", rank=1),
    Column("used_percent", "USED %", "number", rank=1),
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
    Column("billing_period_start", "PERIOD START", "number"),
    Column("billing_period_end", "PERIOD END", "number"),
)

CHECK = (
    Column("name", "CHECK", rank=0),
    Column("status", "STATUS", rank=0),
    Column("detail", "DETAIL", rank=1),
)
