"""Verifying derived rows: they are derived again in a private copy and compared.

SQLite's own check of every index, the definitions of the tables, and the search index are verified, too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from functools import cache, partial
from hashlib import sha256

from sqlite_utils import Database

from foreign_eyes.archive.problems import REPARSE, RESTORE, Problem, damage_as_problem, limited, remedy_for
from foreign_eyes.archive.rebuilding.differences import COMPARED_TABLES
from foreign_eyes.archive.rebuilding.rebuild import RebuildProgress, is_current, rebuild
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.search_indexes import SEARCH_INDEXES, check_search, rebuild_search
from foreign_eyes.listing.values import Parser

# messages of integrity_check about an index that REINDEX repairs
_OF_INDEXES = ("missing from index", "wrong # of entries in index", "non-unique entry in index")


def verify_derived(
    db: Database, parser: Parser, *, at: datetime, authority: str, on_crawl: RebuildProgress = lambda done, total: None
) -> Iterator[Problem]:
    """Yield the problems of indexes, definitions, the search index and derived rows.

    The archive is not changed. `on_crawl` is called after each crawl that was settled again for comparison.
    """
    checks: dict[str, Callable[[], Iterable[Problem]]] = {
        "archive": partial(_verify_indexes, db),
        "table sqlite_schema": partial(_verify_schema, db),
        **{f"table {index}": partial(_verify_search, db, index) for index in SEARCH_INDEXES},
        **{f"table {name}": partial(_verify_readable, db, name) for name in COMPARED_TABLES if name != "bodies"},
        "what is derived": partial(_compare, db, parser, at, authority, on_crawl),
    }
    for where, check in checks.items():
        yield from limited(damage_as_problem(where, check, REPARSE if "fts" in where else RESTORE))


def _verify_readable(db: Database, table: str) -> Iterator[Problem]:
    """Read every value of a table.

    Invalid UTF-8 raises an error only then, and the comparison could not name the table.
    """
    for _ in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
        pass
    yield from ()


def repair_indexes(db: Database) -> bool:
    """Rebuild damaged indexes and the search index in one transaction.

    Return whether any was damaged.
    """
    problems = [
        *damage_as_problem("", partial(_verify_indexes, db)),
        *(problem for index in SEARCH_INDEXES for problem in damage_as_problem("", partial(_verify_search, db, index))),
    ]
    if not problems:
        return False
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("REINDEX")
        rebuild_search(db)
        db.execute("COMMIT")
    except sqlite3.Error:
        db.execute("ROLLBACK")
        raise
    return True


def _verify_indexes(db: Database) -> Iterator[Problem]:
    for (message,) in db.execute("PRAGMA integrity_check(20)").fetchall():
        if message != "ok":
            index = message.rpartition("index ")[2] if any(words in message for words in _OF_INDEXES) else ""
            row = db.execute(
                "SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = ?", (index,)
            ).fetchone()
            where = f"table {row[0]}" if row else "archive"
            yield Problem(f"the file is damaged: {message}", where, REPARSE if row else RESTORE)


def _verify_schema(db: Database) -> Iterator[Problem]:
    stored, expected = _definitions(db), _fresh_definitions()
    for name in sorted(stored.keys() | expected.keys()):
        if stored.get(name) != expected.get(name):
            yield Problem(f"{name} is not defined as Foreign Eyes defines it", "table sqlite_schema", RESTORE)


@cache
def _fresh_definitions() -> Mapping[str, str]:
    """Return the definitions in a new archive."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        fresh = Database(connection)
        migrations.apply(fresh)
        return _definitions(fresh)


def _definitions(db: Database) -> dict[str, str]:
    """Return the normalised SQL of tables, indexes, views and triggers by name.

    Versions of SQLite write definitions with different quotes and spaces.
    """
    rows = db.execute(
        "SELECT type || ' ' || name, tbl_name || ' ' || coalesce(sql, '') FROM sqlite_master"
        " WHERE name NOT LIKE '%\\_fts\\_%' ESCAPE '\\' AND name NOT LIKE '%sqlite\\_%' ESCAPE '\\'"
    )
    return {name: "".join(sql.replace('"', "").split()) for name, sql in rows}


def _verify_search(db: Database, index: str) -> Iterator[Problem]:
    """Compare the words of a search index with those of a new one.

    SQLite's own check can miss a flipped bit.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as copy:
        db.conn.backup(copy)
        try:
            check_search(copy, index)
            found = _words(copy, index)
            rebuild_search(copy)
            why = "" if _words(copy, index) == found else "a rebuilt one has other words"
        except sqlite3.DatabaseError as error:
            why = str(error)
    if why:
        what = f"the search index does not have the words of {SEARCH_INDEXES[index]} ({why})"
        yield Problem(what, f"table {index}", REPARSE)


def _words(connection: sqlite3.Connection, index: str) -> bytes:
    """Return a digest of all words in a search index, with their positions."""
    connection.execute(f"CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, {index}, instance)")
    digest = sha256()
    for row in connection.execute("SELECT term, doc, col, offset FROM temp.words"):
        digest.update(repr(row).encode())
    connection.execute("DROP TABLE temp.words")
    return digest.digest()


def _compare(
    db: Database, parser: Parser, at: datetime, authority: str, on_crawl: RebuildProgress
) -> Iterator[Problem]:
    if not is_current(db, parser):
        what = "another version of the parser derived the archive, so derived rows cannot be compared before it is derived again"
        yield Problem(what, "archive", REPARSE)
        return
    for difference in rebuild(db, parser, at=at, authority=authority, apply=False, on_crawl=on_crawl).differences:
        count = difference.added + difference.removed + difference.changed
        what = f"{count} rows differ from what the captures show, such as {'; '.join(difference.examples)}"
        yield Problem(what, f"table {difference.table}", remedy_for(difference.table))
