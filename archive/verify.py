"""What an archive can say of its own health."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from archive.captures import load_body
from archive.identity.keys import wording_digest
from archive.values import ListedEntry


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: what it is, where, and the command or act that mends it."""

    what: str
    where: str
    remedy: str


_RESTORE = "put back a copy of the archive from before; foreign-eyes crawl then goes on from there"

_REINDEX = "sqlite-utils rebuild-fts archive.db entries"


def verify(db: Database, *, seconds: float) -> Iterator[Problem]:
    """Yield what is wrong with an archive: structure, references, bodies and revisions by their digests, the search index.

    Bodies and revisions are looked at newest first, for about `seconds` at the most.
    """
    damages = [message for (message,) in db.execute("PRAGMA quick_check(5)") if message != "ok"]
    for message in damages:
        yield Problem(f"the file is damaged: {message}", "archive", _RESTORE)
    if damages:
        return  # what a damaged file says of its rows is worth nothing
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(5):
        yield Problem(f"row {row} of {table} refers to a row of {parent} that is not there", "archive", _RESTORE)
    unindexed = db.execute(
        "SELECT (SELECT count(*) FROM entries) - (SELECT count(*) FROM entries_fts_docsize)"
    ).fetchone()[0]
    if unindexed:
        yield Problem(f"the search index and the entries differ by {abs(unindexed)}", "table entries_fts", _REINDEX)
    until = time.monotonic() + seconds
    yield from _verify_bodies(db, lambda: time.monotonic() < until)
    yield from _verify_revisions(db, lambda: time.monotonic() < until + seconds)


def _verify_bodies(db: Database, going_on: Callable[[], bool]) -> Iterator[Problem]:
    for (body_sha256,) in db.execute("SELECT body_sha256 FROM bodies ORDER BY rowid DESC"):
        if not going_on():
            return
        try:
            load_body(db, body_sha256)
        except ValueError as error:
            yield Problem(str(error), "table bodies", _RESTORE)


def _verify_revisions(db: Database, going_on: Callable[[], bool]) -> Iterator[Problem]:
    columns = "revision_id, wording, excerpt, attribution, title, publication, commentary"
    query = f"SELECT {columns} FROM revisions ORDER BY revision_id DESC"  # noqa: S608 - our own column names
    for revision_id, wording, *texts in db.execute(query):
        if not going_on():
            return
        if wording_digest(ListedEntry(*texts)) != wording:
            yield Problem(
                f"revision {revision_id} does not have the text it was stored with", "table revisions", _RESTORE
            )
