"""Base URLs as people write them: which are accepted, their parsed form, and the errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.base_url import BaseUrl, is_loopback
from parsec_cli.errors import UsageFault


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("https://h", "https://h/api/v1"),
        ("https://h/", "https://h/api/v1"),
        ("https://h//", "https://h/api/v1"),
        ("https://h/api/v1", "https://h/api/v1"),
        ("https://h/api/v1/", "https://h/api/v1"),
        ("https://h/gw/parsec", "https://h/gw/parsec/api/v1"),
        ("https://h/gw/parsec/", "https://h/gw/parsec/api/v1"),
        ("https://h/gw/parsec/api/v1", "https://h/gw/parsec/api/v1"),
        ("https://h/my/api/v10", "https://h/my/api/v10/api/v1"),
        ("https://h:443/", "https://h/api/v1"),
        ("https://h:8443", "https://h:8443/api/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/api/v1"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/api/v1"),
        ("https://[2001:DB8::7]", "https://[2001:db8::7]/api/v1"),
        ("http://127.0.0.1:80", "http://127.0.0.1/api/v1"),
        ("http://localhost:8000/api/v1", "http://localhost:8000/api/v1"),
        ("HTTPS://API.ParsecAPI.com", "https://api.parsecapi.com/api/v1"),
        ("  https://h\n", "https://h/api/v1"),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example/api/v1"),
        ("https://api_1.example", "https://api_1.example/api/v1"),
    ],
)
def test_all_usual_spellings_give_the_same_root(text, root):
    """Slash, prefix, port and IPv6 never double or lose a part."""
    assert BaseUrl.parse(text).root == root


def urls(text: str) -> list[str]:
    return text.split()


REFUSED = {
    "is empty": ["", "   "],
    "does not start with `https://`": urls(
        "api.parsecapi.com localhost:8080 //api.parsecapi.com https:/api.parsecapi.com "
        "https:api.parsecapi.com ftp://api.parsecapi.com javascript://h"
    ),
    "user name or password": urls(
        "https://api.parsecapi.com@evil.example https://ann:hunter2@api.parsecapi.com https://@h"
    ),
    "query or fragment": urls("https://h?x=1 https://h/# https://evil.example#api.parsecapi.com"),
    "backslash": ["https://api.parsecapi.com\\@evil.example", "https:\\\\h"],
    "blank": ["https://h/a b", "https://h\t.example"],
    "control": ["https://h\n.example", "https://h\x00"],
    "non-ASCII": urls(
        "https://münchen.example https://api.parsecapi.com\u2044evil.example https://\uff41.example"
    ),
    "host and port": urls(
        "https:// https:///path https://:8080 https://h: https://h:0 https://h:65536 "
        "https://h:99999 https://h:+80 https://h:8_0 https://h:80:90 https://api.parsecapi.com. "
        "https://a..b https://.h https://-h https://h%2eexample https://xn--a-.example "
        "https://xn--abc https://::1 https://[::1 https://[::1]evil.example "
        "https://evil.example[::1] https://[::g] https://[v1.x] https://[fe80::1%25eth0] "
        "https://127.1 https://2130706433 https://0x7f.0.0.0x1 https://1.2.3.256 "
        f"https://{'a' * 64}.example https://{'.'.join(['a' * 60] * 5)}"
    ),
    "empty, dotted or escaped": urls(
        "https://h/a//b https://h/a/../b https://h/. https://h/%2e%2e/x https://h/{x}"
    ),
    "continues after `/api/v1`": ["https://h/api/v1/builder", "https://h/api/v1/api/v1"],
    "must be https": urls(
        "http://api.parsecapi.com http://localhost.evil.example http://127.0.0.1.evil.example "
        "http://notlocalhost http://0.0.0.0 http://10.0.0.1 http://[::] http://[::ffff:10.0.0.1]"
    ),
}


@pytest.mark.parametrize(
    ("why", "text"), [(why, text) for why, texts in REFUSED.items() for text in texts]
)
def test_an_unusual_url_is_refused_with_one_clear_line(why, text):
    with pytest.raises(UsageFault) as caught:
        BaseUrl.parse(text, "`PARSEC_API_BASE_URL`")
    assert why in caught.value.message
    assert caught.value.message.startswith("the `PARSEC_API_BASE_URL` ")
    assert caught.value.hint == "write it like https://api.parsecapi.com"


def test_an_error_quotes_nothing_of_the_text():
    with pytest.raises(UsageFault) as caught:
        BaseUrl.parse("https://ann:hunter2@h/path-canary?token=canary")
    assert "hunter2" not in caught.value.message
    assert "canary" not in caught.value.message


@pytest.mark.parametrize("rest", ["", ":443/api/v1/", "/gw"])
def test_spellings_of_one_origin_compare_equal(rest):
    assert BaseUrl.parse(f"HTTPS://H.example{rest}").origin == "https://h.example:443"


def test_two_spellings_of_an_address_are_one_origin():
    long = BaseUrl.parse("https://[2001:db8:0:0:0:0:0:1]:8443")
    assert long.origin == BaseUrl.parse("https://[2001:DB8::1]:8443").origin


@pytest.mark.parametrize(
    "other",
    urls("http://localhost https://localhost:8443 https://localhost.example https://127.0.0.1"),
)
def test_scheme_host_and_port_each_make_another_origin(other):
    assert BaseUrl.parse(other).origin != BaseUrl.parse("https://localhost").origin


@pytest.mark.parametrize(
    ("text", "display", "stored"),
    [
        ("https://h/gw/api/v1", "h", "https://h/gw"),
        ("https://h:8443/", "h:8443", "https://h:8443"),
        ("http://localhost:80", "http://localhost", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_people_see_the_host_and_the_file_stores_the_short_spelling(text, display, stored):
    url = BaseUrl.parse(text)
    assert (url.display, url.text) == (display, stored)


def test_loopback_is_known_by_name_or_address():
    def loopback(host: str) -> bool:
        return is_loopback(BaseUrl.parse(f"https://{host}").host)

    assert all(map(loopback, ("localhost", "sandbox.localhost", "127.9.9.9", "[::1]")))
    assert not any(map(loopback, ("localhost.example", "[::2]", "128.0.0.1")))


@given(st.text(alphabet="https:/[]@?#.%\\ \t-_aZ09é\x00:", max_size=40))
def test_any_text_is_accepted_or_refused_cleanly(text):
    try:
        url = BaseUrl.parse("https://" + text)
    except UsageFault:
        return
    assert BaseUrl.parse(url.text) == url
    assert BaseUrl.parse(url.root) == url
    assert url.root.count("//") == 1


@given(st.from_regex(r"[a-z0-9-]{1,8}(\.[a-z0-9-]{1,8}){0,2}(:[0-9]{1,5})?", fullmatch=True))
def test_the_http_library_reads_the_same_host_and_port(authority):
    """The host that is checked must be the host of the connection."""
    import httpx

    try:
        url = BaseUrl.parse("https://" + authority)
    except UsageFault:
        return
    seen = httpx.URL(url.root)
    assert (seen.raw_host.decode(), seen.port or 443) == (url.host, url.port)
