"""Keys, paths, methods and bodies at any endpoint."""

from __future__ import annotations

import pytest

from parsec_cli.sandbox import app

EVERY_CALL = [
    (method, path.replace("{customer_id}", "some-id"))
    for path, methods in app.ROUTES.items()
    for method in methods
]
PAGE = "/builder/users"


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "missing X-API-Key header"),
        ({"X-API-Key": "  "}, "missing X-API-Key header"),
        ({"X-API-Key": app.KEY.upper()}, "invalid API key"),
        ({"Authorization": f"Bearer {app.KEY}"}, "missing X-API-Key header"),
    ],
)
def test_every_call_needs_a_valid_key(api, headers, error):
    for method, path in EVERY_CALL:
        response = api(method, path, key=None, headers=headers)
        assert response.status_code == 401
        assert response.json() == {"error": error, "code": "unauthorized", "retryable": False}


def test_the_key_of_an_end_user_is_not_a_builder_key(api):
    key = api.named("user_001")["api_key"]
    for method, path in EVERY_CALL:
        if path.startswith("/builder"):
            response = api(method, path, key=key)
            assert (response.status_code, response.json()["error"]) == (
                403,
                "builder access required",
            )


UNKNOWN_PATHS = [
    "/", "/builder", "/builder/", "/builder/users/", "/builder/users//", "/builder/users/a/b",
    "/builder/users/a%2Fb", "/builder//pool", "/builder/pool/", "/Builder/pool", "/builder/escrow",
    "/markets",
]  # fmt: skip


def test_unknown_paths_are_404_and_those_outside_the_api_even_without_a_key(api):
    for path in UNKNOWN_PATHS:
        response = api("GET", path)
        assert (path, response.status_code, response.json()["code"]) == (path, 404, "not_found")
    assert api("GET", "/../../builder/pool", key=None).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", PAGE, "GET, POST"),
        ("DELETE", PAGE, "GET, POST"),
        ("POST", "/builder/users/some-id", "DELETE, GET, PATCH"),
        ("GET", "/builder/onboard", "POST"),
        ("OPTIONS", "/usage", "GET"),
        ("BREW", "/usage", "GET"),
    ],
)
def test_other_methods_are_405_and_name_those_that_are_allowed(api, method, path, allowed):
    response = api(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"external_id=u1",
        b'{"external_id": "u1"} trailing',
        b'{"external_id": NaN}',
        b'{"external_id": "u1", "qps_limit": ' + b"9" * 5000 + b"}",
        b'{"external_id": "\xff\xfe"}',
        b"[" * 60_000,
        b"null",
        b"[]",
        b'"u1"',
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_a_body_that_is_not_one_json_object_is_refused(api, body):
    response = api("POST", PAGE, content=body)
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_64_kib_is_refused(api, chunked):
    body = b'{"external_id": "' + b"x" * 65_536 + b'"}'
    response = api("POST", PAGE, content=iter([body]) if chunked else body)
    assert response.status_code == 413
    assert api.pool()["end_user_count"] == 12


def test_a_body_needs_neither_a_length_nor_a_content_type(api):
    chunks = iter([b'{"external_id":', b' "u1"}'])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert api("POST", PAGE, content=chunks, headers=headers).status_code == 201
