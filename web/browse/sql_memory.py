"""A limit on the memory of SQLite in this process, and the retry of statements that it hits unjustly.

The heap limit is the only limit that ends a statement while SQLite prepares it: a `with` of 18 steps that double is
expanded to 700 MB before the time limit is asked. Sorts and temporary tables are in memory, so it bounds them too.

The limit is one for all connections of the process. So it can end a small statement because of a large one that runs at
the same time. A statement that it ends is run again without statements of readers beside it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from foreign_eyes.web.browse.errors import Busy

# bytes; sorting a million short values takes 60 MB
LARGEST_HEAP = 96 * 1024 * 1024
_NO_MEMORY = "Other requests use the memory of this server. Try again in a few seconds."


def limit_heap() -> None:
    """Limit the memory of all SQLite connections of this process. A limit that is set cannot be raised."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"PRAGMA hard_heap_limit={LARGEST_HEAP}")
    finally:
        connection.close()


class ReadersStatements:
    """Counts the running statements of readers, and lets another statement run without them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._paused = False

    @contextmanager
    def one(self, seconds: float) -> Iterator[None]:
        """Run a reader's statement; first wait while they are paused.

        Raises:
            Busy: they are paused for longer than `seconds`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._paused, seconds):
                raise Busy(_NO_MEMORY)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def paused(self, seconds: float) -> Iterator[None]:
        """Wait until no reader's statement runs, and start none inside the context.

        Raises:
            Busy: one still runs after `seconds`.
        """
        until = time.monotonic() + seconds
        with self._changed:
            if not self._changed.wait_for(lambda: not self._paused, seconds):
                raise Busy(_NO_MEMORY)
            self._paused = True
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: not self._running, max(0, until - time.monotonic())):
                    raise Busy(_NO_MEMORY)
            yield
        finally:
            with self._changed:
                self._paused = False
                self._changed.notify_all()
