"""Base URLs, proxies, certificates and time limits as operators set them."""

from __future__ import annotations

import pytest
from support.actions import Action, html, json_response, redirect, reset
from support.builder import BUILDER_KEY, BuilderServer

POOL = "/api/v1/builder/pool"


def test_an_ipv6_literal_works(tool, key_env):
    server = BuilderServer(host="::1")
    try:
        completed = tool("pool", "show", env=key_env(server))
    finally:
        server.stop()
    assert completed.code == 0, completed
    assert server.log == [f"GET {POOL}"]
    assert server.requests[0].header("host") == f"[::1]:{server.port}"


def test_the_command_line_accepts_every_entry_in_no_proxy(parsec, builder, key_env):
    """Container tools inject bracketed and CIDR entries, and libraries read the environment."""
    value = "localhost,127.0.0.1,[::1]:80,fd07:b51a:cc66:f0::/64, *.example,http://[ ,,"
    env = {**key_env(builder), "NO_PROXY": value, "no_proxy": value}
    completed = parsec("pool", "show", env=env)
    assert completed.code == 0, completed
    assert builder.log == [f"GET {POOL}"]


@pytest.mark.parametrize(
    ("action", "tunnels", "said"),
    [
        (
            json_response(407, {"error": "no"}),
            1,
            "the proxy responded with 407: it requires another",
        ),
        (html(403), 1, "the proxy responded with 403;"),
        (redirect(302, "http://portal.invalid/"), 1, "the proxy responded with 302;"),
        (html(502), 4, "the proxy responded with 502;"),
        (reset(), 4, "connection reset"),
    ],
    ids=str,
)
def test_a_refusal_of_the_proxy_is_distinguished_from_the_api(
    tool, server, key_env, leaks, action, tunnels, said
):
    """A refused password is not repeated, as that may lock the account."""
    server.respond(action)
    proxy = server.url.replace("://", "://someone:PROXYSECRET@")
    env = {**key_env("https://api.parsec.invalid"), "HTTPS_PROXY": proxy}
    completed = tool("pool", "show", env=env)
    assert completed.code == 7, completed
    assert completed.err.startswith(
        f"error: api.parsec.invalid via the proxy in HTTPS_PROXY: {said}"
    )
    assert "hint: check HTTPS_PROXY, or add the host to NO_PROXY" in completed.err
    assert [request.method for request in server.requests] == ["CONNECT"] * tunnels
    assert BUILDER_KEY.encode() not in server.received
    assert leaks(completed, ["PROXYSECRET"]) == []


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://127.0.0.1:1", "connection refused"),
        ("http://proxy.parsec.invalid:3128", "the host name could not be resolved"),
    ],
)
def test_an_unreachable_proxy_is_distinguished_from_the_api(tool, key_env, proxy, said):
    """`connection refused` beside the API's name would be misleading."""
    env = {**key_env("https://api.parsec.invalid"), "ALL_PROXY": proxy}
    completed = tool("pool", "show", env=env)
    assert completed.code == 7, completed
    assert f"api.parsec.invalid via the proxy in ALL_PROXY: {said}" in completed.err
    assert "hint: check ALL_PROXY" in completed.err


@pytest.fixture
def tls_builder(private_ca, request):
    started = BuilderServer(tls=getattr(private_ca, request.param)())
    yield started
    started.stop()


@pytest.mark.parametrize("tls_builder", ["good"], indirect=True)
@pytest.mark.parametrize("setting", [None, ""])
def test_an_untrusted_certificate_is_named_and_not_retried(tool, tls_builder, key_env, setting):
    """The hint names the variable to set and no way to skip the check."""
    completed = tool("pool", "show", env={**key_env(tls_builder), "SSL_CERT_FILE": setting})
    assert completed.code == 7, completed
    assert "SSL_CERT_FILE" in completed.err
    assert "insecure" not in completed.err
    assert len(tls_builder.connections) == 1
    assert completed.waits == ()


@pytest.mark.parametrize("tls_builder", ["good"], indirect=True)
def test_a_private_ca_is_trusted_when_named(tool, tls_builder, private_ca, key_env):
    env = {**key_env(tls_builder), "SSL_CERT_FILE": str(private_ca.ca_file)}
    completed = tool("pool", "show", env=env)
    assert completed.code == 0, completed


@pytest.mark.parametrize(
    ("tls_builder", "hint"),
    [
        ("wrong_host", "for another host"),
        ("expired", "must renew the certificate"),
        ("too_early", "check the clock"),
    ],
    indirect=["tls_builder"],
)
def test_a_certificate_of_another_host_or_time_is_refused(
    tool, tls_builder, private_ca, key_env, hint
):
    """No byte of the key is sent, although the CA is trusted."""
    env = {**key_env(tls_builder), "SSL_CERT_FILE": str(private_ca.ca_file)}
    completed = tool("pool", "show", env=env)
    assert completed.code == 7, completed
    assert "certificate" in completed.err
    assert hint in completed.err
    assert "private CA" not in completed.err
    assert ".;" not in completed.err
    assert len(tls_builder.connections) == 1
    assert tls_builder.received == b""


def test_a_server_without_tls_is_not_reported_as_a_certificate_error(tool, server, key_env):
    """Another CA would not help with a server that speaks plain HTTP."""

    def respond_in_plain(peer, _request):
        peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return False

    server.script(Action("plain http", respond_in_plain, reads="nothing"))
    completed = tool("pool", "show", env=key_env(server.url.replace("http:", "https:")))
    assert completed.code == 7, completed
    assert "the server does not speak TLS; nothing was sent" in completed.err
    assert "hint: check the base URL" in completed.err
    assert "SSL_CERT_FILE" not in completed.err
    assert completed.waits == ()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "abc", "", "1e400"])
@pytest.mark.parametrize("option", ["--timeout", "--max-wait"])
def test_an_invalid_time_limit_is_a_usage_error(run, builder, option, value):
    """Nobody can request an unlimited wait by accident."""
    if (option, value) == ("--max-wait", "0"):
        value = "-0.5"
    completed = run("pool", "show", f"{option}={value}")
    assert completed.code == 2, completed
    assert builder.requests == []
