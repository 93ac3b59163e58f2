"""`parsec sandbox`: serve, seed and reset the local imitation of the Builder API."""

from __future__ import annotations

import typer

from parsec_cli.cli.common_options import Whole, argument, number, option, runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.errors import counted
from parsec_cli.results import Text

noun = Noun()


@noun.command("serve", effect="local")
def serve_http(
    ctx: typer.Context,
    port: int = number("--port P", 0, 65535, "Port on loopback; 0 picks any.", default=0),
    rate_limit: str | None = option(
        "--rate-limit QPS[:BURST]", "Respond with 429 above this rate."
    ),
    latency: int = number("--latency MS", 0, 60_000, "Wait before each response.", default=0),
    fault: list[str] | None = option(
        "--fault 'METHOD STATUS PROBABILITY [after]'",
        "Respond with STATUS to some calls, before or after their effect.",
    ),
) -> None:
    """Serve the sandbox over HTTP on 127.0.0.1.

    The first line of stdout is its base URL; the key is `pk_live_sandbox`.

    Examples:
      parsec sandbox serve --port 8080
      parsec sandbox serve --rate-limit 10:20 --latency 20 --fault 'DELETE 503 0.1'

    """
    from parsec_cli.sandbox.injected_faults import parse_fault
    from parsec_cli.sandbox.metering import UNLIMITED, parse_rate_limit
    from parsec_cli.sandbox.serve import serve

    runtime = runtime_of(ctx)
    serve(
        runtime.places.sandbox_db,
        port=port,
        announce=lambda url: runtime.screen.show(Text(f"{url}\n")),
        rate_limit=parse_rate_limit(rate_limit) if rate_limit else UNLIMITED,
        latency=latency,
        faults=[parse_fault(text) for text in fault or ()],
    )


@noun.command("seed", effect="local")
def seed(
    ctx: typer.Context,
    number: int = argument("N", "Number of users.", Whole(0, 100_000, "N")),
) -> None:
    """Replace the sandbox's users with N new ones.

    Examples:
      parsec sandbox seed 500
      parsec sandbox seed 100000

    """
    from parsec_cli.sandbox.seed import seed as fill

    runtime = runtime_of(ctx)
    fill(runtime.places.sandbox_db, number)
    runtime.screen.notice(f"the sandbox now has {counted(number, 'user')}")


@noun.command("reset", effect="local")
def reset(ctx: typer.Context) -> None:
    """Restore the first twelve users.

    Examples:
      parsec sandbox reset
      parsec sandbox reset && parsec -p sandbox users list

    """
    from parsec_cli.sandbox.seed import reset as empty

    runtime = runtime_of(ctx)
    empty(runtime.places.sandbox_db)
    runtime.screen.notice("the sandbox has its first twelve users again")


@noun.command("path")
def path(ctx: typer.Context) -> Text:
    """Print the path of the sandbox's state.

    Examples:
      parsec sandbox path
      rm "$(parsec sandbox path)"

    """
    return Text(f"{runtime_of(ctx).places.sandbox_db}\n")
