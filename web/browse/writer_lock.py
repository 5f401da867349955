"""Makes readers wait for a crawl or a publish that waits to commit.

With a rollback journal, a writer takes SQLite's PENDING lock, waits until no reader is left, and commits. Locks on a file
belong to processes, so threads of one process whose statements overlap keep one shared lock in spite of PENDING: two
readers with one-second queries in a loop kept a commit waiting for 15 seconds.

So before each statement, the server asks the kernel whether another process holds PENDING, and waits until it does not.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import time
from pathlib import Path

# SQLite file format, "os.h": the first byte of the range that SQLite uses for locks
PENDING_BYTE = 0x40000000
_POLL_SECONDS = 0.005

# struct flock: type of lock, whence, start, length, process; their order depends on the system
_LAYOUTS = {"linux": "hhqqi0q", "darwin": "qqihh"}


class WriterLock:
    """Tells whether a writer of another process waits for the readers of this process.

    The file descriptor stays open as long as SQLite has the file open in this process: POSIX drops all locks of a process
    on a file when the process closes any descriptor of that file.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the descriptor; no connection of this process may have the file open."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def is_wanted(self) -> bool:
        """Return whether another process holds PENDING, as a writer does while it commits."""
        if self._descriptor is None or sys.platform not in _LAYOUTS:
            return False
        # a shared lock of this process would conflict only with the exclusive lock of a writer
        answer = fcntl.fcntl(self._descriptor, fcntl.F_GETLK, _packed(fcntl.F_RDLCK))
        return _type_of(answer) != fcntl.F_UNLCK

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` until no writer waits; return whether none waits any more."""
        until = time.monotonic() + seconds
        while self.is_wanted():
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def _packed(kind: int) -> bytes:
    layout = _LAYOUTS[sys.platform]
    if sys.platform == "darwin":
        return struct.pack(layout, PENDING_BYTE, 1, 0, kind, os.SEEK_SET)
    return struct.pack(layout, kind, os.SEEK_SET, PENDING_BYTE, 1, 0)


def _type_of(answer: bytes) -> int:
    fields = struct.unpack(_LAYOUTS[sys.platform], answer)
    kind: int = fields[3] if sys.platform == "darwin" else fields[0]
    return kind
