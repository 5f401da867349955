"""Read the truth of an archive as plain rows, and write such rows into an archive.

    all columns of sources, crawls, captures, link_traffic, identities, recognitions, decisions, confirmations, redatings,
    redated_entries, told_texts, told_words, renames, forgotten_sources, redaction_secret, redactions, redaction_digests
    changes without their derived columns
    withheld_bodies: for each body that shows redacted words, the parsed page without these words
    revisions and listing_rows, since a later parser version cannot derive again what an earlier one parsed

Bodies are not among the rows; they are read and stored by their SHA-256. All functions write inside the caller's
transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.dump_checks import InvalidDump
from foreign_eyes.archive.redaction.withholding import add_purged_body, exported_rest
from foreign_eyes.archive.sample_sources import refuse_mixture
from foreign_eyes.archive.settling.readings import ReadRow, store_readings
from foreign_eyes.archive.source_names import refuse_former_name
from foreign_eyes.archive.values import Source

DumpRow = Mapping[str, Any]

_BY_RUNS = (
    *("crawls", "captures", "link_traffic", "identities", "recognitions", "decisions", "confirmations", "redatings"),
    *("redated_entries", "changes", "told_texts", "told_words", "renames", "forgotten_sources"),
    *("redaction_secret", "redactions", "redaction_digests", "withheld_bodies"),
)
# conditions for rows to be exported: the secret is not, as long as it keys no digest
_EXPORTED = {"redaction_secret": "EXISTS (SELECT 1 FROM redactions)"}
# rows that only the parser version that made them can derive: loaded if that is older than the program's
BY_PARSER = ("revisions", "listing_rows")
# the most rows of one page: a reading is a list of all rows up to the last one
_MOST_ROWS = 100_000
# parents before the tables that refer to them
DUMP_TABLES = ("sources", *_BY_RUNS, *BY_PARSER)

# the ids of a change's link and revision are derived, so the row of a change contains the columns of its link
_LINK = ("label", "url", "key", "last_url", "first_seen", "capture_id", "status", "outcome", "gone_at")
_CHANGES = (
    "SELECT c.change_id, c.source_id, c.crawl_id, c.at, c.kind, c.announced, c.entry_id, l.label AS link_label,"
    " l.url AS link_url, l.key AS link_key, l.last_url AS link_last_url, l.first_seen AS link_first_seen,"
    " l.capture_id AS link_capture_id, l.status AS link_status,"
    " l.outcome AS link_outcome, l.gone_at AS link_gone_at, c.redating_id,"
    " c.other_entry_id, c.decision_id, c.corrects_id, c.redaction_id, c.former_source"
    " FROM changes c LEFT JOIN links l USING (link_id)"
    " ORDER BY c.change_id"
)


@dataclass(frozen=True, slots=True)
class RecordedCrawl:
    """A crawl in an archive: its id, and its captures by identifying columns and by id."""

    crawl_id: int
    captures: tuple[tuple[Any, ...], ...]
    capture_ids: tuple[int, ...]


def is_empty(db: Database) -> bool:
    """Return whether the archive has no crawl yet."""
    return db.execute("SELECT 1 FROM crawls LIMIT 1").fetchone() is None


def last_crawl_time(db: Database) -> str | None:
    """Return the latest end of a crawl, or its start if it has not ended.

    Return None if there are no crawls.
    """
    row = db.execute("SELECT max(coalesce(finished_at, started_at)) FROM crawls").fetchone()
    return row[0] if row else None


def count_rows(db: Database, table: str) -> int:
    """Return the number of rows of a table that an export contains."""
    query = f"SELECT count(*) FROM {_checked_name(table)} WHERE {_EXPORTED.get(table, '1')}"  # noqa: S608 - one of our own names
    return int(db.execute(query).fetchone()[0])


def dump_rows(db: Database, table: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table that an export contains, by column name, ordered by id."""
    key = {"listing_rows": "source_id, body_sha256, parser_version, position", "redated_entries": "1, 2"}.get(
        table, {"redaction_digests": "1, 2, 3, 4"}.get(table, "1")
    )
    where = _EXPORTED.get(table, "1")
    query = _CHANGES if table == "changes" else f"SELECT * FROM {_checked_name(table)} WHERE {where} ORDER BY {key}"  # noqa: S608 - the same
    if table == "withheld_bodies":
        # an export has no bytes of withheld bodies
        yield from ({**row, "purged": 1, "rest": exported_rest(db, row["rest"])} for row in db.query(query))
        return
    yield from db.query(query)


def load_truth(db: Database, rows: Mapping[str, Sequence[DumpRow]], *, read_by: int, parser_version: int) -> None:
    """Store the rows of another archive, with their ids, in an empty one.

    The caller has stored the bodies. `rows` have passed `archive.dump_checks`. `read_by` is the parser version that derived
    the other archive, `parser_version` that of this program.

    Raises:
        InvalidDump: an archive cannot hold the rows.
    """
    if rows.get("redaction_secret"):
        db.execute("DELETE FROM redaction_secret")
    for table in DUMP_TABLES:
        found = rows.get(table, ())
        if table == "withheld_bodies":
            for row in found:
                add_purged_body(db, row["body_sha256"], row["rest"])
            continue
        if table in BY_PARSER:
            found = [row for row in found if row.get("parser_version", 0) < parser_version]
        if table == "listing_rows":
            with _refused_rows(table):
                _add_readings(db, found)
            continue
        with _refused_rows(table):
            if table == "changes":
                found = [_change(db, row) for row in found]
            _insert(db, table, found)
    for table in _BY_RUNS:
        if (broken := db.execute(f"PRAGMA foreign_key_check({table})").fetchone()) is not None:
            raise InvalidDump(table, f"row {broken[1]} refers to a row of {broken[2]} that is missing")
    db.execute(f"PRAGMA user_version={min(read_by, parser_version):d}")


def source_of(db: Database, name: str) -> Source | None:
    """Return the source with this name, or None."""
    row = db.execute("SELECT name, url, title, language FROM sources WHERE name = ?", (name,)).fetchone()
    return Source(*row) if row else None


def find_or_add_source(db: Database, source: Source) -> int:
    """Return the id of the source with this name; insert the source if it is missing.

    Raises:
        MixedSources: the source is real and the archive holds the sample, or the reverse.
        SourceRenamed: the source was renamed, and has this URL under its new name.
    """
    row = db.execute("SELECT source_id FROM sources WHERE name = ?", (source.name,)).fetchone()
    if row is not None:
        return int(row[0])
    refuse_mixture(db, source.url)
    refuse_former_name(db, source)
    cursor = db.execute(
        "INSERT INTO sources (name, url, title, language) VALUES (?, ?, ?, ?)",
        (source.name, source.url, source.title, source.language),
    )
    return int(cursor.lastrowid or 0)


def add_crawl(db: Database, row: DumpRow) -> int:
    """Insert an imported crawl with a new id and without the counts of its settling.

    Return the id.
    """
    with _refused_rows("crawls"):
        cursor = db.execute(
            "INSERT INTO crawls (source_id, mode, started_at, ordered_at, finished_at, requests, not_modified, bytes, outcome,"
            " reason, settled, imported) VALUES (:source_id, :mode, :started_at, :ordered_at, :finished_at, :requests,"
            " :not_modified, :bytes, :outcome, :reason, :settled, 1)",
            {"requests": 0, "not_modified": 0, "bytes": 0, **row},
        )
    return int(cursor.lastrowid or 0)


def add_capture(db: Database, row: DumpRow) -> int:
    """Insert a capture with a new id; its body is stored already. Return the id."""
    with _refused_rows("captures"):
        cursor = db.execute(
            "INSERT INTO captures (crawl_id, purpose, pass, page, asked_url, url, fetched_at, status, headers, body_sha256,"
            " revalidates, fault, detail, asked_fresh, leniency) VALUES (:crawl_id, :purpose, :pass, :page, :asked_url, :url,"
            " :fetched_at, :status, :headers, :body_sha256, :revalidates, :fault, :detail, :asked_fresh, :leniency)",
            {"asked_fresh": None, "leniency": None, **row},
        )
    return int(cursor.lastrowid or 0)


def known_captures(db: Database, source_id: int) -> dict[tuple[str, str, str | None], int]:
    """Return the ids of a source's captures by URL, time and digest of the body."""
    rows = db.execute(
        "SELECT c.url, c.fetched_at, c.body_sha256, c.capture_id FROM captures c JOIN crawls w USING (crawl_id)"
        " WHERE w.source_id = ?",
        (source_id,),
    )
    return {(url, at, body): capture_id for url, at, body, capture_id in rows}


@dataclass(frozen=True, slots=True)
class SuspectCrawl:
    """An imported crawl that was not settled because it looked wrong."""

    crawl_id: int
    started_at: str
    reason: str | None


def suspect_imports(db: Database, source_id: int) -> dict[int, SuspectCrawl]:
    """Return the imported suspect crawls of a source that were not settled, by capture id."""
    rows = db.execute(
        "SELECT c.capture_id, w.crawl_id, w.started_at, w.reason FROM captures c JOIN crawls w USING (crawl_id)"
        " WHERE w.source_id = ? AND w.imported = 1 AND w.settled = 0 AND w.outcome = 'suspect'",
        (source_id,),
    )
    return {capture_id: SuspectCrawl(*suspect) for capture_id, *suspect in rows}


def accept_crawl(db: Database, crawl_id: int, reason: str) -> None:
    """Change a suspect crawl to a settled partial one, with the reason."""
    db.execute("UPDATE crawls SET outcome = 'partial', settled = 1, reason = ? WHERE crawl_id = ?", (reason, crawl_id))


def recorded_crawls(db: Database, source_id: int) -> dict[str, list[RecordedCrawl]]:
    """Return a source's crawls by start time."""
    found: dict[str, list[RecordedCrawl]] = {}
    captures: dict[int, list[tuple[Any, ...]]] = {}
    for crawl_id, capture_id, *facts in db.execute(
        "SELECT c.crawl_id, c.capture_id, c.purpose, c.url, c.fetched_at, c.status, c.body_sha256, c.fault"
        " FROM captures c JOIN crawls w USING (crawl_id) WHERE w.source_id = ? ORDER BY c.capture_id",
        (source_id,),
    ):
        captures.setdefault(crawl_id, []).append((capture_id, *facts))
    for crawl_id, started_at in db.execute(
        "SELECT crawl_id, started_at FROM crawls WHERE source_id = ? ORDER BY crawl_id", (source_id,)
    ):
        rows = captures.get(crawl_id, [])
        crawl = RecordedCrawl(crawl_id, tuple(row[1:] for row in rows), tuple(row[0] for row in rows))
        found.setdefault(started_at, []).append(crawl)
    return found


def capture_key(row: DumpRow) -> tuple[Any, ...]:
    """Return the identifying columns of a capture, as in `RecordedCrawl.captures`."""
    return tuple(row.get(name) for name in ("purpose", "url", "fetched_at", "status", "body_sha256", "fault"))


@contextmanager
def _refused_rows(table: str) -> Iterator[None]:
    """Turn SQLite's errors about rows from a file into InvalidDump, which names the table."""
    try:
        yield
    except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
        raise InvalidDump(table, f"SQLite refuses a row: {error}") from None


def _checked_name(table: str) -> str:
    if table not in DUMP_TABLES:
        raise ValueError(f"not a table of the truth: {table}")
    return table


def _insert(db: Database, table: str, rows: Sequence[DumpRow]) -> None:
    for row in rows:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        db.execute(f"INSERT INTO {_checked_name(table)} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - names checked


def _add_readings(db: Database, rows: Sequence[DumpRow]) -> None:
    """Store rows of `listing_rows`, which is a view, as readings."""
    found: dict[tuple[int, int], dict[str, list[ReadRow]]] = {}
    for row in rows:
        if row["position"] > _MOST_ROWS:
            raise InvalidDump("listing_rows", f"position {row['position']} is more than {_MOST_ROWS}")
        bodies = found.setdefault((row["source_id"], row["parser_version"]), {})
        read = ReadRow(row["position"], row["revision_id"], row["wording"])
        bodies.setdefault(row["body_sha256"], []).append(read)
    for (source_id, version), bodies in found.items():
        store_readings(db, source_id, version, bodies)


def _change(db: Database, row: DumpRow) -> dict[str, Any]:
    """Return a change's row with the id of its link.

    Insert the link, which is kept only until links are derived.
    """
    link = {name: row.get(f"link_{name}") for name in _LINK}
    change = {name: value for name, value in row.items() if not name.startswith("link_")}
    if link["url"] is None:
        return change
    for name in ("key", "last_url"):  # exports of older versions have the URL only
        link[name] = link[name] or link["url"]
    key = (row.get("source_id"), link["label"], link["url"])
    db.execute(
        "INSERT INTO links (source_id, label, url, key, last_url, first_seen, capture_id, status, outcome, gone_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (row.get("source_id"), *link.values()),
    )
    found = db.execute("SELECT link_id FROM links WHERE source_id = ? AND label = ? AND url = ?", key).fetchone()
    return {**change, "link_id": found[0]}
