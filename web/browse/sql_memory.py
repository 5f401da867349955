"""Limits the memory of SQLite in this process, and retries small statements it stops.

The heap limit is the only limit that stops a statement while SQLite prepares it: a `with` of 18 steps that each double the
statement is expanded to 700 MB before the time limit is checked. Sorts and temporary tables are in memory, so it limits
them too.

All connections of the process share the limit, so it can stop a small statement because a large one runs at the same
time. A statement that was stopped runs again while readers' statements are paused.
"""

from __future__ import annotations

import ctypes
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from foreign_eyes.web.browse.errors import Busy

# bytes; a statement that needs more would exceed its second anyway
LARGEST_HEAP = 64 * 1024 * 1024
# the number of the parameter in glibc's malloc.h
_M_ARENA_MAX = -8
_LIBC = ctypes.CDLL(None)


class NoMemory(Busy):
    """SQLite got no memory for a statement."""

    def __init__(self) -> None:
        super().__init__("The server has no memory for this at present. Try again in a few seconds.")


def limit_heap() -> None:
    """Limit the memory of all SQLite connections of this process, for good.

    SQLite cannot raise this limit again. With glibc, threads must share one arena as well: each arena keeps the most memory
    that its thread ever used.
    """
    if hasattr(_LIBC, "mallopt"):
        _LIBC.mallopt(_M_ARENA_MAX, 1)
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"PRAGMA hard_heap_limit={LARGEST_HEAP}")
    finally:
        connection.close()


def return_free_memory() -> None:
    """Return memory that a large statement has freed to the operating system."""
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)


class ReadersStatements:
    """Counts the running statements of readers, and can pause them while another statement runs."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._started = 0
        self._paused = False

    @contextmanager
    def one(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """Count a reader's statement during the block; first wait while they are paused.

        Yields a function that returns whether another one has run at the same time.

        Raises:
            NoMemory: they were paused for longer than `seconds`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._paused, seconds):
                raise NoMemory
            self._running += 1
            self._started += 1
            had_company, number = self._running > 1, self._started
        try:
            yield lambda: had_company or self._started > number
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def paused(self, seconds: float) -> Iterator[None]:
        """Wait until no reader's statement runs, and let none start during the block.

        Raises:
            NoMemory: one still runs after `seconds`.
        """
        until = time.monotonic() + seconds
        with self._changed:
            if not self._changed.wait_for(lambda: not self._paused, seconds):
                raise NoMemory
            self._paused = True
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: not self._running, max(0, until - time.monotonic())):
                    raise NoMemory
            yield
        finally:
            with self._changed:
                self._paused = False
                self._changed.notify_all()
