"""The one place that runs a command, shows its result and turns an error into an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

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

    `world` takes the other members of `runtime.World`: clocks, sleep, randomness, transport.
    """
    from parsec_cli.runtime import Runtime, World

    runtime = Runtime(
        World(environ=environ, stdin=stdin, stdout=stdout, stderr=stderr, **world), interrupts
    )
    try:
        return _exit_code(runtime, argv)
    finally:
        runtime.close()


def _exit_code(runtime: Runtime, argv: Sequence[str]) -> int:
    from parsec_cli.errors import (
        Interrupted,
        LocalFault,
        ParsecError,
        ReaderLeft,
        Terminated,
        UsageFault,
    )
    from parsec_cli.results import Listing

    effect = ""  # set once the command has returned
    try:
        result = invoke(argv, runtime)
        effect = result.effect if isinstance(result, Listing) else "the change was made"
        code = 0 if result is None else runtime.screen.show(result)
        failure = result.failure() if isinstance(result, Listing) else None
        code = _report(runtime, failure) if failure else _finish(runtime, effect, code)
    except (ReaderLeft, LocalFault, UsageFault) as fault:
        if effect and runtime.made_changes:
            # exit 2 would mean that nothing was sent
            message = f"{effect}, but the result was not shown: {fault}"
            fault = LocalFault(message, hint=fault.hint, command=fault.command)
        code = _report(runtime, fault)
    except (Interrupted, Terminated) as stop:
        made = effect and runtime.made_changes
        code = _report(runtime, stop.but(f"{stop.message}: {effect}") if made else stop)
    except ParsecError as fault:
        code = _report(runtime, fault)
    except KeyboardInterrupt:
        code = _report(runtime, Interrupted("interrupted"))
    except Exception as fault:  # noqa: BLE001 - the last boundary before the shell
        code = _report(runtime, _own_fault(runtime, fault))
    try:
        runtime.screen.close()
    except ParsecError as fault:
        return code or _report(runtime, fault)
    return code


def _finish(runtime: Runtime, effect: str, code: int) -> int:
    """Show the notices that follow a success; return the code, or that of a deferred signal."""
    client = runtime.__dict__.get("client")
    # all of them fail for the same reason, so one is shown
    for fault in client.deferred[:1] if client is not None else ():
        text = f"{effect}, but could not be written to the history: {fault.message}"
        runtime.screen.error(fault.but(text))
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


def _report(runtime: Runtime, fault: ParsecError) -> int:
    """Show an error and return its exit code. A signal that came before it decides the code."""
    from parsec_cli.errors import SEE_CHANGES, Interrupted, ReaderLeft, Stopped, Terminated

    said = "nothing was" in fault.message  # as at a question
    if runtime.may_change and not said and isinstance(fault, (Interrupted, Terminated)):
        if not runtime.made_changes:
            fault = fault.but(f"{fault.message}; nothing was changed")
        elif not fault.hint:
            fault = fault.but(hint=SEE_CHANGES[0], command=SEE_CHANGES[1])
    pending = runtime.interrupts.pending
    if pending is not None and not isinstance(fault, Stopped):
        fault = type(pending)(
            f"{pending.message}: {fault.message}",
            hint=fault.hint,
            command=fault.command,
            details=fault.details,
            http_status=fault.http_status,
        )
    if not isinstance(fault, ReaderLeft):
        runtime.screen.error(fault)
    return fault.exit_code


def _own_fault(runtime: Runtime, fault: Exception) -> ParsecError:
    """Turn an unexpected exception into an error; with PARSEC_DEBUG=1, write a traceback first."""
    from parsec_cli.errors import ParsecError

    if runtime.world.environ.get("PARSEC_DEBUG", "").strip() not in ("", "0"):
        import traceback

        # frames and the type, but neither locals nor the exception's text: both may contain a key
        with suppress(OSError, ValueError):
            if runtime.world.stderr is not None:
                runtime.world.stderr.writelines(traceback.format_tb(fault.__traceback__))
    return ParsecError(
        f"this is a fault of parsec itself ({type(fault).__name__})",
        hint="run it again with PARSEC_DEBUG=1 and report what it prints",
    )


def invoke(argv: Sequence[str], runtime: Runtime) -> Result | None:
    """Parse `argv`, run the command that it names, and return the command's result."""
    runtime.argv = tuple(argv)
    from parsec_cli.cli.common_options import EarlyResult
    from parsec_cli.cli.tree import parser
    from parsec_cli.cli.typer_adapter import ParserError
    from parsec_cli.errors import UsageFault

    try:
        result: Result | None = parser().main(
            list(argv),
            prog_name="parsec",
            # switches off the library's own completion, which a variable would start
            complete_var="",
            standalone_mode=False,
            obj=runtime,
        )
    except EarlyResult as early:
        return cast("Result", early.args[0])
    except (ParserError, UsageFault) as fault:
        from parsec_cli.cli.usage_errors import guess_format, usage_fault

        # the parser stops at the first mistake, which may come before `--json`
        guess_format(runtime.options, argv)
        raise (fault if isinstance(fault, UsageFault) else usage_fault(fault)) from None
    return result


def run() -> None:
    """Run the `parsec` command with the real streams, signals and exit."""
    code = 1  # of an exception that nothing catches
    # Start-up makes some 50,000 objects and no garbage; collections would take 10 ms.
    gc.set_threshold(100_000)
    # Registered first, so called last, when everybody else has cleaned up.
    atexit.register(lambda: _end(code))
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:
        # without loading a parser; a failing stdout is reported below
        with suppress(OSError):
            sys.stdout.write(f"parsec {__version__}\n")
            sys.stdout.flush()
            code = 0
            return
    if sys.argv[1:2] == ["__complete"]:
        # called by the completion scripts
        from parsec_cli.memory import tab_words

        tab_words.write(sys.argv[2:], os.environ)
        code = 0
        return
    from parsec_cli.errors import Stopped
    from parsec_cli.interrupts import Interrupts, until_installed

    until_installed()
    interrupts = Interrupts()
    try:
        interrupts.install()
        code = main(
            # in the C locale the interpreter reads arguments as ASCII; ids are UTF-8 everywhere
            [os.fsencode(word).decode("utf-8", "surrogateescape") for word in sys.argv[1:]],
            environ=os.environ,
            stdin=sys.stdin,
            stdout=sys.stdout,
            stderr=sys.stderr,
            interrupts=interrupts,
        )
    except Stopped as stop:
        # the signal came before or after `main`, so there is nothing to report
        code = stop.exit_code
    finally:
        interrupts.leave()
    sys.exit(code)


def _end(code: int) -> None:
    """End the process without taking the interpreter apart, which takes 11 to 20 ms.

    No finaliser is needed: every file is closed by a `with`, and every thread is a daemon.
    """
    for stream in (sys.stdout, sys.stderr):
        # what the tool writes is never in Python's buffers, so no failure here concerns it
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
