"""Comparing two archives table by table, and writing the differences into one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.entry_counts import recount
from foreign_eyes.archive.sealed_form import FORMS, SEAL_VERSION, SealedKey
from foreign_eyes.archive.search_indexes import rebuild_search

# All tables of an archive except those about published files, those of the search index, and the counts of entries, which
# triggers keep
COMPARED_TABLES = (
    *("redaction_secret", "redactions", "redaction_digests", "withheld_texts", "withheld_bodies"),
    *("archive", "sources", "renames", "forgotten_sources"),
    *("crawls", "bodies", "captures", "link_traffic", "identities", "recognitions", "decisions"),
    "confirmations",
    *("redatings", "redated_entries", "redated_crawls", "redated_captures"),
    *(
        "publications",
        "publication_aliases",
        "entries",
        "revisions",
        "restyles",
        "readings",
        "placements",
        "links",
        "changes",
    ),
    *("match_doubts", "told_texts", "told_words"),
)
MOST_EXAMPLES = 3
_SEALED = {table.name for table in FORMS[SEAL_VERSION]}

TableRow = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences of one table: the numbers of added, removed and changed rows.

    `examples` name the first few rows by key; a changed row with the columns that differ.
    """

    table: str
    added: int
    removed: int
    changed: int
    examples: tuple[str, ...]


def compare(before: Database, after: Database) -> Iterator[Difference]:
    """Yield the tables in which two archives differ."""
    for name in COMPARED_TABLES:
        table = _Table(after, name)
        added = removed = changed = 0
        examples: list[str] = []
        for old, new in table.differing(before, after):
            added, removed, changed = added + (old is None), removed + (new is None), changed + bool(old and new)
            if len(examples) < MOST_EXAMPLES:
                examples.append(table.example(old, new))
        if examples:
            yield Difference(name, added, removed, changed, tuple(examples))


def changed_rows(before: Database, after: Database) -> dict[str, list[SealedKey]]:
    """Return the keys of the changed rows of truth, which are in both archives, by table."""
    found: dict[str, list[SealedKey]] = {}
    for name in COMPARED_TABLES:
        table = _Table(after, name)
        if name in _SEALED and len(table.keys) == 1:
            found[name] = [table.key(old)[0] for old, new in table.differing(before, after) if old and new]
    return found


def put_back(db: Database, before: Database, after: Database) -> None:
    """Write the differences of `before` and `after` to `db`, within the transaction.

    Other tables, such as the list of published files, are not touched: other runs may have changed them since.
    """
    db.execute("PRAGMA defer_foreign_keys=ON")
    tables = [_Table(after, name) for name in COMPARED_TABLES]
    for table in tables:  # delete before inserting, since keys and unique values can move between rows
        db.conn.executemany(table.delete, (table.key(old) for old, _ in table.differing(before, after) if old))
    for table in tables:
        db.conn.executemany(table.insert, (new for _, new in table.differing(before, after) if new))
    rebuild_search(db)
    recount(db)
    db.execute("UPDATE derivations SET count = count + 1")


class _Table:
    """A table with its columns, keys and statements."""

    def __init__(self, db: Database, name: str):
        info = db.execute(f"PRAGMA table_info({name})").fetchall()
        self.columns = [column for _, column, *_ in info]
        self.keys = [column for _, column, *_, rank in sorted(info, key=itemgetter(5)) if rank]
        self.places = [self.columns.index(key) for key in self.keys]
        self.select = f"SELECT * FROM {name} ORDER BY {', '.join(self.keys)}"  # noqa: S608 - our own names, here and below
        self.insert = f"INSERT INTO {name} VALUES ({', '.join('?' for _ in self.columns)})"  # noqa: S608
        self.delete = f"DELETE FROM {name} WHERE {' AND '.join(f'{key} = ?' for key in self.keys)}"  # noqa: S608

    def key(self, row: TableRow) -> TableRow:
        """Return a row's key."""
        return tuple(row[place] for place in self.places)

    def differing(self, before: Database, after: Database) -> Iterator[tuple[TableRow | None, TableRow | None]]:
        """Yield pairs of rows that differ, by a merge of both tables in key order.

        A row that one table lacks is None.
        """
        old_rows, new_rows = before.execute(self.select), after.execute(self.select)
        old, new = next(old_rows, None), next(new_rows, None)
        while old is not None or new is not None:
            if new is None or (old is not None and self.key(old) < self.key(new)):
                yield old, None
                old = next(old_rows, None)
            elif old is None or self.key(new) < self.key(old):
                yield None, new
                new = next(new_rows, None)
            else:
                if old != new:
                    yield old, new
                old, new = next(old_rows, None), next(new_rows, None)

    def example(self, old: TableRow | None, new: TableRow | None) -> str:
        """Describe a row that differs."""
        row = old or new or ()
        name = ", ".join(f"{key} {value}" for key, value in zip(self.keys, self.key(row), strict=True))
        if old is None or new is None:
            return f"{name} ({'new' if old is None else 'gone'})"
        values = zip(self.columns, old, new, strict=True)
        return f"{name} ({', '.join(column for column, before, after in values if before != after)})"
