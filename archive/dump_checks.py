"""Check the rows of an export before they are used.

Each row is checked by its struct, then the references between rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from foreign_eyes.archive.dump_column_types import read_text_column
from foreign_eyes.archive.dump_row_types import ROW_TYPES

DumpRow = Mapping[str, Any]

_IDS = (("sources", "source_id"), ("crawls", "crawl_id"), ("captures", "capture_id"))
_REFERENCES = (("crawls", "source_id", "sources"), ("captures", "crawl_id", "crawls"))


class InvalidDump(ValueError):
    """Rows that no archive can hold.

    `row` is the number of the first such row in `table`, from 1, if it is known; `why` says what is wrong with it.
    """

    def __init__(self, table: str, why: str, row: int | None = None):
        where = f"table {table}" if row is None else f"table {table}, row {row}"
        super().__init__(f"{where}: {why}")
        self.table = table
        self.row = row
        self.why = why


def check_rows(rows: Mapping[str, Sequence[DumpRow]]) -> None:
    """Check the rows of an export, by table.

    Raises:
        InvalidDump: an archive cannot hold one of them.
    """
    for table, found in rows.items():
        for number, row in enumerate(found, start=1):
            try:
                msgspec.convert(row, ROW_TYPES[table], strict=True, dec_hook=read_text_column)
            except ValueError as error:  # msgspec's, or of a text that cannot be encoded
                raise InvalidDump(table, str(error), number) from None
    _check_references(rows)


def _check_references(rows: Mapping[str, Sequence[DumpRow]]) -> None:
    """Check ids and references that SQLite cannot check.

    Rows that are added to an archive with crawls get new ids.
    """
    for table, column in _IDS:
        known: set[Any] = set()
        for number, row in enumerate(rows.get(table, ()), start=1):
            if row[column] in known:
                raise InvalidDump(table, f"{column} {row[column]} is not unique", number)
            known.add(row[column])
    for table, column, parent in _REFERENCES:
        known = {row[column] for row in rows.get(parent, ())}
        for number, row in enumerate(rows.get(table, ()), start=1):
            if row[column] not in known:
                raise InvalidDump(table, f"{column} {row[column]} is not in table {parent}", number)
