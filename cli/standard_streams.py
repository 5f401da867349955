"""Standard streams that may be closed, full or without a reader: what cannot be written is dropped.

Whether anybody reads what a command says does not change what it does, nor its exit code. A command whose very result is
its output, such as `export -`, writes to the descriptor itself and sees the errors.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


class _Dropping(io.FileIO):
    """Writes as long as that is possible."""

    def write(self, data: object) -> int:
        """Write `data`, or drop it where the descriptor takes no more."""
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        try:
            return super().write(data) or 0  # type: ignore[arg-type]
        except OSError:
            return size


def install() -> None:
    """Replace the standard streams. It is called before any file is opened, since that would get a closed one's number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # read-only: what is written to it fails, as it does where the descriptor is closed
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open
    sys.stdout = _dropping(sys.stdout, 1)
    sys.stderr = _dropping(sys.stderr, 2)


def _dropping(before: TextIO | None, number: int) -> io.TextIOWrapper:
    """Return a stream that writes as `before` did, where it was open."""
    if isinstance(before, io.TextIOWrapper):
        before.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Dropping(number, "w", closefd=False)),
        encoding=getattr(before, "encoding", None) or "utf-8",
        errors=getattr(before, "errors", None) or ("strict" if number == 1 else "backslashreplace"),
        line_buffering=getattr(before, "line_buffering", number == 2),
        write_through=getattr(before, "write_through", False),
    )
