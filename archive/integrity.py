"""Whether an archive is what was written: its structure, references, seals, bodies, texts and the search index.

What is derived besides, and the indexes, are checked by `archive.rebuilding.deep_check`.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.announcement_check import verify_told_words
from foreign_eyes.archive.damaged_text import read_leniently
from foreign_eyes.archive.problems import REPARSE, RESTORE, Problem, few, guarded, remedy_for
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.listing.text_digests import identity_digest, wording_digest
from foreign_eyes.listing.values import ListedEntry

__all__ = ["Problem", "open_damaged", "verify"]

# bodies that are unpacked at a time, beside each other: both zlib and SHA-256 let other threads run
BATCH = 256


def verify(db: Database) -> Iterator[Problem]:
    """Yield what is wrong with an archive; what damage keeps from being looked at is told, and raises nothing."""
    looks: dict[str, Callable[[Database], Iterable[Problem]]] = {
        "archive": _verify_structure,
        "references between tables": _verify_references,
        "seals": verify_seals,
        "table bodies": _verify_bodies,
        "table told_texts": verify_told_words,
        "table revisions": _verify_revisions,
        "table entries_fts": _verify_search,
    }
    for where, look in looks.items():
        remedy = REPARSE if look in (_verify_revisions, _verify_search) else RESTORE
        yield from few(guarded(where, partial(look, db), remedy))


def open_damaged(path: Path) -> closing[sqlite3.Connection]:
    """Open an archive to look for damage, whatever its tables are; nothing is created or changed."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return closing(sqlite3.connect(uri, uri=True, isolation_level=None))


def _verify_structure(db: Database) -> Iterator[Problem]:
    found = _quick_check(db, "")
    if not found:
        return
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")]
    named = {name: told for name in tables if (told := _quick_check(db, f"('{name}')"))}
    for where, messages in ({f"table {name}": told for name, told in named.items()} or {"archive": found}).items():
        for message in messages:
            yield Problem(f"the file is damaged: {message}", where, RESTORE)


def _quick_check(db: Database, table: str) -> list[str]:
    """Return what SQLite finds wrong with the structure of a table, in brackets and quotes, or of the whole file."""
    try:
        messages = [message for (message,) in db.execute(f"PRAGMA quick_check{table or '(5)'}")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [message for message in messages if message != "ok"][:5]


def _verify_references(db: Database) -> Iterator[Problem]:
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(5):
        what = f"row {row} of {table} refers to a row of {parent} that is not there"
        yield Problem(what, f"table {table}", remedy_for(table))


def _verify_bodies(db: Database) -> Iterator[Problem]:
    """Unpack every body and compare it with its digest; find captures whose body is missing."""
    with read_leniently(db), ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        there: set[str] = set()
        # an operator removed the bytes of purged bodies; that decision is sealed
        rows = db.execute(
            "SELECT body_sha256, size, CASE WHEN length(zlib) = 0 AND body_sha256 IN"
            " (SELECT body_sha256 FROM withheld_bodies WHERE purged = 1) THEN NULL ELSE zlib END FROM bodies NOT INDEXED"
        )
        while batch := rows.fetchmany(BATCH):
            there |= {row[0] for row in batch}
            for found in threads.map(_body_problem, batch):
                if found is not None:
                    yield Problem(found, "table bodies", RESTORE)
        named = db.execute("SELECT DISTINCT body_sha256 FROM captures NOT INDEXED WHERE body_sha256 IS NOT NULL")
        for body_sha256 in {row[0] for row in named} - there:
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
    return None if len(body) == size else f"body {body_sha256}: it has {len(body)} bytes, and {size} are recorded"


def _verify_revisions(db: Database) -> Iterator[Problem]:
    columns = "revision_id, wording, excerpt, attribution, title, publication, commentary"
    with read_leniently(db):
        for revision_id, wording, *texts in db.execute(f"SELECT {columns} FROM revisions NOT INDEXED"):  # noqa: S608
            try:
                listed = ListedEntry(*texts)
                # rows of older parsers keep the digest with which they were stored
                is_same = wording in (wording_digest(listed), identity_digest(listed))
            except (TypeError, UnicodeError, AttributeError):
                is_same = False
            if not is_same:
                what = f"revision {revision_id} does not have the text it was stored with"
                yield Problem(what, "table revisions", REPARSE)


def _verify_search(db: Database) -> Iterator[Problem]:
    unindexed = db.execute(
        "SELECT (SELECT count(*) FROM entries NOT INDEXED) - (SELECT count(*) FROM entries_fts_docsize)"
    ).fetchone()[0]
    if unindexed:
        what = f"the search index and the entries differ by {abs(unindexed)}"
        yield Problem(what, "table entries_fts", REPARSE)
