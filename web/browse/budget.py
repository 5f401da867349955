"""The budget of a request: time, cells and bytes for all its statements together."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import Any

# seconds that the statements of a request run
SECONDS = 2.0
# of a CSV stream, which reads a table in small parts: a million entries take 80 s of processor time
STREAM_SECONDS = 600.0
# seconds that a request waits for writers, and for memory
WAIT_SECONDS = 5.0
# time of a statement if the request has none left, so that a page can still show the rows that it has
_GRACE_SECONDS = 0.025
# cells and bytes of all rows of a request; Datasette needs ten times as much memory to render them
LARGEST_CELLS = 40_000
LARGEST_BYTES = 8 * 1024 * 1024

# bytes of markup around a value in an HTML table
_BYTES_PER_CELL = 60
_LONGEST_NUMBER = 25
_MARKUP = re.compile(r"[<>&'\"]")


@dataclass
class Budget:
    """The time, cells and bytes that the statements of one request may still use.

    Args:
        own_sql: the request contains the reader's own SQL.
        streams: the response is sent in parts, so cells and bytes are counted per statement.
    """

    own_sql: bool = False
    streams: bool = False
    seconds: float = SECONDS
    wait_seconds: float = WAIT_SECONDS
    cells: int = LARGEST_CELLS
    bytes: int = LARGEST_BYTES
    # the statement that needed too much memory; Datasette runs readers' statements twice, first with EXPLAIN
    refused: str = ""
    # monotonic time at which the request last yielded to others
    resumed: float = 0.0

    def time_limit(self, wanted_ms: int) -> int:
        """Return the milliseconds that the next statement may take, `wanted_ms` at most."""
        return max(1, min(wanted_ms, int(1000 * max(self.seconds, _GRACE_SECONDS))))

    def begin_statement(self) -> None:
        """Reset the count of cells and bytes if the response is streamed."""
        if self.streams:
            self.forget_rows()

    def forget_rows(self) -> None:
        """Reset the count of cells and bytes."""
        self.cells, self.bytes = LARGEST_CELLS, LARGEST_BYTES

    def charge_row(self, values: tuple[Any, ...], bytes_of_names: int) -> None:
        """Charge a row of a result.

        Raises:
            sqlite3.OperationalError: the rows of the request have too many cells or bytes.
        """
        self.cells -= len(values)
        self.bytes -= bytes_of_names + sum(map(sent_bytes, values))
        if self.cells < 0:
            raise sqlite3.OperationalError(
                f"the result has more than {LARGEST_CELLS} cells: select fewer rows or fewer columns"
            )
        if self.bytes < 0:
            raise sqlite3.OperationalError("the result is too large: select fewer rows or shorter columns")


def sent_bytes(value: object) -> int:
    """Return the estimated size of a value in a response, in the largest of the formats.

    JSON writes a control character or a Chinese one as six bytes, and HTML a quote as five.
    """
    if isinstance(value, str):
        size = len(encode_basestring_ascii(value)) + _BYTES_PER_CELL
        return size + 4 * len(_MARKUP.findall(value)) if _MARKUP.search(value) else size
    if isinstance(value, bytes):
        return 2 * len(value) + _BYTES_PER_CELL
    return _LONGEST_NUMBER + _BYTES_PER_CELL
