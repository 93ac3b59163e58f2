"""The minimum in Python: http.client over one connection, each page parsed and written."""

import http.client
import json
import os
import sys
from urllib.parse import quote

host = os.environ["PARSEC_API_BASE_URL"].removeprefix("http://")
headers = {"X-API-Key": os.environ["PARSEC_API_KEY"]}
connection = http.client.HTTPConnection(host)
cursor = None
while True:
    path = "/api/v1/builder/users?limit=100"
    if cursor:
        path += "&cursor=" + quote(cursor, safe="")
    connection.request("GET", path, headers=headers)
    with connection.getresponse() as response:
        if response.status != http.client.OK:
            sys.exit(f"status {response.status}")
        page = json.loads(response.read())
    sys.stdout.write(json.dumps(page["users"]) + "\n")
    cursor = page.get("next_cursor")
    if not cursor:
        break
connection.close()
