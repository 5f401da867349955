"""Standard streams that drop output if they are closed, full or have no reader.

A missing reader changes neither the work of a command nor its exit code. A command whose result is its output, such as
`export -`, writes to the file descriptor and gets the errors.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


class _Dropping(io.FileIO):
    """A file that ignores errors of writing."""

    def write(self, data: object) -> int:
        """Write `data`; drop it if that fails."""
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        try:
            return super().write(data) or 0  # type: ignore[arg-type]
        except OSError:
            return size


def install() -> None:
    """Replace the standard streams.

    Call it before any file is opened, which could get the number of a closed stream.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # read-only: writing to it fails as it does for a closed descriptor
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open
    sys.stdout = _dropping(sys.stdout, 1)
    sys.stderr = _dropping(sys.stderr, 2)


def _dropping(before: TextIO | None, number: int) -> io.TextIOWrapper:
    """Return a stream with the settings of `before` that drops what cannot be written."""
    if isinstance(before, io.TextIOWrapper):
        before.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Dropping(number, "w", closefd=False)),
        encoding=getattr(before, "encoding", None) or "utf-8",
        errors=getattr(before, "errors", None) or ("strict" if number == 1 else "backslashreplace"),
        line_buffering=getattr(before, "line_buffering", number == 2),
        write_through=getattr(before, "write_through", False),
    )
