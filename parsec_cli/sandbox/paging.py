"""Pages of users by key range: a cursor names the last external_id seen, and stays valid.

So users that come or go between two pages are neither repeated nor skipped, except for those
whose place was already passed. Clients must treat the cursor as opaque.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from parsec_cli.sandbox.responses import JSON, Answer, bad_request
from parsec_cli.sandbox.validation import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parsec_cli.sandbox.state import State

DEFAULT_LIMIT = 50
MAX_LIMIT = 100

_FIELD = "builder_external_id"


def list_page(state: State, query: Mapping[str, str]) -> Answer:
    """Answer the page that `limit` and `cursor` ask for; raises Refusal 400."""
    limit = whole_number(query.get("limit", str(DEFAULT_LIMIT)), "limit", 1, MAX_LIMIT)
    # one row more than asked for tells whether there is a next page
    rows = state.page(read_cursor(query.get("cursor", "")), limit + 1)
    page = rows[:limit]
    cursor = write_cursor(page[-1][0]) if len(rows) > limit else None
    users = ",".join(document for _, document in page)
    text = f'{{"users":[{users}],"next_cursor":{json.dumps(cursor)},"count":{len(page)}}}'
    return Answer(200, text.encode(), (JSON,))


def write_cursor(external_id: str) -> str:
    return base64.b64encode(json.dumps({_FIELD: external_id}).encode()).decode()


def read_cursor(cursor: str) -> str:
    """Return the external_id to go on after; an absent or empty cursor is the beginning."""
    if not cursor:
        return ""
    try:
        after = json.loads(base64.b64decode(cursor, validate=True))[_FIELD]
        after.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise bad_request("invalid cursor") from None
    return str(after)
