"""A small client of the sandbox that compares each response with the contract."""

from __future__ import annotations

import json as jsons

import httpx  # noqa: TID253  # tests need not start quickly
from sandbox.contract import breaches

from parsec_cli.sandbox import app

BASE = "http://sandbox.localhost/api/v1"


class Api:
    """Calls the application in process; `key=None` sends no key."""

    def __init__(self, application):
        self.application = application
        self._client = httpx.Client(transport=httpx.WSGITransport(app=application))

    def __call__(self, method, path, *, key=app.KEY, headers=None, contract=True, json=None, **how):
        if json is not None:
            how["content"] = jsons.dumps(json)
        keys = {} if key is None else {"X-API-Key": key}
        sent = self._client.request(method, BASE + path, headers={**keys, **(headers or {})}, **how)
        if contract:
            found = breaches(method, path, sent.status_code, sent.headers, sent.content)
            assert not found, f"{method} {path} -> {sent.status_code} {sent.text}: {found}"
        return sent

    def create(self, external_id="u1", **fields):
        response = self("POST", "/builder/users", json={"external_id": external_id, **fields})
        assert response.status_code in {200, 201}, response.text
        return response.json()

    def get(self, customer_id):
        return self._read(f"/builder/users/{customer_id}")

    def _read(self, path, **query):
        response = self("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def delete(self, customer_id):
        return self("DELETE", f"/builder/users/{customer_id}").status_code

    def onboard(self, customer_id, **fields):
        return self("POST", "/builder/onboard", json={"customer_id": customer_id, **fields})

    def page(self, **query):
        return self._read("/builder/users", **query)

    def all_users(self, limit=100):
        page = self.page(limit=limit)
        users = page["users"]
        while page["next_cursor"] is not None:
            page = self.page(limit=limit, cursor=page["next_cursor"])
            users += page["users"]
        return users

    def pool(self):
        return self._read("/builder/pool")

    def named(self, external_id):
        return next(user for user in self.all_users() if user["external_id"] == external_id)


def problems(response):
    """Return the lines of a 400 about fields."""
    assert response.status_code == 400, response.text
    return response.json()["validation_errors"]
