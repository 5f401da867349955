"""Checking the archive against its seals: the chain, every sealed row, and what stands there unsealed.

Unsealed rows are right where a run wrote them and has not come to its seal: the captures of a crawl that runs or was
killed, that crawl's row and source, what a reparse found since the last seal, and answers of links that the newest crawl
followed. Any other row that is not sealed was not written by Foreign Eyes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.damaged_text import read_leniently
from foreign_eyes.archive.problems import RESTORE, Problem, guarded
from foreign_eyes.archive.sealed_form import FORMS, SEAL_VERSION, SealedKey, SealedTable
from foreign_eyes.archive.seals import SealedRow, SealFacts, count_derivations, derived_by_parser, seal_digest

MOST_NAMED_ROWS = 5  # rows that a finding names

# tables in which a rebuild that writes no seal may add rows
_BY_REBUILD = {"identities", "recognitions", "changes", "told_words", "revisions", "listing_rows"}


def verify_seals(db: Database) -> Iterator[Problem]:
    """Yield what is wrong with the chain of seals, and each table of truth whose rows are not those that were sealed."""
    yield from guarded("table seals", lambda: _verify_chain(db))
    pending = _Pending.of(db)
    for table in FORMS[SEAL_VERSION]:
        yield from guarded(f"table {table.name}", partial(_verify_rows, db, table.name, pending))


def _verify_chain(db: Database) -> Iterator[Problem]:
    seals = {
        seal_id: (digest, SealFacts(*facts))
        for seal_id, digest, *facts in db.execute(
            "SELECT seal_id, digest, version, previous, made_at, reason, derivation, covered FROM seals NOT INDEXED"
            " ORDER BY seal_id"
        )
    }
    before: str | None = None
    for number, (seal_id, (digest, facts)) in enumerate(seals.items(), start=1):
        if seal_id != number or facts.previous != before:
            yield _broken(f"seal {seal_id} does not follow the seal before it")
        before = digest
    rows = db.execute(
        "SELECT seal_id, table_name, row_key, digest FROM sealed_rows ORDER BY seal_id, table_name, row_key"
    )
    found: set[int] = set()
    for seal_id, group in groupby(rows, key=itemgetter(0)):
        found.add(seal_id)
        if seal_id not in seals:
            yield _broken(f"seal {seal_id} is missing, and rows that it covers are left")
            continue
        digest, facts = seals[seal_id]
        if facts.version not in FORMS:
            what = f"seal {seal_id} has version {facts.version}, which this program does not know"
            yield Problem(what, "table seals", f"upgrade foreign-eyes; if that does not help: {RESTORE}")
        elif seal_digest(facts, [SealedRow(*row) for _, *row in group]) != digest:
            yield _broken(f"seal {seal_id} does not have the digest of what it covers")
    for seal_id in seals.keys() - found:
        yield _broken(f"seal {seal_id} covers nothing")


def _broken(what: str) -> Problem:
    return Problem(what, "table seals", RESTORE)


def _verify_rows(db: Database, name: str, pending: _Pending) -> Iterator[Problem]:
    """Compare each row with the newest seal over it, in the form of that seal's version."""
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
            there, its_version = sealed.get(key, (None, SEAL_VERSION))
            if its_version != version:
                continue
            seen.add(key)
            if there is None:
                unsealed.append(key)
            elif there != digest:
                changed.append(key)
    missing = [key for key, (digest, _) in sealed.items() if digest is not None and key not in seen]
    may_change = pending.may_change(db, name, changed)
    for keys, what in (
        ([key for key in changed if key not in may_change], "changed since {they} {were} sealed"),
        (missing, "missing, though {they} {were} sealed"),
        (pending.strange(db, name, unsealed), "there, though no run of Foreign Eyes wrote {them}"),
    ):
        if keys:
            yield Problem(_tell(keys, what), f"table {name}", RESTORE)


def _rows(db: Database, table: SealedTable) -> Iterator[tuple[Any, ...]]:
    """Yield a table's rows, also those with a text that is not UTF-8 any more: its bytes come as lone surrogates.

    By table scan: an index can be damaged. What keeps the scan from going on is an error.
    """
    query = f"{table.select} NOT INDEXED WHERE {table.only} {table.order}"
    values = {"derived_by": derived_by_parser(db)}
    try:
        rows = db.execute(query, values).fetchall()
    except sqlite3.OperationalError:  # such as a text that is not UTF-8
        with read_leniently(db):
            rows = db.execute(query, values).fetchall()
    yield from rows


def _tell(keys: Collection[SealedKey], what: str) -> str:
    if len(keys) == 1:
        return f"row {next(iter(keys))} is {what.format(they='it', were='was', them='it')}"
    named = ", ".join(map(str, list(keys)[:MOST_NAMED_ROWS])) + (", …" if len(keys) > MOST_NAMED_ROWS else "")
    return f"{len(keys)} rows are {what.format(they='they', were='were', them='them')}: {named}"


@dataclass(frozen=True, slots=True)
class _Pending:
    """What may stand unsealed: crawls that have not ended, or were closed as killed by one that runs, and rebuilt rows."""

    rebuilt: bool
    crawls: frozenset[int]
    newest_crawl: int

    @classmethod
    def of(cls, db: Database) -> _Pending:
        """Look it up; where damage hides it nothing may stand unsealed."""
        try:
            return cls._look(db)
        except Exception:
            return cls(rebuilt=False, crawls=frozenset(), newest_crawl=0)

    @classmethod
    def _look(cls, db: Database) -> _Pending:
        last = db.execute("SELECT derivation, covered FROM seals ORDER BY seal_id DESC LIMIT 1").fetchone()
        rebuilt = count_derivations(db) > (last[0] if last else 0)
        since = json.loads(last[1])["crawls"] if last else 0
        rows = db.execute(
            "SELECT crawl_id, outcome FROM crawls NOT INDEXED WHERE crawl_id > ? ORDER BY crawl_id", (since,)
        ).fetchall()
        still_open = {crawl_id for crawl_id, outcome in rows if outcome is None}
        killed = {
            crawl_id for crawl_id, outcome in rows if outcome == "failed" and any(crawl_id < one for one in still_open)
        }
        newest = db.execute("SELECT coalesce(max(crawl_id), 0) FROM crawls").fetchone()[0]
        return cls(rebuilt, frozenset(still_open | killed), newest)

    def strange(self, db: Database, table: str, keys: Collection[SealedKey]) -> list[SealedKey]:
        """Return those of the unsealed rows that no run can have left."""
        if table in _BY_REBUILD and self.rebuilt:
            return []
        may: Callable[[SealedKey], bool] = {"crawls": self.crawls.__contains__}.get(table, lambda key: False)
        if table == "captures":
            may = lambda key: self._is_of_open(db, key)  # noqa: E731
        elif table == "sources":
            may = self._sources(db).__contains__
        elif table in ("archive", "redaction_secret"):
            may = lambda key: not _any_sealed(db)  # noqa: E731
        return [key for key in keys if not may(key)]

    def may_change(self, db: Database, table: str, keys: Collection[SealedKey]) -> set[SealedKey]:
        """Return those of the changed rows that a run which has not come to its seal may have changed."""
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
