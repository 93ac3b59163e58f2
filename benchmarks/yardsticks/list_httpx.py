"""A simple script with httpx: one client, each page parsed and written."""

import json
import os
import sys

import httpx  # noqa: TID253 - a program of its own

url = os.environ["PARSEC_API_BASE_URL"] + "/api/v1/builder/users"
headers = {"X-API-Key": os.environ["PARSEC_API_KEY"]}
with httpx.Client(headers=headers) as client:
    cursor = None
    while True:
        query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        response = client.get(url, params=query)
        response.raise_for_status()
        page = response.json()
        sys.stdout.write(json.dumps(page["users"]) + "\n")
        cursor = page.get("next_cursor")
        if not cursor:
            break
