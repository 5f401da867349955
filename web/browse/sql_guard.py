"""What a stranger's SQL may do: read, within bounds of time and memory.

Datasette's time limit counts instructions of SQLite's virtual machine, and one instruction can call a function that
runs for seconds or makes a gigabyte. So three fences stand around it:

- an authorizer refuses, before a statement runs, the functions that make much out of nothing, recursion, and all that
  does not read;
- limits keep every value small, so that no single call takes long;
- a `GuardedConnection` looks at the clock before each call of a function whose time grows with the product of its
  arguments, and stops an answer that outgrows its memory. SQLite itself looks only where its program jumps: a hundred
  such calls in one row took 2 s.

A refusal is an `sqlite3.Error`, which Datasette shows to whoever asked.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from sys import getsizeof
from typing import Any

# the longest value: real ones reach some 10 KB; instr() and replace() of values of this length take 0.1 s a call
LONGEST_VALUE = 128 * 1024
# memory for the rows of one answer, as Python holds them
LARGEST_ANSWER = 32 * 1024 * 1024

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 6_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

_REFUSED_FUNCTIONS = frozenset(
    {
        # make a value of any length at once
        "printf", "format", "randomblob", "zeroblob",
        # run code or hand out addresses of it
        "load_extension", "fts3_tokenizer", "fts5",
        # compares every key with every other, in one call
        "json_patch",
        # grow without regard to the limit on length: half a gigabyte in a second
        "json_group_array",
        "json_group_object",
        # writes to the server's log; checks an index in one call
        "sqlite_log", "rtreecheck",
    }
)  # fmt: skip

# what Datasette asks of a database to describe it, and FTS5 of its own; without a value none of them changes anything
_PRAGMAS = frozenset(
    {
        "data_version", "database_list", "foreign_key_list", "index_info", "index_list", "index_xinfo", "page_count",
        "page_size", "schema_version", "table_info", "table_xinfo",
    }
)  # fmt: skip
_PRAGMA_TABLES = frozenset(f"pragma_{name}" for name in _PRAGMAS - {"data_version", "database_list"})
# the bytes of captures and of frozen documents, which can be longer than any value allowed here, and what redactions hide
_HIDDEN = frozenset(
    {
        ("bodies", "zlib"), ("frozen_documents", "zlib"),
        ("redaction_secret", "secret"), ("withheld_bodies", "rest"), ("withheld_texts", "packed"),
    }
)  # fmt: skip
# virtual tables that are there without being made: of use to who looks after a file, not to who reads one
_REFUSED_TABLES = frozenset(
    {"dbstat", "sqlite_dbpage", "sqlite_stmt", "bytecode", "tables_used", "fts3tokenize", "fts4aux", "fts5vocab"}
)

# functions whose time grows with the product of their arguments, up to 0.1 s a call
_SLOW_FUNCTIONS = (("instr", 2), ("replace", 3), ("like", 2), ("like", 3), ("glob", 2))

# FTS5 does all its work for a row in one instruction; NEAR() of a thousand words takes 0.4 s a row, of 4,000 20 s
_LONGEST_SEARCH = 2_000
_BUILDS_TEXT = re.compile(r"\|\||replace|concat|hex|quote|json|char|strftime", re.IGNORECASE)


def guard(connection: sqlite3.Connection) -> None:
    """Put the fences on a connection to the archive. Datasette's own queries pass them."""
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    for name, strip in (("trim", str.strip), ("ltrim", str.lstrip), ("rtrim", str.rstrip)):
        connection.create_function(name, 2, _trimmer(strip), deterministic=True)
    if isinstance(connection, GuardedConnection):
        for name, arguments in _SLOW_FUNCTIONS:
            connection.create_function(name, arguments, connection.timed(name, arguments), deterministic=True)
    connection.row_factory = _weighed_row
    connection.set_authorizer(authorize)


def authorize(action: int, first: str | None, second: str | None, _database: str | None, _source: str | None) -> int:
    """Say whether a statement may contain `action`: an authorizer callback of SQLite.

    The bytes of captures and of frozen documents read as NULL, as does what redactions hide.
    """
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        if (first, second) in _HIDDEN:
            return sqlite3.SQLITE_IGNORE
        return _allowed(_is_open(first or ""))
    if action == sqlite3.SQLITE_FUNCTION:
        return _allowed((second or "").lower() not in _REFUSED_FUNCTIONS)
    if action == sqlite3.SQLITE_PRAGMA:
        takes_a_name = (first or "").startswith(("table_", "index_", "foreign_key_"))
        return _allowed(first in _PRAGMAS and (second is None or takes_a_name))
    # what SQLite calls this when it opens a virtual table; a real one it refuses by itself ("may not be modified")
    opens_a_virtual_table = action == sqlite3.SQLITE_UPDATE and first == "sqlite_master"
    return _allowed(opens_a_virtual_table)  # no writing, attaching or recursion


def _allowed(answer: bool) -> int:
    return sqlite3.SQLITE_OK if answer else sqlite3.SQLITE_DENY


def _is_open(table: str) -> bool:
    name = table.lower()
    return name in _PRAGMA_TABLES or not (name.startswith("pragma_") or name in _REFUSED_TABLES)


def _trimmer(strip: Callable[[str, str], str]) -> Callable[[object, object], str | None]:
    """Return trim(text, characters): SQLite's own takes time by the product of their lengths, 12 s for 64 KB each."""

    def trim(text: object, characters: object) -> str | None:
        if text is None or characters is None:
            return None
        distinct = "".join(dict.fromkeys(_text(characters)))
        if len(distinct) > 100:
            raise ValueError("too many characters to trim")
        return strip(_text(text), distinct)

    return trim


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _weighed_row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
    """Make a row, and stop an answer that outgrows its memory."""
    if isinstance(cursor, _GuardedCursor):
        cursor.weight += sum(map(getsizeof, values))
        if cursor.weight > LARGEST_ANSWER:
            raise sqlite3.OperationalError("the answer is too large; ask for fewer rows or shorter columns")
    return sqlite3.Row(cursor, values)


class GuardedConnection(sqlite3.Connection):
    """A connection whose time limit also binds statements made of slow functions, and whose answers are weighed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._time_is_up: Callable[[], int | None] | None = None
        # SQLite's own functions, for `timed` to call
        self._own = sqlite3.connect(":memory:", check_same_thread=False)
        self._own.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._own.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LIMITS[sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH])

    def close(self) -> None:
        """Close."""
        self._own.close()
        super().close()

    def cursor(self, factory: Any = None) -> Any:
        """Return a cursor whose answers are weighed."""
        return super().cursor(factory or _GuardedCursor)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Execute a statement through such a cursor."""
        return self.cursor().execute(sql, parameters)

    def set_progress_handler(self, progress_handler: Callable[[], int | None] | None, n: int) -> None:
        """Note what tells that the time is up."""
        self._time_is_up = progress_handler
        super().set_progress_handler(progress_handler, n)

    def look_often(self) -> None:
        """Look at the clock every few instructions while the statement that follows runs."""
        if self._time_is_up is not None:
            super().set_progress_handler(self._time_is_up, 50)

    def timed(self, name: str, arguments: int) -> Callable[..., Any]:
        """Return SQLite's function `name`, except that it does nothing when the time is up: SQLite stops soon after."""
        statement = f"SELECT {name}({', '.join('?' * arguments)})"

        def function(*values: Any) -> Any:
            if self._time_is_up is not None and self._time_is_up():
                return None
            return self._own.execute(statement, values).fetchone()[0]

        return function


class _GuardedCursor(sqlite3.Cursor):
    weight = 0

    def execute(self, sql: str, parameters: Any = (), /) -> _GuardedCursor:
        self.weight = 0
        if "_fts" in sql.lower() and isinstance(self.connection, GuardedConnection):
            _check_search(sql, parameters)
            self.connection.look_often()
        super().execute(sql, parameters)
        return self


def _check_search(sql: str, parameters: Any) -> None:
    """Raise where a statement with a full-text search could bring a long list of words."""
    values = parameters.values() if isinstance(parameters, dict) else parameters
    if len(sql) + sum(len(str(value)) for value in values) > _LONGEST_SEARCH:
        raise sqlite3.OperationalError(f"a statement that searches is limited to {_LONGEST_SEARCH} characters")
    if _BUILDS_TEXT.search(sql):
        raise sqlite3.OperationalError("a statement that searches cannot use functions and operators that build texts")
