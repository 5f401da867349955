"""Limits on untrusted SQL: it can only read, within limits of time and memory.

Datasette's time limit counts instructions of SQLite's virtual machine, but one instruction can call a function that runs
for seconds or return a gigabyte. So there are three more limits here, and one on memory in `sql_memory`:

- An authorizer refuses, before a statement runs, writes, recursion, and functions that build large values from small
  arguments.
- SQLite's own limits keep every value small, so that no single call takes long.
- A `GuardedConnection` checks the time limit before each call of a function whose time grows with the product of its
  argument lengths. SQLite checks only at jumps of its program: a hundred such calls in one row took 2 s. It also counts
  the parts of a statement while SQLite prepares it, and charges each row of a result to the budget of the request.

A refusal is a `sqlite3.Error`, which Datasette shows in its response.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any

from foreign_eyes.web.browse.budget import Budget, sent_bytes

# bytes of the longest value; stored texts have up to 10 KB, and instr() or replace() with this length takes 0.1 s
LONGEST_VALUE = 128 * 1024
# names, functions and queries in a statement, including its views; the largest question has 2,000
MOST_PARTS = 20_000

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
        # return a value of any length in one call
        "printf", "format", "randomblob", "zeroblob",
        # run native code or return pointers to it
        "load_extension", "fts3_tokenizer", "fts5",
        # compares all pairs of keys in one call
        "json_patch",
        # ignore the length limit: half a gigabyte in a second
        "json_group_array",
        "json_group_object",
        # the first writes to the log of the server, the second checks a whole index in one call
        "sqlite_log", "rtreecheck",
    }
)  # fmt: skip

# Datasette and FTS5 need these to describe a database; without a value they change nothing
_PRAGMAS = frozenset(
    {
        "data_version", "database_list", "foreign_key_list", "index_info", "index_list", "index_xinfo", "page_count",
        "page_size", "schema_version", "table_info", "table_xinfo",
    }
)  # fmt: skip
_PRAGMA_TABLES = frozenset(f"pragma_{name}" for name in _PRAGMAS - {"data_version", "database_list"})
# these read as NULL: captures and frozen documents can be longer than `LONGEST_VALUE`, outputs are folders of this
# machine, and the others hold redacted text
_HIDDEN = frozenset(
    {
        ("bodies", "zlib"), ("frozen_documents", "zlib"), ("outputs", "output"), ("outputs", "root"),
        ("published_files", "output"), ("redaction_secret", "secret"), ("withheld_bodies", "rest"),
        ("withheld_texts", "packed"),
    }
)  # fmt: skip
# virtual tables that exist in every database, for maintenance
_REFUSED_TABLES = frozenset(
    {"dbstat", "sqlite_dbpage", "sqlite_stmt", "bytecode", "tables_used", "fts3tokenize", "fts4aux", "fts5vocab"}
)

# name and number of arguments of functions whose time grows with the product of argument lengths, up to 0.1 s a call
_SLOW_FUNCTIONS = (("instr", 2), ("replace", 3), ("like", 2), ("like", 3), ("glob", 2))

# characters of a search; FTS5 matches a row in one instruction, which takes 0.4 s for NEAR() of 1,000 words and 20 s for
# 4,000 words
_LONGEST_SEARCH = 2_000
_BUILDS_TEXT = re.compile(r"\|\||replace|concat|hex|quote|json|char|strftime", re.IGNORECASE)


def guard(connection: sqlite3.Connection) -> None:
    """Install the limits on a connection to the archive.

    Datasette's own queries stay within them.
    """
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    for name, strip in (("trim", str.strip), ("ltrim", str.lstrip), ("rtrim", str.rstrip)):
        connection.create_function(name, 2, _trimmer(strip), deterministic=True)
    if isinstance(connection, GuardedConnection):
        for name, arguments in _SLOW_FUNCTIONS:
            connection.create_function(name, arguments, connection.timed(name, arguments), deterministic=True)
    # only the disk would limit temporary files of sorts; `sql_memory` limits memory
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.row_factory = _charged_row
    connection.set_authorizer(connection.authorize if isinstance(connection, GuardedConnection) else authorize)


def authorize(action: int, first: str | None, second: str | None, _database: str | None, _source: str | None) -> int:
    """Return whether a statement may contain `action`.

    This is an authorizer callback of SQLite. It makes the columns in `_HIDDEN` read as NULL.
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
    # SQLite reports opening a virtual table as an update of sqlite_master; it refuses real updates of that table itself
    return _allowed(action == sqlite3.SQLITE_UPDATE and first == "sqlite_master")


def _allowed(allowed: bool) -> int:
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _is_open(table: str) -> bool:
    name = table.lower()
    return name in _PRAGMA_TABLES or not (name.startswith("pragma_") or name in _REFUSED_TABLES)


def _trimmer(strip: Callable[[str, str], str]) -> Callable[[object, object], str | None]:
    """Return a function that replaces SQLite's trim(text, characters).

    SQLite's function takes 12 s for two arguments of 64 KB.
    """

    def trim(text: object, characters: object) -> str | None:
        if text is None or characters is None:
            return None
        distinct = "".join(dict.fromkeys(_text(characters)))
        if len(distinct) > 100:
            raise ValueError("trim() takes at most 100 different characters to remove")
        return strip(_text(text), distinct)

    return trim


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _charged_row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
    """Return a row, charged to the budget of its request."""
    if isinstance(cursor, _GuardedCursor):
        cursor.charge(values)
    return sqlite3.Row(cursor, values)


class GuardedConnection(sqlite3.Connection):
    """A connection with limits on statement size, slow functions and result size."""

    # the budget of the request whose statement runs
    budget: Budget | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # a prepared statement takes up to 300 KB, and Python would cache 128 of them
        super().__init__(*arguments, **{**options, "cached_statements": 0})
        self._parts = 0
        self._progress_handler: Callable[[], int | None] | None = None
        # calls SQLite's own functions for `timed`
        self._functions = sqlite3.connect(":memory:", check_same_thread=False)
        for limit in (sqlite3.SQLITE_LIMIT_LENGTH, sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH):
            self._functions.setlimit(limit, _LIMITS[limit])

    def close(self) -> None:
        """Close both connections."""
        self._functions.close()
        super().close()

    def cursor(self, factory: Any = None) -> Any:
        """Return a cursor that charges the rows of its result to the budget."""
        return super().cursor(factory or _GuardedCursor)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Execute a statement with a guarded cursor."""
        return self.cursor().execute(sql, parameters)

    def authorize(self, action: int, *names: Any) -> int:
        """Return whether a statement may contain `action`; refuse a too complex or late one.

        SQLite calls this for each part of a statement that it prepares. The progress handler is not called meanwhile.
        """
        self._parts += 1
        if self._parts > MOST_PARTS or (not self._parts % 500 and self.is_over_time()):
            return sqlite3.SQLITE_DENY
        return authorize(action, *names)

    def begin_statement(self) -> None:
        """Count the parts of the next statement from zero."""
        self._parts = 0

    def is_too_complex(self) -> bool:
        """Return whether the last statement had too many parts."""
        return self._parts > MOST_PARTS

    def set_progress_handler(self, progress_handler: Callable[[], int | None] | None, n: int) -> None:
        """Install the handler that checks the time limit, and keep it for `timed`."""
        self._progress_handler = progress_handler
        super().set_progress_handler(progress_handler, n)

    def check_time_often(self) -> None:
        """Check the time limit every 50 instructions of the next statement."""
        if self._progress_handler is not None:
            super().set_progress_handler(self._progress_handler, 50)

    def is_over_time(self) -> bool:
        """Return whether the running statement has exceeded its time limit."""
        return self._progress_handler is not None and bool(self._progress_handler())

    def timed(self, name: str, arguments: int) -> Callable[..., Any]:
        """Return SQLite's function `name` with a check of the time limit.

        After the time limit the function returns None, and SQLite stops soon after.
        """
        statement = f"SELECT {name}({', '.join('?' * arguments)})"

        def function(*values: Any) -> Any:
            if self.is_over_time():
                return None
            return self._functions.execute(statement, values).fetchone()[0]

        return function


class _GuardedCursor(sqlite3.Cursor):
    _budget: Budget | None = None
    _bytes_of_names: int | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> _GuardedCursor:
        if not isinstance(self.connection, GuardedConnection):
            raise TypeError("the cursor needs a GuardedConnection")
        self._budget, self._bytes_of_names = self.connection.budget or Budget(), None
        if "_fts" in sql.lower():
            _check_search(sql, parameters)
            self.connection.check_time_often()
        self.connection.begin_statement()
        try:
            super().execute(sql, parameters)
        except sqlite3.DatabaseError as error:
            if self.connection.is_too_complex():
                raise sqlite3.OperationalError("the statement has too many parts: make it shorter") from error
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_AUTH and self.connection.is_over_time():
                raise sqlite3.OperationalError("interrupted") from error
            raise
        return self

    def charge(self, values: tuple[Any, ...]) -> None:
        """Charge a row to the budget, with the column names that JSON repeats in each row."""
        if self._budget is None:
            return
        if self._bytes_of_names is None:
            self._bytes_of_names = sum(sent_bytes(column[0]) for column in self.description)
        self._budget.charge_row(values, self._bytes_of_names)


def _check_search(sql: str, parameters: Any) -> None:
    """Raise an error if a full-text search is too long, or could build a longer text."""
    values = parameters.values() if isinstance(parameters, dict) else parameters
    if len(sql) + sum(len(str(value)) for value in values) > _LONGEST_SEARCH:
        raise sqlite3.OperationalError(
            f"a full-text search may have at most {_LONGEST_SEARCH} characters: search for fewer words"
        )
    if _BUILDS_TEXT.search(sql):
        raise sqlite3.OperationalError("a full-text search cannot use functions or operators that build text")
