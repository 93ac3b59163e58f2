"""Base URLs, proxies, certificates and time limits as operators set them."""

from __future__ import annotations

import pytest
from support.actions import Action, html, json_answer, redirect, reset
from support.builder import BUILDER_KEY, BuilderServer
from support.server import ScriptedServer

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


@pytest.mark.parametrize(
    "url",
    ["localhost", "http://someone:PASSCANARY@127.0.0.1", "https://h/#PASSCANARY", "https://h\n.x"],
)
@pytest.mark.parametrize("option", [False, True], ids=["environment", "option"])
def test_a_wrong_base_url_gets_one_clear_line(tool, key_env, url, option):
    """Refused before connecting, without quoting what may be a password."""
    env = key_env(url)
    argv = ["pool", "show"]
    if option:
        argv += ["--base-url", env.pop("PARSEC_API_BASE_URL")]
    completed = tool(*argv, env=env)
    assert completed.code == 2, completed
    assert completed.err.count("error: ") == 1
    assert len(completed.err.splitlines()) <= 2
    assert "PASSCANARY" not in completed.err


@pytest.mark.parametrize(
    "value",
    ["localhost,127.0.0.1,::1,[::1]:80", "fd07:b51a:cc66:f0::/64, *.example", "http://[ ,,"],
)
def test_no_entry_in_no_proxy_breaks_the_real_command_line(parsec, builder, key_env, value):
    """Container tools inject bracketed and CIDR entries, and libraries read the environment."""
    env = {**key_env(builder), "NO_PROXY": value, "no_proxy": value}
    completed = parsec("pool", "show", env=env)
    assert completed.code == 0, completed
    assert builder.log == [f"GET {POOL}"]


@pytest.mark.parametrize("value", ["http://[", "socks5://127.0.0.1:1"])
def test_a_malformed_proxy_is_one_clean_error(parsec, key_env, value):
    env = {**key_env("https://api.parsec.invalid"), "HTTPS_PROXY": value}
    completed = parsec("pool", "show", env=env)
    assert completed.code in (2, 7), completed
    assert "Traceback" not in completed.err
    assert completed.err.count("error: ") == 1
    assert parsec("--help", env=env).code == 0


@pytest.mark.parametrize(
    ("action", "tunnels", "said"),
    [
        (json_answer(407, {"error": "no"}), 1, "the proxy responded with 407: it requires another"),
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

    def answer_in_plain(peer, _request):
        peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return False

    server.script(Action("plain http", answer_in_plain, reads="nothing"))
    completed = tool("pool", "show", env=key_env(server.url.replace("http:", "https:")))
    assert completed.code == 7, completed
    assert "the server does not speak TLS; nothing was sent" in completed.err
    assert "hint: check the base URL" in completed.err
    assert "SSL_CERT_FILE" not in completed.err
    assert completed.waits == ()


@pytest.mark.parametrize("content", [None, b"", b"no certificate\n", "directory"])
def test_a_useless_ca_file_is_named_with_its_variable(tool, key_env, work, content):
    path = work / "nowhere.pem"
    if content == "directory":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    env = {**key_env("https://127.0.0.1:1"), "SSL_CERT_FILE": str(path)}
    completed = tool("pool", "show", env=env)
    assert completed.code == 2, completed
    assert "SSL_CERT_FILE" in completed.err
    assert str(path) in completed.err


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "abc", "", "1e400"])
@pytest.mark.parametrize("option", ["--timeout", "--max-wait"])
def test_an_invalid_time_limit_is_a_usage_error(run, builder, option, value):
    """Nobody can request an unlimited wait by accident."""
    if (option, value) == ("--max-wait", "0"):
        value = "-0.5"
    completed = run("pool", "show", f"{option}={value}")
    assert completed.code == 2, completed
    assert builder.requests == []


def test_a_refused_connection_names_the_host_and_is_retried_within_bounds(tool, key_env):
    """Nothing was sent, so a repetition is safe."""
    server = ScriptedServer()
    server.stop()
    completed = tool("pool", "show", env=key_env(server))
    assert completed.code == 7, completed
    assert f"127.0.0.1:{server.port}" in completed.err
    assert 1 <= len(completed.waits) <= 3
