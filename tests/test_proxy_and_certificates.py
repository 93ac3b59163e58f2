"""Which proxy and which certificates the environment asks for, however it spells them."""

from __future__ import annotations

import os
import shutil
import ssl
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY

from parsec_cli.api.transport import connect
from parsec_cli.base_url import BaseUrl, ca_in_effect, proxy_of
from parsec_cli.errors import UsageFault
from parsec_cli.interrupts import Deadline

API = BaseUrl.parse("https://api.parsec.example")
PORTED = BaseUrl.parse("https://api.parsec.example:8443")
V4 = BaseUrl.parse("https://10.1.2.3")
V6 = BaseUrl.parse("https://[fd07:b51a:cc66:f0::5]:8443")
LOOP = BaseUrl.parse("http://[::1]:8080")
PROXY = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}


def direct(base: BaseUrl, no_proxy: str) -> bool:
    return proxy_of(base, {**PROXY, "NO_PROXY": no_proxy})[1] is None


NAMED = {
    API: [
        *("*", "api.parsec.example", "API.Parsec.Example", ".parsec.example", "parsec.example"),
        *("*.parsec.example", "parsec.example.", "a, b ,parsec.example", "a b parsec.example"),
        "parsec.example:443",
    ],
    PORTED: ["api.parsec.example:8443"],
    V4: ["10.1.2.3", "10.0.0.0/8", "10.1.2.3/8", "10.1.2.3:443"],
    V6: [
        *("fd07:b51a:cc66:f0::5", "[fd07:b51a:cc66:f0::5]", "[fd07:b51a:cc66:f0::5]:8443"),
        *("FD07:B51A:CC66:00F0::5", "fd07:b51a:cc66:f0::/64", "[fd07:b51a:cc66:f0::]/64"),
    ],
    LOOP: ["localhost,127.0.0.1,::1,[::1]", "[::1]:8080"],
}
OTHERS = {
    API: [
        *("", " , ,", "parsec.exampl", "xparsec.example", "i.parsec.example", ".", "example*"),
        *("api.parsec.example:8443", "api.parsec.example:", "api.parsec.example:²"),
        *("api.parsec.example:" + "4" * 5000, "https://api.parsec.example", "http://[", "a:b:c"),
    ],
    V4: ["10.2.0.0/16", "0.1.2.3", "10.1.2.3/99", "10.1.2.3:80"],
    V6: ["fd07:b51a:cc66:f1::/64", "[fd07:b51a:cc66:f0::5]:443", "::5"],
    LOOP: ["localhost", "[::1]:80"],
}


@pytest.mark.parametrize(("base", "entries"), NAMED.items())
def test_an_entry_that_names_the_host_bypasses_the_proxy(base, entries):
    assert [entry for entry in entries if not direct(base, entry)] == []


@pytest.mark.parametrize(("base", "entries"), OTHERS.items())
def test_an_entry_that_names_another_host_does_not(base, entries):
    assert [entry for entry in entries if direct(base, entry)] == []


@STEADY
@given(st.text(max_size=60) | st.text(alphabet="[]:.*/,0123456789abcdef ", max_size=60))
def test_random_no_proxy_lists_raise_nothing(text):
    for base in (API, V4, V6, LOOP):
        direct(base, text)


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        ({}, ("", None)),
        ({"HTTPS_PROXY": ""}, ("", None)),
        ({"HTTPS_PROXY": "  "}, ("", None)),
        ({"HTTPS_PROXY": "http://p:1"}, ("HTTPS_PROXY", "http://p:1")),
        ({"https_proxy": "p:1"}, ("https_proxy", "http://p:1")),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"}, ("https_proxy", "http://a:1")),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:1"}, ("HTTPS_PROXY", "http://b:1")),
        ({"HTTP_PROXY": "http://p:1"}, ("", None)),
        ({"ALL_PROXY": "http://p:1"}, ("ALL_PROXY", "http://p:1")),
        ({"all_proxy": "http://p:1", "HTTPS_PROXY": "http://q:1"}, ("HTTPS_PROXY", "http://q:1")),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, ("NO_PROXY", None)),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, ("NO_PROXY", None)),
    ],
)
def test_the_first_variable_that_is_set_decides(environ, chosen):
    assert proxy_of(API, environ) == chosen


def test_a_header_of_a_cgi_request_is_not_used_as_a_proxy():
    """`Proxy: evil` becomes HTTP_PROXY in a CGI script."""
    environ = {"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}
    assert proxy_of(LOOP, environ) == ("", None)
    assert proxy_of(LOOP, {**environ, "http_proxy": "http://[::1]:1"})[1] == "http://[::1]:1"


@pytest.mark.parametrize("base", [LOOP, BaseUrl.parse("http://localhost:1")])
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_only_a_proxy_on_this_machine_is_used_for_loopback(base, variable):
    """Another machine would read the key, and look for the API on itself."""
    for far in ("http://proxy.example:3128", "10.1.2.3:3128", "https://u:p@[fd07::1]:1"):
        assert proxy_of(base, {variable: far}) == ("", None)
    for near in ("http://127.0.0.1:3128", "http://u:p@localhost:1", "http://[::1]:3128"):
        assert proxy_of(base, {variable: near}) == (variable, near)


@pytest.mark.parametrize(
    "value",
    [
        *("http://PASSCANARY@[", "ftp://u:PASSCANARY@p", "socks5://u:PASSCANARY@127.0.0.1:1"),
        *("http://u:PASSCANARY@p:99999", "://PASSCANARY", "http://u:PASSCANARY@p:x"),
        "http://u:PASSCANARY@p\x01:1",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
def test_an_unusable_proxy_is_named_by_its_variable_and_never_quoted(variable, value):
    with pytest.raises(UsageFault) as caught:
        connect(API, Deadline(), {variable: value})
    assert variable in caught.value.message
    assert "PASSCANARY" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("value", ["http://[", "http://", "http://u:p@"])
def test_a_proxy_without_a_host_is_refused_for_loopback_too(value):
    with pytest.raises(UsageFault, match="the proxy in http_proxy cannot be used"):
        connect(LOOP, Deadline(), {"http_proxy": value})


@STEADY
@given(st.text(max_size=40).filter(lambda text: "\x00" not in text))
def test_every_other_proxy_setting_raises_a_usage_error(value):
    with suppress(UsageFault):
        connect(LOOP, Deadline(), {"http_proxy": value}).close()


@pytest.mark.parametrize("blank", [{}, {"SSL_CERT_FILE": ""}, {"SSL_CERT_DIR": " "}])
def test_unset_and_empty_trust_the_bundle(blank):
    connect(API, Deadline(), blank).close()
    assert "certifi" in ca_in_effect(blank)


def test_a_specified_file_or_folder_is_trusted(private_ca, tmp_path):
    shutil.copy(private_ca.ca_file, tmp_path / "ca.pem")
    for environ in ({"SSL_CERT_FILE": str(private_ca.ca_file)}, {"SSL_CERT_DIR": str(tmp_path)}):
        connect(API, Deadline(), environ).close()
        assert ca_in_effect(environ) == "=".join(*environ.items())


def test_certificates_may_be_in_several_folders(tmp_path):
    missing = str(tmp_path / "missing")
    connect(API, Deadline(), {"SSL_CERT_DIR": os.pathsep.join([missing, str(tmp_path)])}).close()
    with pytest.raises(UsageFault, match=r"SSL_CERT_DIR names .* no usable CA certificates"):
        connect(API, Deadline(), {"SSL_CERT_DIR": os.pathsep.join([missing, missing])})


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("made", ["nothing", "wrong kind", "junk"])
def test_a_path_without_certificates_is_a_usage_error(variable, made, tmp_path):
    path = tmp_path / "x"
    if made == "wrong kind" and variable == "SSL_CERT_FILE":
        path.mkdir()
    elif made == "wrong kind":
        path.write_bytes(b"")
    elif made == "junk" and variable == "SSL_CERT_FILE":
        path.write_bytes(b"no certificate\n")
    with pytest.raises(UsageFault) as caught:
        connect(API, Deadline(), {variable: str(path)})
    assert variable in caught.value.message
    assert str(path) in caught.value.message


def test_plain_http_on_loopback_needs_no_certificates():
    connect(LOOP, Deadline(), {"SSL_CERT_FILE": "/nowhere"}).close()


def test_session_keys_are_never_logged(tmp_path, monkeypatch):
    log = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    connect(API, Deadline(), {"SSLKEYLOGFILE": str(log)}).close()
    assert not log.exists()
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys.log")
    connect(API, Deadline(), {}).close()


def test_certificates_are_always_checked(private_ca):
    transport = connect(API, Deadline(), {"SSL_CERT_FILE": str(private_ca.ca_file)})
    context = transport._make()._ssl_context
    transport.close()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_tls_1_2_is_the_minimum_on_a_system_that_allows_less(monkeypatch):
    def lax_context(protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    system = SimpleNamespace(**{**vars(ssl), "SSLContext": lax_context})
    monkeypatch.setitem(sys.modules, "ssl", system)
    transport = connect(API, Deadline(), {})
    context = transport._make()._ssl_context
    transport.close()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
