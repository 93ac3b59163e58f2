"""Words of other tools lead to a command that runs, or to a sentence on what does not exist."""

import re
import shlex

import pytest

from parsec_cli.cli import other_words
from parsec_cli.cli.tree import parser
from parsec_cli.cli.typer_adapter import subcommands

NOUNS = {name for name, group in parser().commands.items() if subcommands(group)}
ALL_WORDS = sorted(
    {
        word
        for lines in other_words._MEANINGS.values()
        for words, _, _ in lines
        for word in words.split()
    }
    | {word for words in other_words._SYNONYMS.values() for word in words.split()}
    | set(other_words.NOUNS)
)
DELETES = re.compile("users deactivate|DELETE")
DELETING = set(other_words._SYNONYMS["deactivate"].split())
VALUES = {"USER": "user_001", "TEXT": "user", "FILE": "r.csv", "QPS": "5", "EXTERNAL_ID": "new"}
VALUES |= {"EXCHANGE": "polymarket", "MODE": "managed", "N": "12", "SHELL": "bash", "KEY": "rate"}
VALUES |= {"METHOD": "GET", "PATH": "/builder/pool", "PROFILE": "sandbox", "VALUE": "5"}


@pytest.fixture
def hint_of(tool):
    """Run a command line that is wrong; return the sentence and the command of its hint."""

    def run(line, **how):
        done = tool(*shlex.split(line), **how)
        assert done.code == 2, done
        sentence, command = re.search(r"hint: (.*)\n  parsec (.*)\n$", done.err).groups()
        return sentence, command

    return run


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("users export", "users list --output csv"),
        ("users search alice", "users list --match alice"),
        ("users find", "users list --match TEXT"),
        ("users show alice bob", "users get alice bob"),
        ("users import r.csv", "users plan r.csv"),
        ("users set-limit alice 9", "users set-qps alice 9"),
        ("users set-limit alice=9 bob=5 -n", "users set-qps alice=9 bob=5 --dry-run"),
        ("users edit", "users set-qps USER QPS"),
        ("users update alice", "users set-qps alice QPS"),
        ("users throttle alice -n", "users set-qps alice QPS --dry-run"),
        ("users update alice=9", "users set-qps alice=9"),
        ("users describe", "users get USER"),
        ("users rm alice bob", "users deactivate alice bob"),
        ("users revoke alice", "users deactivate alice"),
        ("users terminate alice bob", "users deactivate alice bob"),
        ("terminate alice", "--help"),
        ("revoke alice", "--help"),
        ("credentials revoke alice", "users get alice"),
        ("users history alice", "history list --user alice"),
        ("users link alice", "users onboard alice --exchange EXCHANGE --mode MODE"),
        ("users positions a", "api GET /positions --query exchange=polymarket --as a"),
        ("users -p sandbox ls --limit 1", "-p sandbox users list --limit 1"),
        ("user ls", "users list"),
        ("user rename a b", "users get a"),
        ("users create-user bob", "users create bob"),
        ("users:list", "users list"),
        ("list-users", "users list"),
        ("get users", "users list"),
        ("get user alice", "users get alice"),
        ("delete user alice", "users deactivate alice"),
        ("search alice", "users list --match alice"),
        ("import r.csv", "users plan r.csv"),
        ("config delete rate", "config unset rate"),
        ("config delete staging", "config path"),
        ("config rename a b", "config path"),
        ("config edit", "config path"),
        ("config list", "config profiles"),
        ("config use-context prod", "config use prod"),
        ("profile list", "config profiles"),
        ("auth login", "config init"),
        ("logout", "config unset api_key"),
        ("whoami", "doctor"),
        ("share --target 80", "pool share --target 80"),
        ("serve --port 80", "sandbox serve --port 80"),
        ("unset rate", "config unset rate"),
        ("show alice bob", "users get alice bob"),
        ("show pool", "pool show"),
        ("check alice", "users check alice"),
        ("check", "doctor"),
        ("quota", "usage show"),
        ("logs", "history list"),
        ("safety", "help safety"),
        ("get /builder/pool", "api GET /builder/pool"),
        ("pool top", "pool show --top 10"),
        ("sandbox users", "-p sandbox users list"),
        ("sandbox users --limit 3 -p prod", "-p sandbox users list --limit 3"),
        ("runs retry r-1", "runs show r-1 --failed"),
        ("usres lst", "users list"),
    ],
)
def test_a_word_of_another_tool_leads_to_the_command_that_is_meant(hint_of, line, command):
    assert hint_of(line)[1] == command


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("user set-qps alice 7 --dryrun", "users set-qps"),
        ("user --dryrun set-qps alice 7", "users set-qps"),
        ("users delete --keep alice bob", "users deactivate"),
        ("user deactivate --exclude alice bob -n", "users deactivate"),
        ("users delete bob --grace-period 30", "users deactivate"),
        ("users remove -f leavers.csv", "users deactivate"),
        ("users edit alice --email a@b.c", "users set-qps"),
        ("users suspend --from-file x.csv", "users set-qps"),
        ("user onboard bob --exchange polymarket --mode managed --dryrun", "users onboard"),
        ("user create bob --qps 5", "users create"),
        ("users positions --exchange kalshi bob", "api"),
        ("sandbox users --nope 3", "users list"),
        ("logout --nope x", "config unset"),
        ("safety --nope x", "help"),
        ("user --reason delete alice bob", "users deactivate"),
        ("users update alice 5 --dry-run=client", "users set-qps"),
        ("users update alice 5 --dry-run=", "users set-qps"),
        ("users update alice 5 -n=true", "users set-qps"),
        ("users update alice 5 --reason", "users set-qps"),
    ],
)
def test_options_that_the_command_does_not_understand_lead_to_its_help(hint_of, line, command):
    """The command without them could do something else."""
    assert hint_of(line)[1] == f"{command} --help"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("users suspend alice", "cannot be suspended"),
        ("users rename alice bob", "only a user's limit can be changed"),
        ("users unlink alice", "cannot be unlinked"),
        ("pool resize 5000", "depends on the tier"),
        ("config delete staging", "removing its section from the config file"),
        ("escrow enable", "only Parsec can change the fee escrow"),
        ("history clear", "no command deletes it"),
        ("runs resume r-1", "run its command again"),
    ],
)
def test_what_does_not_exist_is_explained(hint_of, line, sentence):
    assert sentence in hint_of(line)[0]


SEE_SANDBOX = (
    "the sandbox is built in and has no settings; see its users with",
    "-p sandbox users list",
)


@pytest.mark.parametrize(
    "words", ["login", "auth login", "config new", "logout", "key", "config protect"]
)
@pytest.mark.parametrize("profile", ["option before", "option after", "variable", "default"])
def test_no_setting_of_the_sandbox_is_proposed(tool, hint_of, words, profile):
    if profile == "default":
        tool("config", "use", "sandbox")
    line = {"option before": f"-p sandbox {words}", "option after": f"{words} --profile=sandbox"}
    env = {"PARSEC_PROFILE": "sandbox"} if profile == "variable" else {}
    assert hint_of(line.get(profile, words), env=env) == SEE_SANDBOX


def test_the_profile_that_is_typed_decides_whether_a_setting_is_proposed(hint_of):
    env = {"PARSEC_PROFILE": "sandbox"}
    assert hint_of("login -p prod", env=env)[1] == "-p prod config init"
    assert hint_of("config delete default_profile -p sandbox")[1].endswith("unset default_profile")


def may_delete(noun, word, following=""):
    of_users = noun == "users" or following == "users" or word.endswith("-user")
    return word in DELETING and of_users


@pytest.mark.parametrize("noun", ["", *sorted(NOUNS)])
def test_only_words_for_deleting_a_user_lead_to_what_cannot_be_undone(tool, noun):
    verbs = subcommands(parser().commands[noun]) if noun else parser().commands
    # what follows matters only where users can be meant
    for following in ("x", "users") if noun in ("", "users") else ("x",):
        for word in ALL_WORDS:
            if word in verbs or word.startswith("-") or may_delete(noun, word, following):
                continue
            line = [*([noun] if noun else []), word, following]
            assert not DELETES.search(tool(*line).err), line


@pytest.mark.parametrize("noun", ["", *sorted(NOUNS)])
def test_the_proposed_command_is_understood(tool, hint_of, work, noun):
    (work / "r.csv").write_text("external_id,qps_limit\nnew,3\n")
    verbs = subcommands(parser().commands[noun]) if noun else parser().commands
    seen = set()
    for word in ALL_WORDS:
        if word in verbs or word.startswith("-"):
            continue
        sentence, command = hint_of(f"{noun} {word}".strip())
        assert may_delete(noun, word) or not DELETES.search(f"{sentence} {command}"), word
        words = [VALUES.get(one, one) for one in shlex.split(command)]
        # these would wait, ask, or have no placeholder for what they need
        if command in seen or {"serve", "init", "api_key", "--watch", "RUN"} & set(words):
            continue
        seen.add(command)
        done = tool("-p", "sandbox", *words) if words[0] != "-p" else tool(*words)
        wrong_line = re.search("no such (command|option)|missing|too many|unexpected", done.err)
        assert not (done.code == 2 and wrong_line), (command, done)


def test_words_are_read_in_any_case_and_with_blanks(hint_of):
    assert hint_of("users SHOW alice")[1] == "users get alice"
    assert hint_of("users 'ls '")[1] == "users list"


def test_help_of_a_word_of_another_tool_is_that_of_the_command(tool):
    assert tool("help", "users", "ls").err.endswith("\n  parsec help users list\n")
    assert tool("help", "user").err.endswith("\n  parsec help users\n")
