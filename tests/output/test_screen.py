import json
import sys
import unicodedata

import pytest
from output.builders import BUILDER_KEY, OWN_COLOURS, Shown, Stream, listing, record, show, user

from parsec_cli.errors import OutcomeUnknown, ParsecError, QuotaUsedUp, UsageFault
from parsec_cli.next_command import run
from parsec_cli.results import Bar, Card, Column, Grid, Line, Record, Text

HIDDEN = {"Cc", "Cs", "Zl", "Zp"}
# all that may be hidden, and a sample of the million others; `visible` is tested with each
EVERY_KIND = "".join(
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(character) in HIDDEN | {"Cf"} or ord(character) % 97 == 0
)


def controls(text):
    plain = OWN_COLOURS.sub("", text)
    return {c for c in plain if c != "\n" and unicodedata.category(c) in HIDDEN}


def test_data_goes_to_stdout_and_messages_to_stderr():
    shown = Shown(format="json")
    shown.screen.notice("sandbox")
    shown.screen.warning("careful")
    shown.screen.show(record({"a": 1}))
    assert shown.json == {"a": 1}
    assert shown.err == "sandbox\nwarning: careful\n"


def test_the_format_follows_the_terminal():
    assert show(record(user())).out.startswith("alice\t")
    assert show(record(user()), terminal=True).out.startswith("external id  alice\n")


def test_show_returns_the_exit_code_of_the_result():
    assert Shown().screen.show(record({}, exit_code=11)) == 11


@pytest.mark.parametrize("form", [None, "json", "csv", "ids"])
def test_text_is_printed_unchanged_in_every_format(form):
    assert show(Text("a\tb\n"), form).out == "a\tb\n"
    assert show(Text("/some/path"), form).out == "/some/path\n"


def test_escape_sequences_in_text_do_not_reach_a_terminal():
    assert show(Text("a\x1b[2J\tb\n"), terminal=True).out == "a\\u{1b}[2J\tb\n"


def test_an_error_is_shown_as_lines_to_people():
    shown = Shown()
    shown.screen.error(
        UsageFault("no `qps`", details=["row 2: x", "row\x1b3"], hint="see `--help`")
    )
    assert shown.err == "error: no `qps`\n  row 2: x\n  row\\u{1b}3\nhint: see `--help`\n"


def test_labels_are_coloured_on_a_terminal():
    shown = Shown(terminal=True, environ={"TERM": "xterm"})
    shown.screen.error(UsageFault("no", hint="yes"))
    shown.screen.warning("careful")
    assert shown.err == (
        "\x1b[1;31merror:\x1b[0m no\n\x1b[1;36mhint:\x1b[0m yes\n"
        "\x1b[1;33mwarning:\x1b[0m careful\n"
    )


def test_messages_break_between_words_on_a_terminal_only():
    text = "the user `user_001` was not found in profile staging"
    environ = {"COLUMNS": "30", "NO_COLOR": "1"}
    shown = Shown(terminal=True, environ=environ)
    shown.screen.notice(text)
    shown.screen.warning(text)
    shown.screen.error(UsageFault(text, details=[text], hint=text, command=run("users", "list")))
    assert max(map(len, shown.err.splitlines())) <= 30
    assert " ".join(shown.err.split()) == (
        f"{text} warning: {text} error: {text} {text} hint: {text} parsec users list"
    )
    assert "\n  the user `user_001` was not\n  found in" in shown.err
    piped = Shown(environ=environ)
    piped.screen.notice(text)
    assert piped.err == f"{text}\n"


def test_a_question_breaks_between_words_and_keeps_its_last_blank():
    shown = Shown(terminal=True, environ={"COLUMNS": "30", "NO_COLOR": "1"}, answers="2\n")
    assert shown.screen.ask("Type 2 to deactivate the 2 users above: ") == "2"
    assert shown.err == "Type 2 to deactivate the 2\nusers above: "


def test_a_proposed_command_is_never_broken():
    shown = Shown(terminal=True, environ={"COLUMNS": "20", "NO_COLOR": "1"})
    shown.screen.notice("see", run("users", "get", "x" * 40))
    assert shown.err == f"see\n  parsec users get {'x' * 40}\n"


def test_a_notice_may_have_a_tone_on_each_of_its_lines():
    shown = Shown(terminal=True, environ={"COLUMNS": "20", "TERM": "xterm"})
    shown.screen.notice("12 users · 1,055 QPS and more", tone="dim")
    assert shown.err == "\x1b[2m12 users · 1,055 QPS\x1b[0m\n\x1b[2mand more\x1b[0m\n"


def test_an_unknown_outcome_has_the_colour_of_what_is_unknown():
    shown = Shown(terminal=True, environ={"TERM": "xterm"})
    shown.screen.error(OutcomeUnknown("no final response"))
    assert shown.err == "\x1b[1;35merror:\x1b[0m no final response\n"


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_an_error_is_one_line_of_json_if_the_format_is_json(form):
    shown = Shown(format=form)
    hint, command = "see the reset time with", run("usage", "show")
    members = {"http_status": 429, "api_code": "monthly_limit_exceeded"}
    shown.screen.error(QuotaUsedUp("used\nup", hint=hint, command=command, **members))
    assert shown.err.count("\n") == 1
    assert json.loads(shown.err) == {
        "error": {
            "code": "monthly_limit_exceeded",
            "message": "used\nup",
            "http_status": 429,
            "retryable": False,
            "hint": "see the reset time with\nparsec usage show",
            "exit_code": 6,
        }
    }
    assert shown.out == ""


def test_json_contains_details_and_retry_after_if_there_are_any_and_null_without_a_hint():
    shown = Shown(format="json")
    shown.screen.error(ParsecError("slow", details=["a"], retry_after=86400.0, retryable=True))
    error = json.loads(shown.err)["error"]
    assert (error["details"], error["retry_after"]) == (["a"], 86400.0)
    assert (error["http_status"], error["hint"]) == (None, None)


def test_quiet_silences_notices_only():
    shown = Shown(quiet=True)
    shown.screen.notice("sandbox")
    shown.screen.warning("careful")
    shown.screen.error(ParsecError("bug"))
    assert shown.err == "warning: careful\nerror: bug\n"


def test_the_log_is_written_with_verbose_only():
    quiet, loud = Shown(), Shown(verbose=True)
    for shown in (quiet, loud):
        shown.screen.log("GET /x 200")
    assert (quiet.err, loud.err) == ("", "GET /x 200\n")


@pytest.mark.parametrize("form", [None, "json"])
def test_the_builder_key_is_masked_in_every_message(form):
    shown = Shown(format=form, verbose=True, answers="\n")
    screen = shown.screen
    text = f"key {BUILDER_KEY}"
    screen.notice(text)
    screen.warning(text)
    screen.log(text)
    screen.ask(text)
    screen.show_people([Line(text), Card((("note", text),), title=text)])
    screen.error(ParsecError(text, hint=text, details=[text]))
    screen.show(Text(text))
    assert BUILDER_KEY not in shown.err + shown.out
    assert shown.err.count("key pk_live_****Y_42") == 10


def test_text_that_looks_like_a_key_is_masked_in_messages():
    """A word to be typed stays as it is: masked, nobody could type it."""
    shown = Shown(verbose=True, answers="\n")
    screen, text = shown.screen, "key pk_live_STRANGER_0042"
    screen.notice(text)
    screen.warning(text)
    screen.log(text)
    screen.error(ParsecError(text, hint=text, details=[text]))
    assert "STRANGER" not in shown.err
    assert shown.err.count("key pk_live_****0042") == 6
    screen.ask(text)
    assert shown.err.endswith(text)


def test_an_error_code_that_looks_like_a_key_is_masked():
    shown = Shown(format="json")
    shown.screen.error(ParsecError("x", api_code="pk_live_STRANGER_0042"))
    assert json.loads(shown.err)["error"]["code"] == "pk_live_****0042"


def test_the_known_secrets_are_read_for_each_message():
    known = []
    shown = Shown(secrets=lambda: known)
    shown.screen.notice("a later-known-key")
    known.append("later-known-key")
    shown.screen.notice("a later-known-key")
    assert shown.err == "a later-known-key\na ****-key\n"


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl", "ids"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_no_character_of_data_controls_a_terminal(form, encoding):
    value = {"customer_id": EVERY_KIND, "external_id": EVERY_KIND}
    shown = show(listing([value]), form, terminal=True, encoding=encoding, secrets=list)
    assert controls(shown.out) <= ({"\t"} if form == "tsv" else set())


@pytest.mark.parametrize("form", ["table", "tsv", "json", "jsonl", "ids"])
def test_no_character_of_data_controls_the_reader_of_a_pipe(form):
    value = {"customer_id": EVERY_KIND, "external_id": EVERY_KIND}
    found = controls(show(listing([value]), form, secrets=list).out)
    assert found <= ({"\t"} if form == "tsv" else set())


def test_no_character_of_messages_and_questions_controls_the_terminal():
    shown = Shown(terminal=True, environ={"TERM": "xterm"}, verbose=True, secrets=list)
    screen, text = shown.screen, EVERY_KIND
    screen.notice(text)
    screen.warning(text)
    screen.log(text)
    screen.ask(text)
    screen.error(ParsecError(text, hint=text, details=[text]))
    columns = (Column("v", text),)
    blocks = [Line(text), Card(((text, text),), text), Bar(text, 1, 2)]
    screen.show_people([*blocks, Grid(columns, [{"v": text}], text)])
    assert controls(shown.err) == set()


def test_a_question_is_asked_on_stderr_and_one_line_is_read():
    shown = Shown(answers="alice\nmore\n")
    assert shown.screen.ask("type the external_id: ") == "alice"
    assert (shown.out, shown.err) == ("", "type the external_id: ")


@pytest.mark.parametrize("answers", ["", "half a li"])
def test_end_of_file_is_not_an_answer(answers):
    shown = Shown(answers=answers)
    assert shown.screen.ask("sure? ") is None
    assert shown.err == "sure? \n"


def test_an_answer_that_cannot_be_decoded_matches_nothing():
    stdin = Stream()
    stdin.buffer.write(b"\xff\xfe\n")
    stdin.buffer.seek(0)
    assert Shown(stdin=stdin).screen.ask("sure? ") == ""


def test_a_hidden_answer_is_read_like_a_shown_one():
    shown = Shown(answers="secret\n")
    assert shown.screen.ask("key: ", hidden=True) == "secret"
    assert shown.err == "key: "


def test_after_a_hidden_answer_a_terminal_gets_the_line_end():
    shown = Shown(answers="secret\n", terminal=True)
    assert shown.screen.ask("key: ", hidden=True) == "secret"
    assert shown.err == "key: \n"


def test_without_terminals_or_with_no_input_a_command_asks_nothing():
    assert Shown(terminal=True).screen.interactive
    assert not Shown(terminal=True, no_input=True).screen.interactive
    assert not Shown(terminal=True, stdin=Stream()).screen.interactive
    assert not Shown(terminal=True, stderr=None).screen.interactive
    assert not Shown(terminal=True, stdin=None).screen.interactive


def test_a_record_that_does_not_match_its_columns_is_shown():
    assert show(Record({"a": 1}, (Column("b.c", "c"),))).out == "\n"
