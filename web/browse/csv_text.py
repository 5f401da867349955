"""Writes rows as CSV text (RFC 4180), with options for spreadsheets. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# a spreadsheet runs a cell that begins with one of these as a formula
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """Options of a CSV file.

    Attributes:
        bom: begin with a byte order mark, so that spreadsheets read the text as UTF-8.
        guard: put an apostrophe before texts that spreadsheets would run as formulas.
        heading: begin with a line of column names.
    """

    bom: bool = False
    guard: bool = False
    heading: bool = True


def csv_beginning(columns: Sequence[str], options: CsvOptions) -> str:
    """Return the text before the first row."""
    mark = BYTE_ORDER_MARK if options.bom else ""
    return mark + (csv_rows([columns], options) if options.heading else "")


def csv_rows(rows: Iterable[Sequence[object]], options: CsvOptions) -> str:
    """Return the lines of these rows; unknown values are empty, bytes are hexadecimal."""
    text = io.StringIO(newline="")
    cell = _guarded if options.guard else _plain
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _guarded(value: object) -> object:
    value = _plain(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_FORMULA) else value
