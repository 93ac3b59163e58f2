"""Help has examples that parse, is complete at every width, and is bold only with colour."""

from __future__ import annotations

import io
import re
import shlex
from itertools import pairwise

import pytest

from parsec_cli.cli import tree
from parsec_cli.cli.help_pages import page_of
from parsec_cli.cli.topics import TOPICS
from parsec_cli.errors import UsageFault
from parsec_cli.main import main
from parsec_cli.runtime import Runtime, World

PAGES = list(page_of(tree.parser(), ("parsec",)).walk())
NAMES = [page.name for page in PAGES]
WIDTHS = (40, 80, 200)
ROW = re.compile(r" +\S.*?  +\S")
SEE_OPTIONS = 'Use "parsec help options" for the options that every command takes'
WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\S)+""")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def help_on_terminal(argv, **environ):
    out = Terminal()
    streams = {"stdin": Terminal(), "stdout": out, "stderr": Terminal()}
    code = main(argv, environ={"TERM": "xterm-256color", **environ}, **streams)
    assert code == 0
    return out.getvalue()


def calls_in(line):
    """The argument lists of every `parsec` in a line of shell."""
    for inner in re.findall(r"\$\((.*?)\)", line):
        yield from calls_in(inner)
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    call: list[str] = []
    for word in [*lexer, ";"]:
        if not set(word) <= set("|&;<>"):
            call.append(word)
            continue
        if call[:1] == ["parsec"]:
            yield call[1:]
        call = []


def parse(argv):
    """Run the parser only."""
    runtime = Runtime(World(environ={}, stdin=None, stdout=None, stderr=None))
    command, name, parent = tree.parser(), "parsec", None
    while True:
        context = command.make_context(name, list(argv), parent=parent, obj=runtime)
        if not hasattr(command, "resolve_command"):
            return context.command_path
        argv = context._protected_args + context.args
        assert argv, "a group is not an example"
        parent, (name, command, argv) = context, command.resolve_command(context, argv)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_help_of_every_command_is_complete_at_every_width(page, width, tool):
    shown = tool(*page.path[1:], "--help", env={"COLUMNS": str(width)})
    assert (shown.code, shown.err) == (0, "")
    for line in shown.out.splitlines():
        # a word, such as a quoted filter of jq, may be wider than all; it is never broken
        assert len(line) <= width or max(map(len, WORD.findall(line))) > width - 8, line
    text = " ".join(shown.out.split())
    # the page of the whole tool lists no options
    for option in page.own_options if page.path[1:] else ():
        assert " ".join(option.spelling.split()) in text
        assert all(note in text for note in option.notes)
    assert page.summary in text
    assert text.endswith(SEE_OPTIONS)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_has_two_examples_that_parse(page):
    assert len(page.examples) >= 2
    for line in page.examples:
        calls = list(calls_in(line))
        assert calls, f"no parsec in {line}"
        for argv in calls:
            try:
                parse(argv)
            except UsageFault as fault:
                pytest.fail(f"{line}: {fault}")


@pytest.mark.parametrize("page", [p for p in PAGES if not p.pages], ids=lambda page: page.name)
def test_examples_of_a_command_run_that_command(page):
    assert all(
        any(parse(argv) == page.name for argv in calls_in(line)) for line in page.examples
    ), page.examples


def test_the_example_parser_reports_an_example_that_does_not_parse():
    with pytest.raises(UsageFault):
        parse(["users", "onboard", "user_001"])
    assert list(calls_in('rm "$(parsec sandbox path)"')) == [["sandbox", "path"]]
    assert list(calls_in("parsec a -n && parsec b | jq '.x | y' > f")) == [["a", "-n"], ["b"]]


@pytest.mark.parametrize("asked", [["--help", "--help"], ["-hh"], ["-qh", "-h"], "help"])
@pytest.mark.parametrize("page", PAGES[::9], ids=NAMES[::9])
def test_help_that_is_asked_for_twice_includes_the_common_options(page, asked, tool):
    words = ["help", *page.path[1:], "--all"] if asked == "help" else [*page.path[1:], *asked]
    shown = tool(*words)
    assert (shown.code, shown.err) == (0, "")
    text = " ".join(shown.out.split())
    assert all(" ".join(option.spelling.split()) in text for option in page.options)
    assert "\nCommon options:\n" in shown.out
    assert SEE_OPTIONS not in text


def test_the_page_of_options_has_every_option_that_all_commands_take(tool):
    shown = " ".join(tool("help", "options").out.split())
    for option in (*PAGES[0].options, *PAGES[0].common_options):
        assert " ".join(option.spelling.split()) in shown
        assert option.explained in shown


@pytest.mark.parametrize("page", [p for p in PAGES[1:] if p.pages], ids=lambda p: p.name)
def test_summaries_in_a_list_of_commands_take_one_line_in_80_columns(page, tool):
    lines = tool(*page.path[1:], "--help", env={"COLUMNS": "80"}).out.splitlines()
    listed = lines[lines.index("Commands:") + 1 :][: len(page.pages)]
    assert [line.split(maxsplit=1) for line in listed] == [
        [below.path[-1], below.summary] for below in page.pages
    ]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_summary_is_a_sentence(page):
    assert re.fullmatch(r"[A-Z][^\n]*[^.]\.", page.summary), page.summary


def test_common_options_come_last(tool):
    shown = tool("users", "list", "-hh").out
    headings = re.findall(r"(?m)^([A-Z][a-z ]+):", shown)
    assert headings == ["Usage", "Examples", "Options", "Fields", "Common options"]
    own, common = shown.split("\nCommon options:\n")
    assert "--wallet eoa|safe|none" in own
    assert "--profile" in common
    assert "--wallet" not in common


def test_help_lists_the_fields_of_the_records(tool):
    fields = "  qps_pool, total_allocated_qps, free, used_percent, end_user_count"
    shown = tool("pool", "show", "--help").out
    assert shown.endswith(f"\nFields:\n{fields}\n\n{SEE_OPTIONS}\n")
    assert "\nFields:\n  row, action, external_id" in tool("users", "apply", "--help").out


@pytest.mark.parametrize("command", ["sandbox path", "config set", "completion", "api", "users"])
def test_help_of_a_command_without_records_lists_no_fields(command, tool):
    assert "Fields:" not in tool(*command.split(), "--help").out


def test_usage_shows_required_options(tool):
    shown = tool("credentials", "encode", "--help").out
    assert shown.startswith(
        "Usage: parsec credentials encode --exchange polymarket|kalshi [OPTIONS] FILE|-\n"
    )


def test_a_folded_example_can_be_pasted(tool):
    shown = tool("users", "onboard", "--help", env={"COLUMNS": "40"}).out
    assert (
        "  parsec users onboard user_001 \\\n    --exchange polymarket --mode managed\n"
    ) in shown


@pytest.mark.parametrize("argv", [[], ["help"], ["--help"], ["-h"]])
def test_the_whole_help_names_commands_in_order_and_topics(argv, tool):
    shown = tool(*argv).out
    listed = re.findall(r"(?m)^  ([a-z]+)  +[A-Z]", shown)
    assert [*listed, "help"] == [page.path[1] for page in PAGES if len(page.path) == 2]
    assert re.findall(r"(?m)^([A-Z][a-z ]+):$", shown) == ["Users", "Pool and account", "Setup"]
    assert f"\nTopics: {', '.join(TOPICS)} (parsec help TOPIC)\n" in shown
    assert len(shown.splitlines()) < 24


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_help_command_and_help_option_show_the_same(page, tool):
    words = page.path[1:]
    asked = tool("help", *words)
    assert asked.code == 0
    assert asked.out == tool(*words, "--help").out


def test_help_of_an_unknown_command_is_an_error(tool):
    for words in (["nope"], ["users", "nope"], ["pool", "show", "x"], ["safety", "x"]):
        completed = tool("help", *words)
        assert completed.code == 2, completed
        assert (completed.out, completed.err.count("error: ")) == ("", 1)


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        (["users", "list", "--limit"], "parsec users list"),
        (["users", "list", "--json=yes"], "parsec users list"),
        (["users", "--profile"], "parsec users"),
        (["--profile"], "parsec"),
    ],
)
def test_an_option_without_its_value_points_to_the_help_of_its_command(argv, path, tool):
    completed = tool(*argv)
    assert completed.code == 2
    assert f"hint: see the help with\n  {path} --help\n" in completed.err


def first_part(line, width):
    """Return the first word of a line, or its first code, which is broken only if it is long."""
    code = re.match(r"[^\s`]*(`[^`]*`)\S*", line.strip())
    return code[0] if code and len(code[1]) <= width // 3 else line.split()[0]


@pytest.mark.parametrize("width", [70, 80, 100])
def test_short_code_is_never_broken(width, tool):
    for topic in TOPICS:
        lines = tool("help", topic, env={"COLUMNS": str(width)}).out.splitlines()
        assert [line for line in lines if line.count("`") % 2] == []


@pytest.mark.parametrize("topic", [*TOPICS, "options"])
@pytest.mark.parametrize("width", range(40, 201, 7))
def test_topics_are_wrapped_once_and_to_the_width(topic, width, tool):
    lines = tool("help", topic, env={"COLUMNS": str(width)}).out.splitlines()
    assert max(map(len, lines)) <= width
    wrapped = 0
    for line, following in pairwise(lines):
        if line and following and not line.endswith(" \\"):
            indent, deeper = (len(one) - len(one.lstrip()) for one in (line, following))
            in_prose = indent == deeper == 0
            goes_on = not ROW.match(following) and (deeper == indent or ROW.match(line))
            in_column = deeper > 3 and goes_on
            if in_prose or in_column:
                assert len(f"{line} {first_part(following, min(width, 100))}") > min(width, 100)
                wrapped += 1
    assert wrapped or width > 60


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_shows_the_words_of_its_text_at_every_width(topic, tool):
    words = TOPICS[topic].split()
    for width in (40, 61, 80, 200):
        shown = tool("help", topic, env={"COLUMNS": str(width)}).out
        # a folded command line has a backslash at the end of a line
        assert re.sub(r" \\$", "", shown, flags=re.MULTILINE).split() == words


def test_headings_are_bold_on_a_colour_terminal():
    shown = help_on_terminal(["users", "--help"])
    assert shown.startswith("\x1b[1mUsage:\x1b[0m parsec users")
    assert "\n\x1b[1mCommands:\x1b[0m\n" in shown


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CLICOLOR": "0"}])
def test_headings_are_plain_without_colour_or_a_terminal(environ, tool):
    assert "\x1b" not in tool("--help").out
    assert "\x1b" not in help_on_terminal(["users", "--help"], **environ)
    assert "\x1b" not in help_on_terminal(["help", "output"], **environ)


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["usres", "list"], "did you mean `users list`?\n  parsec users list\n"),
        (["users", "deactivat"], "did you mean `users deactivate`?\n  parsec"),
        (["set-qps"], "did you mean `users set-qps`?\n  parsec"),
        (["--jsn", "users", "list"], "did you mean `--json`?"),
        (["users", "--profil", "x", "list"], "did you mean `--profile`?"),
        (["users", "list", "--walet", "safe"], "did you mean `--wallet`?"),
        (["help", "safty"], "did you mean `safety`?\n  parsec help safety\n"),
        (["help", "usrs"], "did you mean `users`?\n  parsec help users\n"),
        (["help", "users", "lst"], "did you mean `users list`?\n  parsec help users list\n"),
        (["USERS", "list"], "did you mean `users list`?\n  parsec"),
        (["users", "list "], "did you mean `users list`?\n  parsec"),
        (["users", "rm", "x"], "did you mean `users deactivate`?\n  parsec"),
        (["users", "show", "x"], "did you mean `users get`?\n  parsec"),
        (["pool", "get"], "did you mean `pool show`?\n  parsec"),
        (["config", "get", "rate"], "did you mean `config show`?\n  parsec"),
        (["whoami"], "did you mean `doctor`?\n  parsec"),
        (["login"], "did you mean `config init`?\n  parsec"),
        (["version"], "did you mean `--version`?\n  parsec"),
        (["users", "deactivate", "x", "--yes"], "did you mean `--confirm`?"),
        (["users", "deactivate", "x", "-y"], "did you mean `--confirm`?"),
        (["api", "DELETE", "/builder/users/x", "--force"], "did you mean `--confirm`?"),
        (["users", "list", "--format", "json"], "did you mean `--output`?"),
        (["users", "create", "x", "--qps", "5"], "did you mean `--qps-limit`?"),
        (["users", "list", "--lim", "1"], "did you mean `--limit`?"),
        (["users", "get", "x", "--api-key=k"], "no option takes a key"),
        (["users", "list", "--all"], "see the help with\n  parsec users list --help"),
        (["users", "deactivate", "x", "--all"], "put an id that begins with a dash"),
        (["users", "deactivate", "x", "--allow-holding", "1"], "did you mean `--allow-holdings`?"),
        (["users", "create", "--external-id", "x"], "EXTERNAL_ID is an argument: write it without"),
        (["users", "set-qps", "x", "--qps", "5"], "QPS is an argument: write it without `--qps`;"),
        (["users", "plan", "--file", "x"], "FILE is an argument: write it without `--file`; see"),
        (["users", "plan", "-f", "x"], "FILE is an argument: write it without `-f`; see the help"),
        (["users", "apply", "--from-file", "x"], "FILE is an argument: write it without `--from"),
        (["users", "deactivate", "-f", "x"], "did you mean `--from-file`?"),
        (["users", "get", "-x"], "put an id that begins with a dash after `--`; see"),
        (["users", "get", "-1"], "put an id that begins with a dash after `--`; see"),
        (["users", "create", "-1"], "put an id that begins with a dash after `--`; see"),
        (["config", "set", "rate", "-5"], "see the help with"),
        (["sandbox", "seed", "-n"], "see the help with"),
        (["api", "POST", "/x", "-d", "{}"], "see the help with"),
    ],
)
def test_a_typo_gets_a_suggestion(argv, meant, tool):
    done = tool(*argv)
    assert done.code == 2
    assert f"hint: {meant}" in done.err


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("users set-qps x -500", "`-500` is negative: the number must be at least 1"),
        ("sandbox seed -12", "`-12` is negative: the number must be at least 0"),
        ("users get -1", "no such option `-1`"),
        ("config set rate -5", "no such option `-5`"),
        ("users list -5", "no such option `-5`"),
    ],
)
def test_a_number_is_negative_only_where_one_is_expected(tool, line, error):
    assert f"error: {error}\n" in tool(*line.split()).err


def test_no_similar_option_is_proposed_for_one_that_is_known_from_other_commands(tool):
    """`--from-file` is not `--profile`."""
    done = tool("users", "create", "--from-file", "u.csv")
    assert "error: no such option `--from-file`\n" in done.err
    assert "did you mean" not in done.err


def test_extra_arguments_are_quoted(tool):
    completed = tool("users", "list", "a (b)", "c")
    error = "error: too many arguments: `a (b) c`\nhint: see the help with\n"
    assert completed.err == f"{error}  parsec users list --help\n"


def test_an_unknown_word_without_a_suggestion_points_to_the_help(tool):
    error = "error: no such command `zzzz`\nhint: see the help with\n"
    assert tool("zzzz").err == f"{error}  parsec --help\n"


@pytest.mark.parametrize("noun", ["users", "config", "history", ""])
@pytest.mark.parametrize(
    "word", ["reactivate", "activate", "undelete", "reinstate", "undeactivate"]
)
def test_words_for_undoing_never_suggest_a_deactivation(tool, noun, word):
    done = tool(*filter(None, (noun, word, "x")))
    assert done.code == 2
    assert "a deactivation cannot be undone" in done.err
    assert "deactivate x" not in done.err


@pytest.mark.parametrize(
    "line",
    [
        "config delete",
        "history delete",
        "pool rm",
        "delete",
        "users disable",
        "users deactivated",
        "users suspend",
        "history remove",
        "usage destroy",
    ],
)
def test_other_words_never_suggest_a_deactivation(tool, line):
    done = tool(*line.split(), "x")
    assert done.code == 2
    assert "users deactivate" not in done.err.replace("users deactivated", "")


@pytest.mark.parametrize("word", ["activate", "reactivate", "undeactivate"])
def test_the_help_of_a_word_for_undoing_never_suggests_that_of_deactivate(tool, word):
    done = tool("help", "users", word)
    assert done.code == 2
    assert "deactivate" not in done.err.replace(f"`users {word}`", "")


@pytest.mark.parametrize("word", ["delete", "remove", "rm", "deactivat", "deactviate"])
def test_words_for_deleting_a_user_suggest_deactivate(tool, word):
    assert tool("users", word, "x").err.endswith("\n  parsec users deactivate x\n")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        *((value, None) for value in ("1001", "-1", "-0", "007000", "9" * 30)),
        *((v, "write it in plain digits") for v in ("1_000", "1,000", "\uff11", "1e3", "")),
    ],
)
def test_plain_digits_are_proposed_only_for_a_number_that_is_not_written_so(tool, value, hint):
    done = tool("pool", "check", "--max-used", value, "--json")
    assert (done.code, done.error["hint"]) == (2, hint), done
