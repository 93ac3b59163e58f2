"""The loop that the official SDK asks for: its models, page by page, each page written."""

import sys

from parsec_api import ParsecAPI

with ParsecAPI() as client:  # key and base URL from the environment
    page = client.builder.users.list(limit=100)
    while True:
        for user in page.users:
            sys.stdout.write(user.to_json(indent=None) + "\n")
        if not page.next_cursor:
            break
        page = client.builder.users.list(limit=100, cursor=page.next_cursor)
