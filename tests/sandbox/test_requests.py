"""Keys, paths, methods and bodies, whatever the endpoint."""

from __future__ import annotations

import pytest

from parsec_cli.sandbox import app

EVERY_CALL = [
    (method, path.replace("{customer_id}", "some-id"))
    for path, methods in app.ROUTES.items()
    for method in methods
]
BUILDER_CALLS = [(method, path) for method, path in EVERY_CALL if path.startswith("/builder")]
PAGE = "/builder/users"


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (None, "missing X-API-Key header"),
        ("  ", "missing X-API-Key header"),
        (app.KEY.upper(), "invalid API key"),
    ],
)
def test_every_call_needs_a_valid_key(api, key, error):
    for method, path in EVERY_CALL:
        answer = api(method, path, key=key)
        assert answer.status_code == 401
        assert answer.json() == {"error": error, "code": "unauthorized", "retryable": False}


def test_a_bearer_token_is_not_a_key(api):
    headers = {"Authorization": f"Bearer {app.KEY}"}
    assert api("GET", PAGE, key=None, headers=headers).status_code == 401


@pytest.mark.parametrize(("method", "path"), BUILDER_CALLS)
def test_an_end_users_key_is_not_a_builders(api, method, path):
    answer = api(method, path, key=api.named("user_001")["api_key"])
    assert answer.status_code == 403
    assert answer.json()["error"] == "builder access required"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/builder",
        "/builder/",
        "/builder/users/",
        "/builder/users//",
        "/builder/users/a/b",
        "/builder/users/a%2Fb",
        "/builder//pool",
        "/builder/pool/",
        "/Builder/pool",
        "/builder/escrow",
        "/markets",
    ],
)
def test_unknown_paths_are_404(api, path):
    answer = api("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_paths_outside_the_api_are_404_even_without_a_key(api):
    answer = api("GET", "/../../builder/pool", key=None)
    assert answer.status_code == 404


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
def test_other_methods_are_405_and_told_which_are_allowed(api, method, path, allowed):
    answer = api(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


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
    answer = api("POST", PAGE, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_64_kib_is_refused(api, chunked):
    body = b'{"external_id": "' + b"x" * 65_536 + b'"}'
    answer = api("POST", PAGE, content=iter([body]) if chunked else body)
    assert answer.status_code == 413
    assert api.pool()["end_user_count"] == 12


def test_a_body_without_a_declared_length_is_read(api):
    answer = api("POST", PAGE, content=iter([b'{"external_id":', b' "u1"}']))
    assert answer.status_code == 201


def test_the_content_type_of_a_body_does_not_matter(api):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = api("POST", PAGE, content=b'{"external_id": "u1"}', headers=headers)
    assert answer.status_code == 201
