"""Keys are trimmed and checked the same way from every source, and never quoted."""

import hashlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.errors import KeyFault, ParsecError, UsageFault
from parsec_cli.local import keys
from parsec_cli.models import Secret

PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F))
SOURCE = "environment PARSEC_API_KEY"


def told(error: ParsecError) -> str:
    return " ".join((error.message, error.hint, *error.details, str(error), repr(error)))


@pytest.mark.parametrize("edge", ["", "\n", "\r\n", " ", "\t", "\u00a0", " \n "])
def test_blanks_at_the_edges_are_trimmed(edge):
    """A pasted newline costs nothing."""
    assert keys.checked(f"{edge}pk_live_x{edge}", SOURCE).reveal() == "pk_live_x"
    assert keys.checked(f"\ufeff{edge}pk_live_x{edge}", SOURCE).reveal() == "pk_live_x"


@pytest.mark.parametrize(
    "inner", ["\nX-Builder-Customer-Id: evil", " ", "\t", "\x00", "\x7f", "é", "\u200b", "\udcff"]
)
def test_what_no_header_can_carry_is_refused_without_quoting_it(inner):
    with pytest.raises(UsageFault) as caught:
        keys.checked(f"pk_live_CANARY{inner}CANARY", SOURCE)
    assert SOURCE in caught.value.message
    assert "CANARY" not in told(caught.value)


@given(st.text())
def test_any_text_becomes_a_header_safe_key_or_is_refused(text):
    key = text.removeprefix("\ufeff").strip()
    if key and set(key) <= set(PRINTABLE):
        assert keys.checked(text, "stdin").reveal() == key
    else:
        with pytest.raises(UsageFault, match="the key from stdin"):
            keys.checked(text, "stdin")


@given(st.text(alphabet=PRINTABLE, min_size=1))
def test_printable_ascii_passes_unchanged(text):
    assert keys.checked(text, "stdin").reveal() == text


def test_a_fingerprint_tells_keys_apart_and_shows_none():
    one, other = keys.fingerprint(Secret("pk_live_a")), keys.fingerprint("pk_live_b")
    assert one == keys.fingerprint("pk_live_a") != other
    assert one == hashlib.sha256(b"parsec-key:pk_live_a").hexdigest()[:12]


def run(command: str, timeout: float = 30) -> str:
    environ = {"PATH": "/usr/bin:/bin", "WHO": "a b"}
    return keys.from_command(command, "the command", environ, timeout).reveal()


def test_a_command_is_split_by_shell_rules_and_run_without_a_shell():
    assert run("printf '%s' 'pk_live_x;echo'") == "pk_live_x;echo"
    assert run("printf %s $HOME|cat") == "$HOME|cat"


def test_a_command_gets_the_environment_and_no_stdin():
    code = "import os, sys; print(len(os.environ['WHO']), sys.stdin.read(), sep='')"
    assert run(f'{sys.executable} -c "{code}"') == "3"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("sh -c 'echo CANARY; echo CANARY >&2; exit 3'", "the command failed with exit code 3"),
        ("sh -c 'kill -9 $$'", "the command was ended by signal 9"),
        ("no-such-program-CANARY", "the command cannot be started: no such file or directory"),
        ("true", "the command printed nothing"),
        ("sh -c 'echo'", "the command printed nothing"),
    ],
)
def test_a_failing_command_is_a_key_fault_without_its_output(command, message, capfd):
    with pytest.raises(KeyFault) as caught:
        run(command)
    assert (caught.value.message, caught.value.exit_code) == (message, 4)
    assert "CANARY" not in told(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("command", ["", "  ", "sh -c 'CANARY"])
def test_a_command_that_is_none_is_a_usage_fault(command):
    with pytest.raises(UsageFault) as caught:
        run(command)
    assert "CANARY" not in told(caught.value)


def test_a_command_that_prints_more_than_a_key_is_refused_without_quoting_it():
    with pytest.raises(UsageFault) as caught:
        run("printf 'CANARY\\nlogin: ann'")
    assert "CANARY" not in told(caught.value)
