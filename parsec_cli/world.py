"""What a command is started with: the shared options, and everything outside the process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO

from parsec_cli.records import record, state

if TYPE_CHECKING:
    from parsec_cli.api.transport import Transport


@state
class Common:
    """The shared options as given; None where they were not."""

    profile: str | None = None
    base_url: str | None = None
    output: str | None = None
    json: bool | None = None
    fields: tuple[str, ...] | None = None
    headers: bool | None = None
    reveal_keys: bool | None = None
    quiet: bool | None = None
    verbose: bool | None = None
    no_input: bool | None = None
    timeout: float | None = None
    max_wait: float | None = None
    rate: str | None = None

    @property
    def format(self) -> str | None:
        return "json" if self.json else self.output


@record
class World:
    """Everything outside the process that a test wants to hold still.

    `clock` is Unix seconds, `monotonic` seconds since some start; `transport` replaces the
    network; a stream is None where the process was started with it closed.
    """

    environ: Mapping[str, str]
    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] | None = None
    random: Callable[[], float] = random.random
    transport: Transport | None = None
