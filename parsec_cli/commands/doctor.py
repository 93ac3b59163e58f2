"""`parsec doctor`: check config, profile, key, route and API, one line each."""

from __future__ import annotations

import time
from collections.abc import Callable

import typer

from parsec_cli import columns
from parsec_cli.cells import time_text
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.cards import command_lines
from parsec_cli.errors import (
    NotABuilder,
    ParsecError,
    Proposal,
    ServerFault,
    Stopped,
    TlsFailed,
    Unauthorized,
    Unreachable,
    counted,
)
from parsec_cli.models import JsonObject, Usage
from parsec_cli.next_command import NextCommand, run
from parsec_cli.records import state
from parsec_cli.redaction import Redaction
from parsec_cli.results import Block, Line, Listing, Tone
from parsec_cli.runtime import Runtime


@verb("doctor")
def command(ctx: typer.Context) -> Listing:
    """Check config, key, network and API, one line each.

    The exit code is 0 or that of the first failure.

    Examples:
      parsec doctor
      parsec doctor --json | jq -r '.checks[] | select(.status != "ok") | .detail'

    """
    runtime = runtime_of(ctx)
    report = _Report(runtime, [], [])
    if report.check("config", lambda: _config(runtime)):
        profile = runtime.profile
        sources = {"base_url": "default", **profile.sources}
        report.check("profile", lambda: ("ok", f"{profile.name} ({sources['profile']})"))
        host = profile.base_url.root
        report.check("host", lambda: ("ok", f"{host} ({sources['base_url']})"))
        source = profile.key_source
        keyed = report.check("key", lambda: ("ok", f"fingerprint {runtime.fingerprint} ({source})"))
        report.check("route", lambda: _route(runtime))
        usages: list[Usage] = []
        if keyed and report.check("api", lambda: _api(runtime, usages)):
            report.check("quota", lambda: _quota(usages[0]))
            report.check("pool", lambda: _pool(runtime))
    return Listing(
        "checks",
        columns.CHECK,
        [report.lines],
        closing=lambda: tuple(report.hints),
        exit_code=report.exit_code,
        tone=lambda line: _TONES.get(line["status"], "plain"),
    )


_TONES: dict[str, Tone] = {"failed": "bad", "warning": "warning"}  # of whole rows
LOW_QUOTA = 0.1
FULL_POOL = 90.0
# "ok" or "warning", and the detail
Finding = tuple[str, str]


@state
class _Report:
    runtime: Runtime
    lines: list[JsonObject]
    hints: list[Block]
    exit_code: int = 0

    def check(self, name: str, check: Callable[[], Finding]) -> bool:
        """Add a line with the finding of `check`; return False if it raised a ParsecError."""
        try:
            status, detail = check()
        except Stopped:
            raise
        except ParsecError as fault:
            self.exit_code = self.exit_code or fault.exit_code
            hint, command = fault.hint, fault.command
            if command is not None and command.words == ("doctor",):
                hint, command = _remedy(fault)
            status, detail = "failed", self._clean(fault.message)
            if self.runtime.screen.shows_table:
                self.hints += self._hint(hint, command)
            elif text := self._in_one_line(hint, command):
                detail = self._clean(f"{fault.message} ({text})")
        self.lines.append({"name": name, "status": status, "detail": detail})
        return status != "failed"

    def _clean(self, text: str) -> str:
        return Redaction(lambda: self.runtime.secrets).message(text)

    def _hint(self, text: str, command: NextCommand | None) -> list[Block]:
        """Return a hint below the table, with its command on a line of its own."""
        lines = [] if command is None else command_lines(self.runtime, command)
        if not text and not lines:
            return []
        return [Line((("hint:", "hint"), (f" {self._clean(text or 'run')}", "plain"))), *lines]

    def _in_one_line(self, text: str, command: NextCommand | None) -> str:
        line = self.runtime.screen.shell_line(command)
        return " ".join(filter(None, (text, f"`{line}`" if line else "")))


def _remedy(fault: ParsecError) -> Proposal:
    """Return what to do about a fault whose own hint is to run doctor."""
    match fault:
        case TlsFailed():
            return "name the file of a private CA with SSL_CERT_FILE", None
        case ServerFault():
            return "", None
        case Unreachable():
            return "check the network, and the base URL with", run("config", "show")
        case Unauthorized():
            text = "store another key with"
        case NotABuilder():
            text = "a builder key is needed; store one with"
        case _:
            text = "a builder key may be needed; store one with"
    return text, run("config", "set", "api_key")


def _config(runtime: Runtime) -> Finding:
    path = runtime.places.config_file
    warnings = runtime.profile.warnings
    if warnings:
        return "warning", "; ".join(warnings)
    try:
        mode = path.stat().st_mode & 0o777
    except OSError:
        return "ok", f"no file at {path}"
    return "ok", f"{path}, mode {mode:04o}"


def _route(runtime: Runtime) -> Finding:
    from parsec_cli.base_url import ca_in_effect, proxy_of

    profile = runtime.profile
    if profile.sandbox:
        return "ok", "in process, no network"
    variable, proxy = proxy_of(profile.base_url, runtime.world.environ)
    way = f"by the proxy in {variable}" if proxy else "direct, no proxy"
    if profile.base_url.scheme == "http":
        return "ok", f"{way}; no TLS on loopback"
    return "ok", f"{way}; trusting {ca_in_effect(runtime.world.environ)}"


def _api(runtime: Runtime, usages: list[Usage]) -> Finding:
    from parsec_cli.api.reads import get_usage

    started = time.perf_counter()
    usage = get_usage(runtime.client)
    elapsed = (time.perf_counter() - started) * 1000
    usages.append(usage)
    tls = " over TLS" if runtime.profile.base_url.scheme == "https" else ""
    return "ok", f"responded{tls} in {elapsed:.0f} ms, tier {usage.tier or 'unknown'}"


def _quota(usage: Usage) -> Finding:
    left, limit = usage.monthly_left, usage.monthly_limit
    if left is None or not limit:
        return "ok", "unlimited" if limit == 0 else "unknown"
    status = "warning" if left < LOW_QUOTA * limit else "ok"
    return status, f"{left:,} of {limit:,} requests left until {time_text(usage.resets_at) or '?'}"


def _pool(runtime: Runtime) -> Finding:
    from parsec_cli.api.reads import get_pool

    pool = get_pool(runtime.client)
    status = "warning" if pool.used_percent >= FULL_POOL else "ok"
    users = counted(pool.end_user_count, "user")
    return status, f"{pool.used_percent}% of {pool.qps_pool:,} QPS allocated to {users}"
