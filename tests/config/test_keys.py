"""Keys are trimmed and checked the same way from every source, and never quoted."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.config import key_command
from parsec_cli.config.settings import checked_key, fingerprint
from parsec_cli.errors import KeyFault, ParsecError, UsageFault
from parsec_cli.models import Secret

PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F))
SOURCE = "environment PARSEC_API_KEY"


def error_text(error: ParsecError) -> str:
    return " ".join((error.message, error.hint, *error.details, str(error), repr(error)))


@pytest.mark.parametrize("edge", ["", "\n", "\r\n", " ", "\t", "\u00a0", " \n "])
def test_blanks_at_the_edges_are_trimmed(edge):
    """A pasted newline costs nothing."""
    assert checked_key(f"{edge}pk_live_x{edge}", SOURCE).reveal() == "pk_live_x"
    assert checked_key(f"\ufeff{edge}pk_live_x{edge}", SOURCE).reveal() == "pk_live_x"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("pk_live_C\nX-Builder-Customer-Id: evil", "U+000A (line feed) at character 10"),
        ("pk_live_C C", "U+0020 (space) at character 10"),
        ("pk_live_C\x00C", "U+0000 at character 10"),
        ("pk_live_C\x7f", "U+007F at character 10"),
        ("\x1b[200~pk_live_C\x1b[201~", "U+001B (escape) at character 1"),
        ("pk_liv\u0435_C", "U+0435 (cyrillic small letter ie) at character 7"),
        ("pk_live_\u2026C", "U+2026 (horizontal ellipsis) at character 9"),
        ("pk_live_****c123", "U+002A (asterisk) at character 9"),
        ("${PARSEC_API_KEY}", "U+0024 (dollar sign) at character 1"),
        ("pk_live_C;", "U+003B (semicolon) at character 10"),
        ("pk_live_C\\n", "U+005C (reverse solidus) at character 10"),
        ("\u200bpk_live_C", "U+200B (zero width space) at character 1"),
        ("pk_\ufefflive_C", "U+FEFF (zero width no-break space) at character 4"),
        ("pk_live_\udcffC", "the byte 0xFF (not UTF-8) at character 9"),
        ("pk_live_\ud800C", "U+D800 at character 9"),
        ('"pk_live_C"', "U+0022 (quotation mark) at character 1"),
        ("'pk_live_C'", "U+0027 (apostrophe) at character 1"),
        ("`pk_live_C`", "U+0060 (grave accent) at character 1"),
        ("pk_live_C'", "U+0027 (apostrophe) at character 10"),
        ("\u201cpk_live_C\u201d", "U+201C (left double quotation mark) at character 1"),
        ("PARSEC_API_KEY=pk_live_C", "U+003D (equals sign) at character 15"),
        ("PARSEC_API_KEY=other-C", "U+003D (equals sign) at character 15"),
        ('PARSEC_API_KEY="pk_live_C"', "U+003D (equals sign) at character 15"),
        ("$env:PARSEC_API_KEY='pk_live_C'", "U+003D (equals sign) at character 20"),
        ("api_key:C", "U+003A (colon) at character 8"),
        ("Authorization:C", "U+003A (colon) at character 14"),
        ("<pk_live_C>", "U+003C (less-than sign) at character 1"),
        ("pk_live_C,pk_live_C", "U+002C (comma) at character 10"),
    ],
)
def test_a_text_that_is_more_than_a_key_is_refused_without_quoting_it(text, place):
    with pytest.raises(UsageFault) as caught:
        checked_key(text, SOURCE)
    assert caught.value.message.startswith(f"the key from {SOURCE} contains {place}")
    assert "pk_" not in error_text(caught.value)
    assert "other" not in error_text(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("https://api.parsecapi.com", "is a URL"),
        ("op://vault/CANARY/key", "is a URL"),
        *((word, "is a word for a missing value") for word in ("null", "None", "NULL", "xxxx")),
        *((word, "is a word for a missing value") for word in ("undefined", "nan", "xxx\n")),
        ("-p", "begins with `-`, as an option does"),
        ("--CANARY", "begins with `-`, as an option does"),
    ],
)
def test_one_word_that_cannot_be_a_key_is_refused_without_quoting_it(text, what):
    with pytest.raises(UsageFault) as caught:
        checked_key(text, SOURCE)
    assert caught.value.message == f"the key from {SOURCE} {what}"
    assert "CANARY" not in error_text(caught.value)


@pytest.mark.parametrize("text", ["sk_none", "nullable", "a-key", "xx", "0", "pk_live_xxx"])
def test_any_other_word_may_be_a_key(text):
    assert checked_key(text, SOURCE).reveal() == text


@given(st.text())
def test_any_text_becomes_a_header_safe_key_or_is_refused(text):
    key = text.removeprefix("\ufeff").strip()
    try:
        assert checked_key(text, "stdin").reveal() == key
        assert set(key) <= set(PRINTABLE)
    except UsageFault as fault:
        assert fault.message.startswith("the key from stdin ")  # noqa: PT017


@given(st.text(alphabet=set(PRINTABLE) - set("\"'`=:,;$*\\")), st.sampled_from(["", "=="]))
def test_printable_ascii_without_quotes_and_names_is_accepted_unchanged(text, padding):
    key = f"key_{text}{padding}"
    assert checked_key(key, "stdin").reveal() == key


def test_a_fingerprint_identifies_a_key_without_showing_it():
    one, other = fingerprint(Secret("pk_live_a")), fingerprint("pk_live_b")
    assert one == fingerprint("pk_live_a") != other
    assert one == hashlib.sha256(b"parsec-key:pk_live_a").hexdigest()[:12]


def run(command: str, timeout: float = 30) -> str:
    environ = {"PATH": "/usr/bin:/bin", "WHO": "a b"}
    output = key_command.output_of(command, "the command", environ, timeout)
    return checked_key(output, "the command").reveal()


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
def test_a_failing_command_is_a_key_error_without_its_output(command, message, capfd):
    with pytest.raises(KeyFault) as caught:
        run(command)
    assert (caught.value.message, caught.value.exit_code) == (message, 4)
    assert "CANARY" not in error_text(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("command", ["", "  ", "sh -c 'CANARY"])
def test_an_invalid_command_is_a_usage_error(command):
    with pytest.raises(UsageFault) as caught:
        run(command)
    assert "CANARY" not in error_text(caught.value)
    open_quote = "the command is not a command line: is a quote left open?"
    assert caught.value.message == (open_quote if "'" in command else "the command is empty")


@pytest.mark.parametrize(
    "command",
    ["~/key.sh", "$HOME/key.sh", "${HOME}/key.sh", "cat ~/key", "cat $HOME/key", "cat ~ann/key"],
)
def test_a_failed_command_with_a_path_that_only_a_shell_expands_says_so(command):
    with pytest.raises(KeyFault) as caught:
        run(command)
    assert caught.value.hint == "neither `~` nor variables are expanded: write the full path"


@pytest.mark.parametrize("command", ["sh -c 'echo $HOME; exit 3'", "no-such-program-CANARY"])
def test_another_failed_command_says_how_to_see_its_messages(command):
    with pytest.raises(KeyFault) as caught:
        run(command)
    assert caught.value.hint == "run the command by itself to see its messages"


def test_a_command_that_prints_more_than_a_key_is_refused_without_quoting_it():
    with pytest.raises(UsageFault) as caught:
        run("printf 'CANARY\\nlogin: ann'")
    assert "CANARY" not in error_text(caught.value)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_key_is_read_when_its_command_ends_even_if_a_child_keeps_stdout_open(tmp_path):
    """As an agent does if the first call starts it."""
    pid = tmp_path / "pid"
    assert run(f"sh -c 'sleep 600 & echo $! > {pid}; echo pk_live_x'", 60) == "pk_live_x"
    child = int(pid.read_text())
    assert exists(child), "the key was taken only after the child had ended"
    os.kill(child, signal.SIGKILL)


def test_a_command_that_closes_stdout_still_runs_to_its_end():
    code = "import os; os.write(1, b'pk_live_x'); os.close(1); os._exit(3)"
    with pytest.raises(KeyFault, match="failed with exit code 3"):
        run(f'{sys.executable} -c "{code}"')


@pytest.mark.parametrize(
    ("command", "timeout", "message"),
    [
        ("sleep 600", 0.05, "the command took longer than 0.05 s"),
        ("sh -c 'exec >&-; exec sleep 600'", 0.05, "the command took longer than 0.05 s"),
    ],
)
def test_a_command_that_does_not_end_is_stopped(command, timeout, message):
    with pytest.raises(KeyFault) as caught:
        run(command, timeout)
    assert caught.value.message == message


@pytest.mark.parametrize("command", ["yes", "sh -c 'yes CANARY'", "sh -c 'yes CANARY; exit 3'"])
def test_a_command_that_prints_too_much_is_stopped_before_the_timeout(command):
    with pytest.raises(KeyFault) as caught:
        run(command)
    assert caught.value.message == "the command printed too much"
    assert "CANARY" not in error_text(caught.value)


def test_a_key_may_be_as_long_as_the_output_may_be():
    most = 1 << 16
    code = f"{sys.executable} -c \"import os; os.write(1, b'k' * {{}})\""
    assert len(run(code.format(most))) == most
    with pytest.raises(KeyFault, match="printed too much"):
        run(code.format(most + 1))


@pytest.mark.parametrize("trap", ["", 'trap "" TERM; '])
def test_an_interrupted_command_is_stopped(tmp_path, monkeypatch, trap):
    pid = tmp_path / "pid"

    def interrupt(*_arguments: object) -> None:
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    monkeypatch.setattr(key_command, "_TERMINATE_SECONDS", 0.05)
    with pytest.raises(KeyboardInterrupt):
        run(f"sh -c '{trap}echo $$ > {pid}; while :; do sleep 1; done'", 60)
    assert not exists(int(pid.read_text()))


# sends a signal at each call and return of `Popen`, one after the other
_AT_EACH_STEP = """
import os, signal, subprocess, sys
from parsec_cli.config import key_command
from parsec_cli.errors import Stopped
from parsec_cli.interrupts import Interrupts

def step(frame, event, argument):
    global left
    left -= 1
    if left < 0:
        sys.setprofile(None)
        os.kill(os.getpid(), (signal.SIGINT, signal.SIGTERM)[steps % 2])

start, steps = subprocess.Popen, 0
def started(*arguments, **options):
    sys.setprofile(step)
    try:
        return start(*arguments, **options)
    finally:
        sys.setprofile(None)

subprocess.Popen = started
while True:
    Interrupts().install()
    left = steps
    try:
        key_command.output_of("echo pk_live_x", "the command", {"PATH": os.defpath})
        break
    except Stopped:
        pass
    try:
        raise SystemExit(f"{os.waitpid(-1, os.WNOHANG)} is left after step {steps}")
    except ChildProcessError:
        steps += 1
print(steps > 20)
"""


def test_a_signal_during_the_start_of_a_command_leaves_no_program():
    argv = [sys.executable, "-c", _AT_EACH_STEP]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("True\n", "", 0)
