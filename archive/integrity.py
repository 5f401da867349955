"""Check that an archive holds what was written.

The checks cover structure, references, seals, bodies, texts and the search index. `archive.rebuilding.deep_check` checks the
other derived tables and the indexes.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.announcement_check import verify_announced_texts
from foreign_eyes.archive.damaged_text import read_leniently
from foreign_eyes.archive.entry_counts import COUNTS, verify_counts
from foreign_eyes.archive.problems import REPARSE, RESTORE, Problem, damage_as_problem, limited, remedy_for
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.archive.search_indexes import SEARCH_INDEXES
from foreign_eyes.archive.text_columns import TEXT_COLUMNS
from foreign_eyes.listing.text_digests import identity_digest, wording_digest
from foreign_eyes.listing.values import ListedEntry

__all__ = ["Problem", "open_damaged", "verify"]

# bodies that the threads decompress at a time; zlib and SHA-256 release the interpreter's lock
BATCH = 256


def verify(db: Database) -> Iterator[Problem]:
    """Yield the problems of an archive of any version that has seals.

    A check that fails because of damage yields that as a problem. Tables that its version does not have yet are not checked.
    """
    tables = _tables_to_check(db)
    checks: dict[str, Callable[[Database], Iterable[Problem]]] = {
        "archive": _verify_structure,
        "references between tables": _verify_references,
        "seals": verify_seals,
        "table bodies": _verify_bodies,
        "table told_texts": verify_announced_texts if "told_texts" in tables else _nothing,
        "table revisions": _verify_revisions,
        "search indexes": partial(_verify_search, tables=tables),
        "counts of entries": partial(verify_counts, tables=tables),
    }
    for where, check in checks.items():
        remedy = REPARSE if where in ("table revisions", "search indexes", "counts of entries") else RESTORE
        yield from limited(damage_as_problem(where, partial(check, db), remedy))


def _tables_to_check(db: Database) -> Container[str]:
    """Return the tables that the archive must have; fewer if an older version made it."""
    expected = {"told_texts", *SEARCH_INDEXES, *COUNTS}
    with suppress(sqlite3.Error):  # the check of the structure reports damage
        if migrations.pending(db):
            return expected & set(db.table_names())
    return expected


def _nothing(_db: Database) -> Iterator[Problem]:
    yield from ()


def open_damaged(path: Path) -> closing[sqlite3.Connection]:
    """Open an archive read-only to look for damage, without a check of its tables."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return closing(sqlite3.connect(uri, uri=True, isolation_level=None))


def _verify_structure(db: Database) -> Iterator[Problem]:
    found = _quick_check(db, "")
    if not found:
        return
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")]
    by_table = {f"table {name}": messages for name in tables if (messages := _quick_check(db, f"('{name}')"))}
    for where, messages in (by_table or {"archive": found}).items():
        for message in messages:
            yield Problem(f"the file is damaged: {message}", where, RESTORE)


def _quick_check(db: Database, argument: str) -> list[str]:
    """Return SQLite's messages about the structure of a table or of the whole file.

    `argument` is "('name')" for a table, "" for the file.
    """
    try:
        messages = [message for (message,) in db.execute(f"PRAGMA quick_check{argument or '(5)'}")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [message for message in messages if message != "ok"][:5]


def _verify_references(db: Database) -> Iterator[Problem]:
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(5):
        what = f"row {row} of {table} refers to a missing row of {parent}"
        yield Problem(what, f"table {table}", remedy_for(table))


def _verify_bodies(db: Database) -> Iterator[Problem]:
    """Decompress each body and compare it with its digest; find captures whose body is missing."""
    with read_leniently(db), ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        stored: set[str] = set()
        # an operator removed the bytes of purged bodies; that decision is sealed
        rows = db.execute(
            "SELECT body_sha256, size, CASE WHEN length(zlib) = 0 AND body_sha256 IN"
            " (SELECT body_sha256 FROM withheld_bodies WHERE purged = 1) THEN NULL ELSE zlib END FROM bodies NOT INDEXED"
        )
        while batch := rows.fetchmany(BATCH):
            stored |= {row[0] for row in batch}
            for found in threads.map(_body_problem, batch):
                if found is not None:
                    yield Problem(found, "table bodies", RESTORE)
        captured = db.execute("SELECT DISTINCT body_sha256 FROM captures NOT INDEXED WHERE body_sha256 IS NOT NULL")
        for body_sha256 in {row[0] for row in captured} - stored:
            yield Problem(f"body {body_sha256} is missing", "table bodies", RESTORE)


def _body_problem(row: tuple[str, int, bytes | None]) -> str | None:
    body_sha256, size, packed = row
    if packed is None:
        return None
    try:
        body = zlib.decompress(packed)
    except (zlib.error, TypeError) as error:
        return f"body {body_sha256}: {error}"
    if sha256(body).hexdigest() != body_sha256:
        return f"body {body_sha256}: its bytes have another digest"
    return None if len(body) == size else f"body {body_sha256}: it has {len(body)} bytes, but {size} are recorded"


def _verify_revisions(db: Database) -> Iterator[Problem]:
    columns = f"revision_id, wording, {TEXT_COLUMNS}"
    with read_leniently(db):
        for revision_id, wording, *texts in db.execute(f"SELECT {columns} FROM revisions NOT INDEXED"):  # noqa: S608
            try:
                listed = ListedEntry(*texts)
                # rows of older parsers keep the digest with which they were stored
                is_same = wording in (wording_digest(listed), identity_digest(listed))
            except (TypeError, UnicodeError, AttributeError):
                is_same = False
            if not is_same:
                what = f"the text of revision {revision_id} does not match its digest"
                yield Problem(what, "table revisions", REPARSE)


def _verify_search(db: Database, tables: Container[str]) -> Iterator[Problem]:
    for index, table in SEARCH_INDEXES.items():
        if index not in tables:
            continue
        unindexed = db.execute(
            f"SELECT (SELECT count(*) FROM {table} NOT INDEXED) - (SELECT count(*) FROM {index}_docsize)"  # noqa: S608
        ).fetchone()[0]
        if unindexed:
            what = f"the number of rows in the search index differs from that of {table} by {abs(unindexed)}"
            yield Problem(what, f"table {index}", REPARSE)
