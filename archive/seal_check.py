"""Check the archive against its seals: the chain, each sealed row, and rows without a seal.

A row may be unsealed if a run wrote it and has not written its seal yet: the captures of a crawl that runs or was killed,
that crawl's row and source, the rows that a reparse added since the last seal, and the responses of links that the newest
crawl followed. Foreign Eyes did not write any other unsealed row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.damaged_text import read_leniently
from foreign_eyes.archive.problems import RESTORE, Problem, damage_as_problem
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.sealed_form import FORMS, SEAL_VERSION, SealedKey, SealedTable
from foreign_eyes.archive.seals import SealedRow, SealFacts, count_derivations, derived_by_parser, seal_digest

MOST_NAMED_ROWS = 5  # the most rows that one problem names

# tables in which a rebuild that writes no seal may add rows
_BY_REBUILD = {"identities", "recognitions", "changes", "told_words", "revisions", "listing_rows"}


def verify_seals(db: Database) -> Iterator[Problem]:
    """Yield the problems of the chain of seals, and of rows that differ from the sealed ones."""
    yield from damage_as_problem("table seals", lambda: _verify_chain(db))
    pending, missing = _Pending.of(db), _missing_tables(db)
    for table in FORMS[SEAL_VERSION]:
        if table.name in missing:
            continue
        yield from damage_as_problem(f"table {table.name}", partial(_verify_rows, db, table.name, pending))


def _is_of_older_version(db: Database) -> bool:
    with suppress(sqlite3.Error):  # the check of the structure reports damage
        return bool(migrations.pending(db))
    return False


def _missing_tables(db: Database) -> set[str]:
    """Return the tables that an archive of an older version does not have yet."""
    if not _is_of_older_version(db):
        return set()
    existing = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    return {table.name for table in FORMS[SEAL_VERSION]} - existing


def _missing_columns(db: Database, table: SealedTable) -> set[str]:
    """Return the later columns that the table of an archive of an older version does not have yet."""
    if not table.later or not _is_of_older_version(db):
        return set()
    return table.later.keys() - {column for _, column, *_ in db.execute(f"PRAGMA table_info({table.name})")}


def _verify_chain(db: Database) -> Iterator[Problem]:
    seals = {
        seal_id: (digest, SealFacts(*facts))
        for seal_id, digest, *facts in db.execute(
            "SELECT seal_id, digest, version, previous, made_at, reason, derivation, covered FROM seals NOT INDEXED"
            " ORDER BY seal_id"
        )
    }
    previous: str | None = None
    for number, (seal_id, (digest, facts)) in enumerate(seals.items(), start=1):
        if seal_id != number or facts.previous != previous:
            yield _broken(f"seal {seal_id} does not follow the seal before it")
        previous = digest
    rows = db.execute(
        "SELECT seal_id, table_name, row_key, digest FROM sealed_rows ORDER BY seal_id, table_name, row_key"
    )
    found: set[int] = set()
    for seal_id, group in groupby(rows, key=itemgetter(0)):
        found.add(seal_id)
        if seal_id not in seals:
            yield _broken(f"seal {seal_id} is missing, but rows that it covers are there")
            continue
        digest, facts = seals[seal_id]
        if facts.version not in FORMS:
            what = f"seal {seal_id} has version {facts.version}, which this version of the program cannot check"
            yield Problem(what, "table seals", f"upgrade foreign-eyes; if that does not help: {RESTORE}")
        elif seal_digest(facts, [SealedRow(*row) for _, *row in group]) != digest:
            yield _broken(f"the digest of seal {seal_id} does not match the rows that it covers")
    for seal_id in seals.keys() - found:
        yield _broken(f"seal {seal_id} covers no row")


def _broken(what: str) -> Problem:
    return Problem(what, "table seals", RESTORE)


def _verify_rows(db: Database, name: str, pending: _Pending) -> Iterator[Problem]:
    """Compare each row with its newest seal, in the form of that seal's version."""
    versions: dict[int, int] = dict(db.execute("SELECT seal_id, version FROM seals").fetchall())
    rows = db.execute(
        "SELECT row_key, digest, seal_id FROM sealed_rows WHERE table_name = ? ORDER BY row_key, seal_id", (name,)
    )
    sealed: dict[SealedKey, tuple[bytes | None, int]] = {
        key: (digest, versions.get(seal_id, SEAL_VERSION)) for key, digest, seal_id in rows
    }
    changed: list[SealedKey] = []
    unsealed: list[SealedKey] = []
    seen: set[SealedKey] = set()
    for version in sorted({SEAL_VERSION, *versions.values()} & FORMS.keys()):
        table = next((table for table in FORMS[version] if table.name == name), None)
        if table is None:
            continue
        for key, digest in table.digests(_rows(db, table)):
            sealed_digest, sealed_version = sealed.get(key, (None, SEAL_VERSION))
            if sealed_version != version:
                continue
            seen.add(key)
            if sealed_digest is None:
                unsealed.append(key)
            elif sealed_digest != digest:
                changed.append(key)
    missing = [key for key, (digest, _) in sealed.items() if digest is not None and key not in seen]
    may_change = pending.may_change(db, name, changed)
    for keys, finding in (
        ([key for key in changed if key not in may_change], "changed since {they} {were} sealed"),
        (missing, "missing, though {they} {were} sealed"),
        (pending.unexplained(db, name, unsealed), "not sealed, and not written by a run of Foreign Eyes"),
    ):
        if keys:
            yield Problem(_describe(keys, finding), f"table {name}", RESTORE)


def _rows(db: Database, table: SealedTable) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table.

    Bytes of a text that are no longer UTF-8 are decoded as lone surrogates. The query scans the table, since an index can be
    damaged. Damage that stops the scan raises an error.
    """
    select = table.select_from(_missing_columns(db, table))
    query = f"{select} NOT INDEXED WHERE {table.only} {table.order}"
    values = {"derived_by": derived_by_parser(db)}
    try:
        rows = db.execute(query, values).fetchall()
    except sqlite3.OperationalError:  # for example because a text is not UTF-8
        with read_leniently(db):
            rows = db.execute(query, values).fetchall()
    yield from rows


def _describe(keys: Collection[SealedKey], finding: str) -> str:
    if len(keys) == 1:
        return f"row {next(iter(keys))} is {finding.format(they='it', were='was')}"
    named = ", ".join(map(str, list(keys)[:MOST_NAMED_ROWS])) + (", …" if len(keys) > MOST_NAMED_ROWS else "")
    return f"{len(keys)} rows are {finding.format(they='they', were='were')}: {named}"


@dataclass(frozen=True, slots=True)
class _Pending:
    """The rows that may be unsealed.

    They are rows of a rebuild, and of crawls that have not ended or were killed before such a crawl.
    """

    rebuilt: bool
    crawls: frozenset[int]
    newest_crawl: int

    @classmethod
    def of(cls, db: Database) -> _Pending:
        """Read it from the archive; if damage prevents that, no row may be unsealed."""
        try:
            return cls._read(db)
        except Exception:
            return cls(rebuilt=False, crawls=frozenset(), newest_crawl=0)

    @classmethod
    def _read(cls, db: Database) -> _Pending:
        last = db.execute("SELECT derivation, covered FROM seals ORDER BY seal_id DESC LIMIT 1").fetchone()
        rebuilt = count_derivations(db) > (last[0] if last else 0)
        since = json.loads(last[1])["crawls"] if last else 0
        rows = db.execute(
            "SELECT crawl_id, outcome FROM crawls NOT INDEXED WHERE crawl_id > ? ORDER BY crawl_id", (since,)
        ).fetchall()
        still_open = {crawl_id for crawl_id, outcome in rows if outcome is None}
        killed = {
            crawl_id for crawl_id, outcome in rows if outcome == "failed" and crawl_id < max(still_open, default=0)
        }
        newest = db.execute("SELECT coalesce(max(crawl_id), 0) FROM crawls").fetchone()[0]
        return cls(rebuilt, frozenset(still_open | killed), newest)

    def unexplained(self, db: Database, table: str, keys: Collection[SealedKey]) -> list[SealedKey]:
        """Return the unsealed rows that no run of Foreign Eyes can have written."""
        if table in _BY_REBUILD and self.rebuilt:
            return []
        is_explained: Callable[[SealedKey], bool] = {"crawls": self.crawls.__contains__}.get(table, lambda key: False)
        if table == "captures":
            is_explained = lambda key: self._is_of_open(db, key)  # noqa: E731
        elif table == "sources":
            is_explained = self._sources(db).__contains__
        elif table in ("archive", "redaction_secret"):
            is_explained = lambda key: not _any_sealed(db)  # noqa: E731
        return [key for key in keys if not is_explained(key)]

    def may_change(self, db: Database, table: str, keys: Collection[SealedKey]) -> set[SealedKey]:
        """Return the changed rows that a run may have changed before its seal."""
        return set(keys) & self._sources(db) if table == "sources" else set()

    def _is_of_open(self, db: Database, key: SealedKey) -> bool:
        crawl_id, purpose = db.execute(
            "SELECT crawl_id, purpose FROM captures NOT INDEXED WHERE capture_id = ?", (key,)
        ).fetchone()
        return crawl_id in self.crawls or (purpose == "link" and crawl_id == self.newest_crawl)

    def _sources(self, db: Database) -> set[SealedKey]:
        rows = db.execute("SELECT crawl_id, source_id FROM crawls NOT INDEXED")
        return {source_id for crawl_id, source_id in rows if crawl_id in self.crawls}


def _any_sealed(db: Database) -> bool:
    return db.execute("SELECT 1 FROM seals LIMIT 1").fetchone() is not None
