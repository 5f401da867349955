"""Prints the rows of a query as a table, as JSON or as CSV."""

from __future__ import annotations

import csv
import io
import sys
from base64 import b64encode
from itertools import islice
from typing import BinaryIO, Literal

import click

from foreign_eyes.archive.read_only_sql import QueryResult, Value
from foreign_eyes.cli.terminal import console, escaped, json_text, print_line, printable

Format = Literal["table", "json", "csv"]

MOST_TABLE_ROWS = 1_000
# the width of a table without a terminal, in columns; longer values are cut
WIDEST_CELL = 200


def write_rows(result: QueryResult, chosen: Format, spool: BinaryIO) -> str:
    """Write the rows of a query to `spool`; return a note for the reader, or an empty text."""
    text = io.TextIOWrapper(spool, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)
    try:
        if chosen == "table":
            return _write_table(result, text)
        (_write_json if chosen == "json" else _write_csv)(result, text)
        return ""
    finally:
        text.detach()  # `spool` stays open


def print_rows(spool: BinaryIO, note: str) -> None:
    """Copy what `write_rows` wrote to standard output; characters that its encoding lacks are escaped."""
    spool.seek(0)
    encoding, to_terminal = sys.stdout.encoding, sys.stdout.isatty()
    for line in io.TextIOWrapper(spool, encoding="utf-8", newline="\n"):
        safe = escaped(line) if to_terminal else line
        click.echo(safe.encode(encoding, "backslashreplace").decode(encoding), nl=False)
    if note:
        print_line(note, err=True)


def _write_table(result: QueryResult, text: io.TextIOWrapper) -> str:
    from rich import box
    from rich.table import Table

    rows = list(islice(result.rows, MOST_TABLE_ROWS + 1))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="")
    for number, name in enumerate(result.columns):
        is_number = all(isinstance(row[number], int | float | None) for row in rows)
        table.add_column(printable(name), justify="right" if is_number else "left", no_wrap=True, overflow="ellipsis")
    for row in rows[:MOST_TABLE_ROWS]:
        table.add_row(*map(_cell, row))
    # without a terminal nothing limits the width
    screen = console(sys.stdout, None if sys.stdout.isatty() else (WIDEST_CELL + 3) * (len(result.columns) + 1))
    with screen.capture() as capture:
        screen.print(table)
    text.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())
    if len(rows) > MOST_TABLE_ROWS:
        return f"only the first {MOST_TABLE_ROWS:,} rows are shown; --csv and --json print all"
    return "" if rows else "no rows"


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    cell = printable(str(value))
    return cell if len(cell) <= WIDEST_CELL else f"{cell[: WIDEST_CELL - 1]}…"


def _write_json(result: QueryResult, text: io.TextIOWrapper) -> None:
    text.write(f'{{\n  "columns": {json_text(list(result.columns))},\n  "rows": [')
    separator = "\n"
    for row in result.rows:
        values = [_json_value(value) for value in row]
        text.write(f"{separator}    {json_text(dict(zip(result.columns, values, strict=True)))}")
        separator = ",\n"
    text.write("]\n}\n" if separator == "\n" else "\n  ]\n}\n")


def _json_value(value: Value) -> object:
    if isinstance(value, bytes):  # as Datasette writes bytes
        return {"$base64": True, "encoded": b64encode(value).decode()}
    # JSON has no infinity
    return str(value) if isinstance(value, float) and value in (float("inf"), float("-inf")) else value


def _write_csv(result: QueryResult, text: io.TextIOWrapper) -> None:
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows([value.hex() if isinstance(value, bytes) else value for value in row] for row in result.rows)
