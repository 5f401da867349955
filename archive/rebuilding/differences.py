"""How two archives differ, table by table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

# What stands in an archive but for the files that were published from it, and where the search index has its own
TABLES = (
    *("sources", "crawls", "bodies", "captures", "identities", "decisions"),
    *("publications", "publication_aliases", "entries", "revisions", "listing_rows", "links", "changes"),
)
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """How the rows of one table differ: how many only one of two archives has, how many are not the same in both.

    `examples` name the first few rows by their key, each with the columns that differ, if it is in both.
    """

    table: str
    added: int
    removed: int
    changed: int
    examples: tuple[str, ...]


def compare(before: Database, after: Database) -> Iterator[Difference]:
    """Yield the tables in which two archives differ."""
    for table in TABLES:
        difference = _compare_table(before, after, table)
        if difference.added or difference.removed or difference.changed:
            yield difference


def _compare_table(before: Database, after: Database, table: str) -> Difference:
    """Walk both tables in the order of their keys, side by side: neither is held in memory."""
    columns = [row[1] for row in after.execute(f"PRAGMA table_info({table})")]
    keys = [row[1] for row in sorted(after.execute(f"PRAGMA table_info({table})"), key=lambda row: row[5]) if row[5]]
    query = f"SELECT {', '.join(keys)}, * FROM {table} ORDER BY {', '.join(keys)}"  # noqa: S608 - our own names
    width = len(keys)
    added = removed = changed = 0
    examples: list[str] = []
    for old, new in _side_by_side(before.execute(query), after.execute(query), width):
        if old == new:
            continue
        added, removed, changed = added + (old is None), removed + (new is None), changed + bool(old and new)
        if len(examples) < EXAMPLES:
            examples.append(_example(columns, keys, old, new))
    return Difference(table, added, removed, changed, tuple(examples))


def _side_by_side(
    old_rows: Iterator[tuple[Any, ...]], new_rows: Iterator[tuple[Any, ...]], width: int
) -> Iterator[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]:
    """Yield the rows of equal keys together, and the others alone."""
    old, new = next(old_rows, None), next(new_rows, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old[:width] < new[:width]):
            yield old, None
            old = next(old_rows, None)
        elif old is None or new[:width] < old[:width]:
            yield None, new
            new = next(new_rows, None)
        else:
            yield old, new
            old, new = next(old_rows, None), next(new_rows, None)


def _example(columns: list[str], keys: list[str], old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> str:
    row = old or new or ()
    name = ", ".join(f"{key} {value}" for key, value in zip(keys, row, strict=False))
    if old is None or new is None:
        return f"{name} ({'new' if old is None else 'gone'})"
    values = zip(columns, old[len(keys) :], new[len(keys) :], strict=True)
    return f"{name} ({', '.join(column for column, before, after in values if before != after)})"
