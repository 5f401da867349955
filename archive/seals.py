"""The chain of seals over the archive's truth (the tables that cannot be derived).

A seal covers the rows that were written since the previous seal. `sealed_rows` has a digest of each; the seal's own digest is
computed over these, the seal's facts and the digest of the previous seal. A run that writes truth writes one seal, in its
last transaction; a reparse writes none, and the next seal covers the rows that it added.

A row is sealed once. It is sealed again only if a run may change it: a source as last crawled, or a row that the run names in
`changed`. Rows that are deleted on purpose are sealed as removed, with a reason. Rows that were changed or lost in any other
way are not sealed again, so `archive.seal_check` finds them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlite_utils import Database

from foreign_eyes.archive.sealed_form import FORMS, SEAL_VERSION, SealedKey, SealedTable, encode
from foreign_eyes.archive.times import to_text

# tables whose ids increase with each insert: rows after the last sealed id are new
_IN_ORDER = (
    *("captures", "link_traffic", "recognitions", "decisions", "confirmations", "redatings", "changes"),
    *("told_words", "redactions", "renames", "forgotten_sources"),
)


class SealedRow(NamedTuple):
    """A row that a seal covers; `digest` is None if it was removed on purpose."""

    table: str
    key: SealedKey
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class SealFacts:
    """The columns of a seal besides its id and digest."""

    version: int
    previous: str | None
    made_at: str
    reason: str | None
    derivation: int
    covered: str


def newest_seal(db: Database) -> str | None:
    """Return the digest of the newest seal, or None if there are no seals."""
    row = db.execute("SELECT digest FROM seals ORDER BY seal_id DESC LIMIT 1").fetchone()
    return row[0] if row else None


def has_seal(db: Database, digest: str) -> bool:
    """Return whether a seal is in the archive's chain, or in a lost part of it.

    A restore can lose the newest part of the chain.
    """
    query = "SELECT 1 FROM seals WHERE digest = :digest UNION ALL SELECT 1 FROM lost_seals WHERE digest = :digest"
    return db.execute(query, {"digest": digest}).fetchone() is not None


def seal(
    db: Database,
    at: datetime,
    *,
    changed: Mapping[str, Collection[SealedKey]] | None = None,
    removed: Mapping[str, Collection[SealedKey]] | None = None,
    reason: str | None = None,
) -> str | None:
    """Seal the rows that are not sealed yet, inside the caller's transaction.

    Return the seal's digest. `changed` has the keys, by table, of rows that the run changed on purpose and that are sealed
    again, and of the link_traffic that it wrote; `removed` those of rows that it deleted, for `reason`. If there is nothing
    to seal, nothing is written and None is returned.
    """
    last = db.execute("SELECT seal_id, digest, derivation, covered FROM seals ORDER BY seal_id DESC LIMIT 1").fetchone()
    derivation = count_derivations(db)
    # a rebuild can write rows with any id, so all rows are read after one; otherwise those after the last seal
    since = json.loads(last[3]) if last and last[2] == derivation and not removed else None
    rows = list(_unsealed(db, since, changed or {}))
    rows += [SealedRow(table, key, None) for table, keys in (removed or {}).items() for key in keys]
    if not rows:
        return None
    facts = SealFacts(SEAL_VERSION, last[1] if last else None, to_text(at), reason, derivation, _covered(db))
    digest = seal_digest(facts, rows)
    cursor = db.execute(
        "INSERT INTO seals (version, previous, digest, made_at, reason, derivation, covered) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (facts.version, facts.previous, digest, facts.made_at, facts.reason, facts.derivation, facts.covered),
    )
    db.conn.executemany(
        "INSERT INTO sealed_rows (table_name, row_key, seal_id, digest) VALUES (?, ?, ?, ?)",
        [(row.table, row.key, cursor.lastrowid, row.digest) for row in rows],
    )
    return digest


def seal_digest(facts: SealFacts, rows: Collection[SealedRow]) -> str:
    """Return the digest of a seal. Pure.

    It is SHA-256 over a line of JSON with the facts and the rows:

        [version, previous, made_at, reason, derivation, covered, [[table, key, digest]…]]

    Tables are in the order of the form, rows in the order of their keys.
    """
    places = _PLACES.get(facts.version, {})
    ordered = sorted(rows, key=lambda row: (places.get(row[0], -1), row[0], isinstance(row[1], str), row[1]))
    listed = [(table, key, digest and digest.hex()) for table, key, digest in ordered]
    form = [facts.version, facts.previous, facts.made_at, facts.reason, facts.derivation, facts.covered, listed]
    return sha256(encode(form)).hexdigest()


_PLACES = {version: {table.name: place for place, table in enumerate(tables)} for version, tables in FORMS.items()}


def keys_of_truth(db: Database) -> dict[str, set[SealedKey]]:
    """Return the keys of all rows that are sealed or that the next seal covers, by table."""
    versions = {"derived_by": derived_by_parser(db)}
    return {
        table.name: {
            key
            for (key,) in db.execute(f"SELECT {table.key_sql} FROM {table.name} t WHERE {table.only}", versions)  # noqa: S608
        }
        for table in FORMS[SEAL_VERSION]
    }


def derived_by_parser(db: Database) -> int:
    """Return the parser version that derived the archive.

    Rows of older parser versions are truth.
    """
    return int(db.execute("PRAGMA user_version").fetchone()[0]) // 100


def count_derivations(db: Database) -> int:
    """Return how many times deriving the archive again gave another result."""
    return int(db.execute("SELECT count FROM derivations").fetchone()[0])


def _unsealed(
    db: Database, since: Mapping[str, int] | None, changed: Mapping[str, Collection[SealedKey]]
) -> Iterator[SealedRow]:
    """Yield the rows to seal.

    If `since` is given, only those after the ids that it contains by table.
    """
    values: dict[str, Any] = {"derived_by": derived_by_parser(db)}
    crawls: list[int] = []
    for table in FORMS[SEAL_VERSION]:
        condition = "1"
        if since is not None:
            if table.name in ("revisions", "listing_rows"):
                continue  # rows become rows of an older parser version only by a rebuild
            if table.name in (*_IN_ORDER, "crawls"):
                condition, values["since"] = f"t.{table.key[0]} > :since", since.get(table.name, 0)
            if table.name == "link_traffic":  # of crawls that ran side by side, an earlier one may end its links later
                condition = f"({condition} OR t.crawl_id IN (SELECT value FROM json_each(:changed)))"  # noqa: S608
            elif table.name == "identities":
                condition = "t.crawl_id IN (SELECT value FROM json_each(:crawls))"
        changed_keys = set(changed.get(table.name, ()))
        if table.name == "sources":
            changed_keys |= _crawled_sources(db, since)
        values |= {"crawls": json.dumps(crawls), "changed": json.dumps(sorted(changed_keys)), "name": table.name}
        new = list(_never_sealed(db, table, condition, values))
        if table.name == "crawls":
            crawls = [int(row.key) for row in new]
        yield from new
        yield from _sealed_differently(db, table, values) if changed_keys else ()


def _never_sealed(db: Database, table: SealedTable, condition: str, values: dict[str, Any]) -> Iterator[SealedRow]:
    """Yield the rows that meet `condition` and are not sealed.

    A row whose last seal covers its removal is not sealed.
    """
    sealed = (
        f"(SELECT s.digest FROM sealed_rows s WHERE s.table_name = :name AND s.row_key = {table.key_sql}"  # noqa: S608
        " ORDER BY s.seal_id DESC LIMIT 1)"
    )
    rows = db.execute(f"{table.select} WHERE {table.only} AND {condition} AND {sealed} IS NULL {table.order}", values)
    for key, digest in table.digests(rows):
        yield SealedRow(table.name, key, digest)


def _sealed_differently(db: Database, table: SealedTable, values: dict[str, Any]) -> Iterator[SealedRow]:
    """Yield the rows of `values["changed"]` whose sealed digest differs from their present one."""
    is_changed = f"{table.key_sql.lstrip('+')} IN (SELECT value FROM json_each(:changed))"  # noqa: S608
    for key, digest in table.digests(
        db.execute(f"{table.select} WHERE {table.only} AND {is_changed} {table.order}", values)
    ):
        row = db.execute(
            "SELECT digest FROM sealed_rows WHERE table_name = ? AND row_key = ? ORDER BY seal_id DESC LIMIT 1",
            (table.name, key),
        ).fetchone()
        if row is not None and row[0] is not None and row[0] != digest:
            yield SealedRow(table.name, key, digest)


def _crawled_sources(db: Database, since: Mapping[str, int] | None) -> set[SealedKey]:
    """Return the sources of the crawls that are about to be sealed.

    A crawl updates its source's row.
    """
    rows = db.execute(
        "SELECT DISTINCT source_id FROM crawls WHERE crawl_id > ? AND outcome IS NOT NULL AND imported = 0"
        " AND NOT EXISTS (SELECT 1 FROM sealed_rows s WHERE s.table_name = 'crawls' AND s.row_key = +crawl_id)",
        (since.get("crawls", 0) if since else 0,),
    )
    return {source_id for (source_id,) in rows}


def _covered(db: Database) -> str:
    """Return as JSON, by table, the id up to which all rows are sealed.

    For crawls, that is the id before the first that has not ended.
    """
    ends = {
        table.name: int(db.execute(f"SELECT coalesce(max({table.key[0]}), 0) FROM {table.name}").fetchone()[0])  # noqa: S608
        for table in FORMS[SEAL_VERSION]
        if table.name in (*_IN_ORDER, "crawls")
    }
    is_open = db.execute("SELECT min(crawl_id) FROM crawls WHERE outcome IS NULL").fetchone()[0]
    return json.dumps(ends if is_open is None else {**ends, "crawls": is_open - 1})
