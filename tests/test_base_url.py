"""Base URLs as people write them: what is taken, what it becomes, what is refused and how."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.base_url import BaseUrl
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


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("api.parsecapi.com", "does not start with `https://`"),
        ("localhost:8080", "does not start with `https://`"),
        ("//api.parsecapi.com", "does not start with `https://`"),
        ("https:/api.parsecapi.com", "does not start with `https://`"),
        ("https:api.parsecapi.com", "does not start with `https://`"),
        ("ftp://api.parsecapi.com", "does not start with `https://`"),
        ("javascript://h", "does not start with `https://`"),
        ("https://api.parsecapi.com@evil.example", "user name or password"),
        ("https://ann:hunter2@api.parsecapi.com", "user name or password"),
        ("https://@h", "user name or password"),
        ("https://h?x=1", "query or fragment"),
        ("https://h/#", "query or fragment"),
        ("https://evil.example#api.parsecapi.com", "query or fragment"),
        ("https://api.parsecapi.com\\@evil.example", "backslash"),
        ("https:\\\\h", "backslash"),
        ("https://h/a b", "blank"),
        ("https://h\t.example", "blank"),
        ("https://h\n.example", "control"),
        ("https://h\x00", "control"),
        ("https://münchen.example", "non-ASCII"),
        ("https://api.parsecapi.com\u2044evil.example", "non-ASCII"),
        ("https://\uff41.example", "non-ASCII"),
        ("https://", "host and port"),
        ("https:///path", "host and port"),
        ("https://:8080", "host and port"),
        ("https://h:", "host and port"),
        ("https://h:0", "host and port"),
        ("https://h:65536", "host and port"),
        ("https://h:99999", "host and port"),
        ("https://h:+80", "host and port"),
        ("https://h:8_0", "host and port"),
        ("https://h:80:90", "host and port"),
        ("https://api.parsecapi.com.", "host and port"),
        ("https://a..b", "host and port"),
        ("https://.h", "host and port"),
        ("https://-h", "host and port"),
        ("https://h%2eexample", "host and port"),
        ("https://" + "a" * 64 + ".example", "host and port"),
        ("https://" + ".".join(["a" * 60] * 5), "host and port"),
        ("https://xn--a-.example", "host and port"),
        ("https://xn--abc", "host and port"),
        ("https://::1", "host and port"),
        ("https://[::1", "host and port"),
        ("https://[::1]evil.example", "host and port"),
        ("https://evil.example[::1]", "host and port"),
        ("https://[::g]", "host and port"),
        ("https://[v1.x]", "host and port"),
        ("https://[fe80::1%25eth0]", "host and port"),
        ("https://127.1", "host and port"),
        ("https://2130706433", "host and port"),
        ("https://0x7f.0.0.0x1", "host and port"),
        ("https://1.2.3.256", "host and port"),
        ("https://h/a//b", "empty, dotted or escaped"),
        ("https://h/a/../b", "empty, dotted or escaped"),
        ("https://h/.", "empty, dotted or escaped"),
        ("https://h/%2e%2e/x", "empty, dotted or escaped"),
        ("https://h/{x}", "empty, dotted or escaped"),
        ("https://h/api/v1/builder", "continues after `/api/v1`"),
        ("https://h/api/v1/api/v1", "continues after `/api/v1`"),
        ("http://api.parsecapi.com", "must be https"),
        ("http://localhost.evil.example", "must be https"),
        ("http://127.0.0.1.evil.example", "must be https"),
        ("http://notlocalhost", "must be https"),
        ("http://0.0.0.0", "must be https"),
        ("http://10.0.0.1", "must be https"),
        ("http://[::]", "must be https"),
        ("http://[::ffff:10.0.0.1]", "must be https"),
    ],
)
def test_an_unusual_url_is_refused_with_one_clear_line(text, why):
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


@pytest.mark.parametrize(
    "text",
    [
        "https://api.parsecapi.com",
        "HTTPS://API.PARSECAPI.COM:443/api/v1/",
        "https://api.parsecapi.com/gw",
    ],
)
def test_spellings_of_one_origin_compare_equal(text):
    assert BaseUrl.parse(text).origin == "https://api.parsecapi.com:443"


def test_two_spellings_of_an_address_are_one_origin():
    long = BaseUrl.parse("https://[2001:db8:0:0:0:0:0:1]:8443")
    assert long.origin == BaseUrl.parse("https://[2001:DB8::1]:8443").origin


@pytest.mark.parametrize(
    "other",
    [
        "http://localhost",
        "https://localhost:8443",
        "https://localhost.example",
        "https://127.0.0.1",
        "https://[::1]",
    ],
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


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("https://localhost", True),
        ("https://sandbox.localhost", True),
        ("https://127.9.9.9", True),
        ("https://[::1]", True),
        ("https://localhost.example", False),
        ("https://[::2]", False),
        ("https://128.0.0.1", False),
    ],
)
def test_loopback_is_known_by_name_or_address(text, loopback):
    assert BaseUrl.parse(text).is_loopback is loopback


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
    """What passes here and what is connected to later must not differ."""
    import httpx

    try:
        url = BaseUrl.parse("https://" + authority)
    except UsageFault:
        return
    seen = httpx.URL(url.root)
    assert (seen.raw_host.decode(), seen.port or 443) == (url.host, url.port)
