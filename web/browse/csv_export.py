"""Reads whole tables, views and queries for CSV, without long locks and in little memory.

Datasette checks the request and builds the statement. If the rows have an integer key, the keys of all rows are read
first, in the order of the statement (8 bytes each), and then the rows by their keys, `ENTRIES_AT_ONCE` at a time. So a
search runs once, every part costs the same, ties in the order cannot repeat or skip a row, and no statement runs while
the client reads. Other tables are read a thousand rows at a time, each part after the last key of the previous one.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from datasette.database import QueryInterrupted  # type: ignore[import-untyped]
from datasette.utils import escape_sqlite, sqlite_timelimit, tilde_decode  # type: ignore[import-untyped]
from datasette.utils.asgi import BadRequest, NotFound, Request  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]
from datasette.views.database import QueryView  # type: ignore[import-untyped]
from datasette.views.row import RowView  # type: ignore[import-untyped]
from datasette.views.table import TableView  # type: ignore[import-untyped]

from foreign_eyes.web.browse.errors import Busy
from foreign_eyes.web.browse.request_budgets import current_budget

# keys of one statement, so that a writer waits for 100 ms rather than for all of them
KEYS_AT_ONCE = 100_000
# how often the keys are read if a crawl commits meanwhile
_MOST_TRIES = 3
# views with an integer key, and the column of the key
KEYED_VIEWS = {"current_entries": "entry_id", "crawl_log": "crawl_id"}
# rows per statement; the limit of 8 MB (see `budget`) leaves 32 KB for each entry, or 8 KB for other rows
ENTRIES_AT_ONCE = 250
ROWS_AT_ONCE = 1000

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Export:
    """The columns of a CSV file, and its rows in parts.

    An error before the first part becomes an error response; a later one cuts the file off.
    """

    columns: list[str]
    parts: AsyncIterator[Rows]


async def read_export(datasette: Any, request: Any) -> Export:
    """Return the rows for a CSV request.

    Raises:
        DatasetteError: the statement is wrong, refused or too slow.
        NotFound: the table, view or query does not exist.
    """
    variables = request.url_vars
    if "pks" in variables:
        return _once(await RowView(datasette).data(request))
    if "table" not in variables:
        if not (sql := request.args.get("sql")):
            raise NotFound("CSV of a statement needs ?sql=")
        return await _whole_query(datasette, await QueryView(datasette).data(request, sql))
    is_whole = bool(request.args.get("_stream"))
    if is_whole and request.args.get("_next"):
        raise BadRequest("_next cannot be used with _stream, which returns all rows: leave one of them out")
    # with _size=0 Datasette returns the statement and its columns without rows
    first = _with(request, _nocount="1", _nofacet="1", **({"_size": "0"} if is_whole else {}))
    answer = await TableView(datasette).data(first)
    if not isinstance(answer, tuple):  # a redirect
        raise BadRequest("The address has an argument of a form, which CSV does not support: remove it.")
    data = answer[0]
    if "query_name" in data:
        return await _whole_query(datasette, answer)
    if not is_whole:
        return _once(answer)
    table = tilde_decode(variables["table"])
    source = _Source(datasette, table, data)
    if (key := await source.number_key()) is not None:
        return Export(_headings(data), source.by_key(key, await source.read_keys(key)))
    return Export(_headings(data), source.by_place())


def _with(request: Any, **parameters: str) -> Any:
    pairs = [pair for pair in parse_qsl(request.query_string, keep_blank_values=True) if pair[0] not in parameters]
    query = urlencode([*pairs, *parameters.items()])
    return Request({**request.scope, "query_string": query.encode()}, request.receive)


def _headings(data: dict[str, Any]) -> list[str]:
    labelled = set(data.get("expanded_columns") or ())
    return [
        heading for name in data["columns"] for heading in ((name, f"{name}_label") if name in labelled else (name,))
    ]


def _once(answer: tuple[Any, ...]) -> Export:
    data = answer[0]

    async def parts() -> AsyncIterator[Rows]:
        yield _cells(data, data["rows"])

    return Export(_headings(data), parts())


async def _whole_query(datasette: Any, answer: tuple[Any, ...]) -> Export:
    """Return all rows of a query; Datasette's page has only the first thousand."""
    data = answer[0]
    if data["error"]:
        raise DatasetteError(data["error"], title="Invalid SQL", status=400)
    if data["truncated"]:
        current_budget().forget_rows()
        found = await datasette.get_database(data["database"]).execute(data["query"]["sql"], data["query"]["params"])
        data = {**data, "rows": found.rows}
    return _once((data,))


def _cells(data: dict[str, Any], rows: Any) -> Rows:
    labelled = set(data.get("expanded_columns") or ())
    if not labelled:
        return [tuple(row) for row in rows]
    return [tuple(_with_label(data["columns"], labelled, row)) for row in rows]


def _with_label(columns: Sequence[str], labelled: set[str], row: Sequence[Any]) -> list[object]:
    cells: list[object] = []
    for name, value in zip(columns, row, strict=True):
        if name not in labelled:
            cells.append(value)
        elif isinstance(value, dict):
            cells += value["value"], value["label"]
        else:
            cells += value, None
    return cells


class _Source:
    """A table or view, and the statement that Datasette made for it."""

    def __init__(self, datasette: Any, table: str, data: dict[str, Any]) -> None:
        self._datasette, self._table, self._data = datasette, table, data
        self._database = datasette.get_database(data["database"])
        self._sql: str = data["query"]["sql"].removesuffix(" limit 1")
        self._values: dict[str, Any] = data["query"]["params"]
        self._columns = ", ".join(map(escape_sqlite, data["columns"]))

    async def number_key(self) -> str | None:
        """Return the integer key of the rows, or None."""
        if self._table in KEYED_VIEWS:
            return KEYED_VIEWS[self._table]
        columns = await self._database.table_column_details(self._table)
        keys = [column for column in columns if column.is_pk]
        if not keys and await self._database.table_exists(self._table):
            return "rowid"
        return str(keys[0].name) if len(keys) == 1 and keys[0].type.upper() == "INTEGER" else None

    async def read_keys(self, key: str) -> array[int]:
        """Return the keys of all rows, in the order of the statement."""
        name = escape_sqlite(self._table)
        rest = self._sql.removeprefix(f"select {self._columns} from {name} ")  # noqa: S608 - names of the archive
        statement = f"select {escape_sqlite(key)} from {name} {rest}"  # noqa: S608
        # a part takes 100 ms, but more on a busy machine
        limit = 2 * self._datasette.setting("sql_time_limit_ms")

        def read(connection: Any) -> array[int]:
            for _ in range(_MOST_TRIES):
                version = connection.execute("pragma data_version").fetchone()[0]
                keys = array("q")
                while len(keys) % KEYS_AT_ONCE == 0:
                    part = self._read_part(connection, f"{statement} limit {KEYS_AT_ONCE} offset {len(keys)}", limit)
                    keys.extend(part)
                    if not part:
                        break
                # parts from before and after a commit do not fit together
                if connection.execute("pragma data_version").fetchone()[0] == version:
                    return keys
            raise Busy("Crawls write to the archive. Try again in a minute.", retry_after=60)

        try:
            return cast("array[int]", await self._database.execute_fn(read))
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise QueryInterrupted(error, statement, self._values) from error
            raise

    def _read_part(self, connection: Any, statement: str, limit: int) -> array[int]:
        with sqlite_timelimit(connection, limit):
            cursor = connection.cursor()
            # keys become no rows, which would be charged to the budget of the request
            cursor.row_factory = None
            return array("q", (key for (key,) in cursor.execute(statement, self._values)))

    async def by_key(self, key: str, keys: array[int]) -> AsyncIterator[Rows]:
        """Yield the rows with these keys, without those that were deleted in the meantime."""
        columns = ", ".join(f"t.{escape_sqlite(name)}" for name in self._data["columns"])
        statement = (
            f"select {columns} from json_each(:keys) k cross join {escape_sqlite(self._table)} t"  # noqa: S608
            f" on t.{escape_sqlite(key)} = k.value order by k.id"
        )
        for start in range(0, len(keys), ENTRIES_AT_ONCE):
            part = json.dumps(keys[start : start + ENTRIES_AT_ONCE].tolist())
            yield await self._labelled(await self._database.execute(statement, {"keys": part}))

    async def by_place(self) -> AsyncIterator[Rows]:
        """Yield the rows of a table without an integer key: in key order, otherwise by OFFSET."""
        keys = await self._database.primary_keys(self._table)
        order = ", ".join(map(escape_sqlite, keys))
        found = await self._database.execute(f"{self._sql} limit {ROWS_AT_ONCE}", self._values)
        count = 0
        while found.rows:
            yield await self._labelled(found)
            count += len(found.rows)
            if len(found.rows) < ROWS_AT_ONCE:
                return
            if keys and self._sql.endswith(f"order by {order}"):
                # bind the values with their types: Datasette binds texts, which sort after all numbers
                last = {f"last_{number}": found.rows[-1][key] for number, key in enumerate(keys)}
                marks = ", ".join(f":{name}" for name in last)
                statement = (
                    f"select * from ({self._sql.removesuffix(f'order by {order}')}) where ({order}) > ({marks})"  # noqa: S608
                    f" order by {order} limit {ROWS_AT_ONCE}"
                )
                found = await self._database.execute(statement, {**self._values, **last})
            else:
                found = await self._database.execute(f"{self._sql} limit {ROWS_AT_ONCE} offset {count}", self._values)

    async def _labelled(self, found: Any) -> Rows:
        """Return the cells of rows, with the labels of foreign keys as Datasette's pages have them."""
        columns, rows = self._data["columns"], [list(row) for row in found.rows]
        for name in self._data.get("expanded_columns") or ():
            place = columns.index(name)
            values = [row[place] for row in rows]
            labels = await self._datasette.expand_foreign_keys(self._data["database"], self._table, name, values)
            for row in rows:
                if (name, row[place]) in labels:
                    row[place] = {"value": row[place], "label": labels[name, row[place]]}
        return _cells(self._data, rows)
