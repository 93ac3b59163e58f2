"""The API as a witness: it breaks requests as ordered, and remembers what each really did."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from signal import SIGINT, SIGKILL

from support.actions import Action, close, error, html, json_response, too_many
from support.builder import BuilderServer
from support.runner import Completed
from support.wire import PATIENCE, Request
from support.zygote import Running

NOBODY = "00000000-0000-4000-8000-000000000000"
OTHER = "/orders"
INTERRUPTED = 130  # the exit code
# "before" and "after" the effect of the change
FATES = (
    *("ok", "ok", "ok", "limited", "refused", "unauthorized"),
    *("lost before", "lost after", "gateway before", "gateway after", "failed before"),
    *("failed after", "garbled after", "killed before", "killed after"),
    *("meanwhile before", "meanwhile after", "interrupted", "cut before", "cut after"),
)
RESPONSES: dict[str, Callable[[], Action]] = {
    "limited": lambda: too_many("1"),
    "refused": lambda: error(400, "not today", "bad_request"),
    "unauthorized": lambda: error(401, "invalid API key", "unauthorized"),
    "lost": close,
    "killed": close,
    "cut": close,
    "gateway": lambda: html(502),
    "failed": lambda: error(500, "internal error", "internal"),
    "garbled": lambda: html(200),
}
# signals that the process gets while it waits for the response
SIGNALS = {"killed": SIGKILL, "interrupted": SIGINT, "cut": SIGINT}
# the tool cannot know what became of a request with one of these
DOUBTFUL = {"lost", "killed", "cut", "gateway", "failed", "garbled"}
Key = tuple[str, str]  # the kind of a change, and its user


@dataclass
class Sent:
    """A request for a change: what it wanted, and whether it did it."""

    key: Key
    wish: int | str | None
    fate: str
    effect: bool = False

    @property
    def kind_of_fate(self) -> str:
        return self.fate.split(" ")[0]


@dataclass
class Trouble:
    """What happens to a command: to its first changes, to all later reads, and to its process."""

    fates: Sequence[str] = ()
    blind: bool = False
    writes: int | None = None


@dataclass
class Step:
    """A command, and what the API saw of it. `true` are the changes that were true meanwhile."""

    number: int
    argv: list[str]
    trouble: Trouble
    bulk: bool = False
    meanwhile: Callable[[], None] | None = None
    process: Running | None = None
    started: threading.Event = field(default_factory=threading.Event)
    completed: Completed | None = None
    sent: list[Sent] = field(default_factory=list)
    true: set[Key] = field(default_factory=set)
    runs: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        return f"step {self.number}"

    @property
    def killed(self) -> bool:
        return self.completed is None

    @property
    def interrupted(self) -> bool:
        return self.completed is not None and self.completed.code == INTERRUPTED

    @property
    def abandoned(self) -> bool:
        """Whether it did not wait for its responses: killed, or interrupted twice."""
        signals = [one for one in self.sent if one.kind_of_fate in SIGNALS]
        return self.killed or len(signals) > 1

    @property
    def effects(self) -> set[Key]:
        return {one.key for one in self.sent if one.effect}

    def attempts(self, key: Key) -> list[Sent]:
        return [one for one in self.sent if one.key == key]

    def __str__(self) -> str:
        seen = ", ".join(f"{one.key}: {one.fate}" for one in self.sent)
        return f"{self.reason}: {' '.join(self.argv)} -> {self.completed}; sent {seen or 'nothing'}"


class Fleet:
    """A `BuilderServer` whose requests belong to the innermost running command."""

    def __init__(self) -> None:
        self.server = BuilderServer()
        self.server.strict = False
        self.server.respond(self._respond)
        self.running: list[Step] = []
        self._lock = threading.RLock()

    @property
    def connections(self) -> int:
        return len(self.server._threads)

    def settle(self, since: int) -> None:
        """Wait until all requests of an ended process are handled: the dead may leave some behind.

        `since` is the number of `connections` before it started.
        """
        # connections are accepted in their order, so this one comes after those of the process
        last = HTTPConnection(self.server.host, self.server.port, timeout=PATIENCE)
        last.request("GET", "/")
        last.getresponse().read()
        last.close()
        for thread in self.server._threads[since:]:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def customer_id(self, name: str) -> str:
        user = self.server.by_external_id(name)
        return user["customer_id"] if user else NOBODY

    def _respond(self, request: Request) -> Action:
        with self._lock:
            step = self.running[-1]
            if request.method == "GET":
                lost = step.trouble.blind and step.sent
                return html(502) if lost else self.server.respond_to(request)
            place = len(step.sent)
            fate = step.trouble.fates[place] if place < len(step.trouble.fates) else "ok"
            if fate.startswith("meanwhile") and step.meanwhile is None:
                fate = "ok"
            sent = Sent(*_change(request), fate)
            step.sent.append(sent)
            self._look()
        kind, _, moment = fate.partition(" ")
        if kind in SIGNALS:
            step.started.wait(PATIENCE)
            assert step.process is not None
            step.process.signal(SIGNALS[kind])
        if moment == "before" and kind == "meanwhile":
            self._let_other_run(step)
        response = None
        if kind in ("ok", "meanwhile", "interrupted") or moment == "after":
            response = self._do(request, sent)
        if moment == "after" and kind == "meanwhile":
            self._let_other_run(step)
        return RESPONSES[kind]() if kind in RESPONSES else response or close()

    def _do(self, request: Request, sent: Sent) -> Action:
        with self._lock:
            if request.path.endswith(OTHER):
                action = json_response(201, {"id": len(self.server.requests)})
            else:
                action = self.server.respond_to(request)
            sent.effect = action.status < 300
            self._look()
            return action

    def _let_other_run(self, step: Step) -> None:
        with self._lock:
            other, step.meanwhile = step.meanwhile, None
        if other is not None:
            other()

    def _look(self) -> None:
        """Note for all running commands which of their changes are true now."""
        for step in self.running:
            step.true |= {one.key for one in step.sent if self._is_true(one)}

    def _is_true(self, sent: Sent) -> bool:
        kind, name = sent.key
        user = self.server.users.get(name)
        match kind:
            case "create":
                return self.server.by_external_id(name) is not None
            case "deactivate":
                return user is None
            case "set-qps":
                return user is not None and user["qps_limit"] == sent.wish
            case "onboard":
                return user is not None and sent.wish in user["linked_exchanges"]
            case _:
                return sent.effect


def _change(request: Request) -> tuple[Key, int | str | None]:
    """Return what a request changes, and the value that it wants."""
    member = re.search(r"/builder/users/([^/]+)$", request.path)
    if request.path.endswith("/builder/users"):
        return ("create", request.json()["external_id"]), None
    if request.path.endswith("/builder/onboard"):
        return ("onboard", request.json()["customer_id"]), request.json()["exchange"]
    if member and request.method == "PATCH":
        return ("set-qps", member[1]), request.json()["qps_limit"]
    if member and request.method == "DELETE":
        return ("deactivate", member[1]), None
    return ("other", f"{request.method} {request.path}"), None
