"""Isolation for every test, and the fixtures that run the tool against servers of the test's own.

No test sees the machine's home, environment, proxies, colours or locale.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from sandbox.served import served
from support import documents
from support.builder import BUILDER_KEY, BuilderServer
from support.certificates import PrivateCa
from support.clock import VirtualClock
from support.leaks import leaks as find_leaks
from support.runner import clean_environment, run_in_process, run_process
from support.server import ScriptedServer
from support.session import Session, tools
from support.steady import STEADY
from support.terminal import run_in_terminal

# for every property test: a busy machine must not fail one
settings.register_profile("steady", STEADY)
settings.load_profile("steady")

Env = dict[str, str]
NOBODY = 65534
# a shell starts what runs in the background with signals ignored, and a child would inherit that
for _number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Start more workers than processors: many tests wait for a process or a deadline."""
    return 2 * (os.cpu_count() or 1)


def pytest_terminal_summary(terminalreporter):
    """List what this machine kept from being tested."""
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    reasons = Counter(reason[-1].removeprefix("Skipped: ") for reason in skipped)
    if reasons:
        terminalreporter.section("not tested on this machine")
    for reason, count in sorted(reasons.items()):
        terminalreporter.line(f"{count:5} skipped: {reason}")


# with another one, the tool would warn that a group can change its files
os.umask(0o022)


@pytest.fixture
def home(tmp_path):
    """An empty home directory; configuration and state go below it."""
    path = tmp_path / "home"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture(autouse=True)
def isolated_environment(home, monkeypatch):
    """Replace the process's environment as a whole."""
    kept = {
        name: os.environ[name] for name in ("PATH", "PYTEST_CURRENT_TEST") if name in os.environ
    }
    clean = clean_environment(home)
    for name in set(os.environ) - set(clean) - set(kept):
        if not name.startswith(("PYTEST_", "COV_", "COVERAGE_", "HYPOTHESIS_")):
            monkeypatch.delenv(name)
    for name, value in (clean | kept).items():
        monkeypatch.setenv(name, value)
    return clean


@pytest.fixture
def work(tmp_path):
    """An empty directory that the tool is run in."""
    path = tmp_path / "work"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture
def folder(tmp_path):
    """Lend an empty directory."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def plain_user():
    """Lend a directory, as a user who is not root; root becomes `nobody` for the test."""
    folder = Path(tempfile.mkdtemp(prefix="parsec-"))
    was_root = os.geteuid() == 0
    if was_root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        if not os.access(folder, os.W_OK, effective_ids=True):
            pytest.skip(f"no other user can use {folder.parent}")
        yield folder
    finally:
        if was_root:
            os.seteuid(0)
        shutil.rmtree(folder)


@pytest.fixture
def server():
    yield from serving(ScriptedServer())


@pytest.fixture
def other_origin():
    """A second server, which no request is meant for."""
    yield from serving(ScriptedServer())


@pytest.fixture
def builder():
    yield from serving(BuilderServer())


@pytest.fixture(scope="session")
def private_ca(tmp_path_factory):
    return PrivateCa(tmp_path_factory.mktemp("ca"))


def serving(started):
    """Lend a started server; stop it and check that its script was used up."""
    try:
        yield started
    finally:
        started.stop()
    started.check()


@pytest.fixture
def key_env():
    """Settings that point the tool at a server, with the canary key."""

    def settings(target, key=BUILDER_KEY):
        url = target if isinstance(target, str) else target.url
        return {"PARSEC_API_KEY": key, "PARSEC_API_BASE_URL": url}

    return settings


@pytest.fixture
def parsec(isolated_environment, work):
    """Run the real command line: `parsec(*argv, env={}, stdin=None, stdout=None, cwd, timeout)`.

    A value of None in `env` takes a variable away.
    """

    def run(*argv, env=None, stdin=None, stdout=None, cwd=work, timeout=120):
        whole = merged(isolated_environment, env)
        return run_process(argv, env=whole, cwd=cwd, stdin=stdin, stdout=stdout, timeout=timeout)

    return run


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def too_late(monkeypatch):
    """A function that lets the time of all requests run out; it does not pass otherwise.

    An action calls it, as `begun`, and the tool is run with its member `how`.
    """
    passing = VirtualClock()

    def pass_by():
        # the tool looks at the clock before each read, so it has read what was sent until now
        passing.wait_for_looks(2)
        passing.sleep(3600)

    pass_by.how = {"request_clock": passing}
    monkeypatch.setattr("parsec_cli.api.transport.SLICE", 0.02)  # how soon it is noticed
    return pass_by


@pytest.fixture
def tool(isolated_environment, work, clock, monkeypatch):
    """Run the tool in this process on the virtual clock: `tool(*argv, env={}, stdin=None)`."""
    monkeypatch.chdir(work)

    def run(*argv, env=None, stdin=b"", **how):
        whole = merged(isolated_environment, env)
        return run_in_process(argv, env=whole, clock=clock, stdin=stdin, **how)

    return run


@pytest.fixture
def odd_records(monkeypatch):
    """Let the server send fields of other types than it documents; the tool passes them on."""
    monkeypatch.setattr(documents, "records_are_checked", False)


@pytest.fixture
def run(tool, builder, key_env):
    """Run in process against `builder`, with its key in the environment."""
    return at(tool, key_env(builder))


@pytest.fixture
def run_at(tool, server, key_env):
    """Run in process against the bare scripted `server`."""
    return at(tool, key_env(server))


def at(tool, settings):
    def call(*argv, env=None, **how):
        return tool(*argv, env={**settings, **(env or {})}, **how)

    return call


@pytest.fixture
def terminal(isolated_environment, work):
    """Run on a pseudo-terminal: `terminal(argv, env={}, answers=[(text, keys)], cols, rows)`."""

    def run(argv, *, env=None, **how):
        return run_in_terminal(argv, env=merged(isolated_environment, env), cwd=work, **how)

    return run


@pytest.fixture
def session(isolated_environment, tmp_path, work):
    """A shell in an empty directory, with an empty home and the tool on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return Session({**isolated_environment, **tools(folder)}, work)


@pytest.fixture
def host(tmp_path):
    """Start sandboxes that serve HTTP: `host("staging", *options)` returns a base URL."""
    with ExitStack() as running:

        def start(name="host", *options):
            database = tmp_path / name / "parsec" / "sandbox.sqlite3"
            return running.enter_context(served(database, *options)).url

        yield start


@pytest.fixture
def leaks(home):
    """Where canaries can be seen: `leaks(completed, [canary, ...], except_files=())`."""
    return lambda completed, canaries, **how: find_leaks(completed, home, canaries, **how)


def merged(base, changes):
    whole = dict(base)
    for name, value in (changes or {}).items():
        if value is None:
            whole.pop(name, None)
        else:
            whole[name] = value
    return whole
