"""The one place that runs a command, shows its result and turns an error into an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from parsec_cli import __version__

if TYPE_CHECKING:
    from parsec_cli.errors import ParsecError
    from parsec_cli.interrupts import Interrupts
    from parsec_cli.results import Result
    from parsec_cli.runtime import Runtime


def main(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    stdin: TextIO | None,
    stdout: TextIO | None,
    stderr: TextIO | None,
    interrupts: Interrupts | None = None,
    **world: Any,
) -> int:
    """Run one command and return its exit code; nothing outside the arguments is touched.

    `world` takes the further members of `runtime.World`: clocks, sleep, randomness, transport.
    """
    from parsec_cli.runtime import Runtime
    from parsec_cli.world import World

    runtime = Runtime(
        World(environ=environ, stdin=stdin, stdout=stdout, stderr=stderr, **world), interrupts
    )
    try:
        return _exit_code(runtime, lambda: invoke(argv, runtime))
    finally:
        runtime.close()


def _exit_code(runtime: Runtime, command: Callable[[], Result | None]) -> int:
    from parsec_cli.errors import LocalFault, ParsecError, ReaderLeft, UsageFault

    result, shown = None, False
    try:
        result = command()
        shown = True
        code = 0 if result is None else runtime.screen.show(result)
        code = _afterthoughts(runtime, _effect(result), code)
    except (ReaderLeft, LocalFault, UsageFault) as fault:
        if shown and runtime.made_changes:
            # exit 2 would say that nothing was sent
            message = f"{_effect(result)}, but its result was not shown: {fault}"
            fault = LocalFault(message, hint=fault.hint, command=fault.command)
        code = _told(runtime, fault)
    except ParsecError as fault:
        code = _told(runtime, fault)
    except KeyboardInterrupt:
        from parsec_cli.errors import Interrupted

        code = _told(runtime, Interrupted("interrupted"))
    except Exception as fault:  # noqa: BLE001 - the last boundary before the shell
        code = _told(runtime, _own_fault(runtime, fault))
    return _closed(runtime, code)


def _effect(result: Result | None) -> str:
    """What the changes of a command came to, for when its result cannot tell."""
    from parsec_cli.results import Listing

    return result.effect if isinstance(result, Listing) else "the change is done"


def _afterthoughts(runtime: Runtime, effect: str, code: int) -> int:
    """Tell what a success leaves to be told, and answer a signal that had to wait.

    That is what went wrong beside a change that is done, and that the month's requests are spent.
    """
    client = runtime.__dict__.get("client")
    # one of them says it: the others failed for the same reason
    for fault in client.deferred[:1] if client is not None else ():
        told = f"{effect}, but the history does not tell so: {fault.message}"
        runtime.screen.error(fault.but(told))
        code = code or fault.exit_code
    if client is not None and client.quota and not code:
        from parsec_cli.api.error_of import quota_used_up

        used_up = quota_used_up(client.quota)
        if used_up is not None:
            runtime.screen.notice(used_up.message)
    if runtime.dry_run and not code:
        runtime.screen.notice("dry run: nothing was sent")
    pending = runtime.interrupts.pending
    return code if pending is None else pending.exit_code


def _told(runtime: Runtime, fault: ParsecError) -> int:
    from parsec_cli.errors import ReaderLeft

    fault = _as_stopped(runtime, fault)
    if not isinstance(fault, ReaderLeft):
        runtime.screen.error(fault)
    return fault.exit_code


def _as_stopped(runtime: Runtime, fault: ParsecError) -> ParsecError:
    """Put the signal first where one came while a change was in flight: it decides the code."""
    from parsec_cli.errors import Stopped

    pending = runtime.interrupts.pending
    if pending is None or isinstance(fault, Stopped):
        return fault
    return type(pending)(
        f"{pending.message}: {fault.message}",
        hint=fault.hint,
        command=fault.command,
        details=fault.details,
        http_status=fault.http_status,
    )


def _closed(runtime: Runtime, code: int) -> int:
    from parsec_cli.errors import ParsecError

    try:
        runtime.screen.close()
    except ParsecError as fault:
        return code or _told(runtime, fault)
    return code


def _own_fault(runtime: Runtime, fault: Exception) -> ParsecError:
    """Turn a surprise into one line; with PARSEC_DEBUG=1 a traceback first, without locals."""
    from parsec_cli.errors import ParsecError

    if runtime.world.environ.get("PARSEC_DEBUG", "").strip() not in ("", "0"):
        import traceback

        # frames and the type, but neither locals nor the exception's text: both may hold a key
        with suppress(OSError, ValueError):
            if runtime.world.stderr is not None:
                runtime.world.stderr.writelines(traceback.format_tb(fault.__traceback__))
    return ParsecError(
        f"this is a fault of parsec itself ({type(fault).__name__})",
        hint="run it again with PARSEC_DEBUG=1 and report what it prints",
    )


def invoke(argv: Sequence[str], runtime: Runtime) -> Result | None:
    """Parse `argv`, run the command it names and return what that returns."""
    runtime.argv = tuple(argv)
    from parsec_cli.cli.common_options import Ready
    from parsec_cli.cli.tree import parser
    from parsec_cli.cli.typer_adapter import ParserError
    from parsec_cli.cli.usage_errors import guess_format, usage_fault
    from parsec_cli.errors import UsageFault

    try:
        result: Result | None = parser().main(
            list(argv),
            prog_name="parsec",
            # the library's own completion, which a variable of this name would start, is not used
            complete_var="",
            standalone_mode=False,
            obj=runtime,
        )
    except Ready as ready:
        return ready.result
    except ParserError as fault:
        guess_format(runtime.options, argv)
        raise usage_fault(fault) from None
    except UsageFault:
        # the parser stops at the first mistake, which may stand before `--json`
        guess_format(runtime.options, argv)
        raise
    return result


def _said_version(stdout: TextIO | None) -> bool:
    """Say it without waiting for a parser; False where stdout fails, which `main` then tells."""
    if stdout is None:
        return False
    with suppress(OSError):
        stdout.write(f"parsec {__version__}\n")
        stdout.flush()
        return True
    return False


def run() -> None:
    """Be the `parsec` command: real streams, real signals, real exit."""
    # Start-up makes some 50,000 objects and no garbage; looking for it meanwhile takes 10 ms.
    gc.set_threshold(100_000)
    # Interpreter exit spends 8 to 19 ms collecting what the process is about to drop anyway.
    # Every file is closed by a `with`, so nothing waits for a finaliser.
    atexit.register(gc.freeze)
    if sys.argv[1:] == ["--version"] and _said_version(sys.stdout):
        return
    if sys.argv[1:2] == ["__complete"]:
        # what the completion scripts ask on a key press
        from parsec_cli.memory import tab_words

        tab_words.write(sys.argv[2:], os.environ)
        return
    from parsec_cli.errors import Stopped
    from parsec_cli.interrupts import Interrupts, until_installed

    until_installed()
    interrupts = Interrupts()
    try:
        sys.exit(_run(interrupts))
    except Stopped as stop:
        # before `main` could answer it, or after: there is nothing to tell
        sys.exit(stop.exit_code)
    finally:
        interrupts.leave()


def _run(interrupts: Interrupts) -> int:
    interrupts.install()
    return main(
        # in the C locale the interpreter reads arguments as ASCII; ids are UTF-8 everywhere
        [os.fsencode(word).decode("utf-8", "surrogateescape") for word in sys.argv[1:]],
        environ=os.environ,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        interrupts=interrupts,
    )
