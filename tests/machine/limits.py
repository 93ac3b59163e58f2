"""Ways in which a disk fails for real: no more bytes at a given size, and a sync that errs."""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# the numbers of the system call, as a filter sees them
_FSYNC = {"x86_64": 74, "aarch64": 82}.get(platform.machine())
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD_NUMBER, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000


@contextmanager
def largest_file(size: int | None) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes: writes end there, the next fails.

    Python ignores the signal that comes with it. None sets no limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def sync_fails() -> Callable[[], None] | None:
    """Return what makes every fsync of a new process fail with EIO, None where it cannot be."""
    if _FSYNC is None or not hasattr(ctypes.CDLL(None), "prctl"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    steps = (_Instruction * 4)(
        _Instruction(_LOAD_NUMBER, 0, 0, 0),
        _Instruction(_IF_EQUAL, 0, 1, _FSYNC),
        _Instruction(_RETURN, 0, 0, _ERROR | errno.EIO),
        _Instruction(_RETURN, 0, 0, _ALLOW),
    )
    program = _Program(len(steps), steps)

    def install() -> None:
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program))

    return install
