"""The content of an archive without ids and times, to compare two archives of one history.

Only the public views and the journal of changes are read: the tables below them may change.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.seal_check import verify_seals

Row = tuple[object, ...]

WORDING = "title, publication, attribution, excerpt, commentary"
# replace a time by the number of successful crawls that had begun by then
AGE = "(SELECT count(*) FROM crawl_log l WHERE l.outcome IN ('complete', 'unchanged') AND l.started_at <= {})"
QUERIES = {
    # in feed order
    "current_entries": (
        f"SELECT source, {WORDING}, revision, page, position, withdrawn_at IS NOT NULL, not_before IS NOT NULL,"
        f" {AGE.format('not_before')} FROM current_entries ORDER BY feed_date DESC"
    ),
    "entry_history": (
        f"SELECT {WORDING}, revision, technical, page, position, url, body_sha256, match_method"
        " FROM entry_history ORDER BY first_seen, page, position, revision"
    ),
    "changes": (
        "SELECT kind, (SELECT title FROM current_entries e WHERE e.entry_id = c.entry_id),"
        " (SELECT url FROM links l WHERE l.link_id = c.link_id) FROM changes c ORDER BY at"
    ),
    "patent_search_links": "SELECT source, label, url, status, outcome FROM patent_search_links ORDER BY label, url",
    # the next crawl records a killed one as failed; ignore it
    "crawl_log": (
        "SELECT source, mode, outcome, pages, entries, new, revised, withdrawn, returned FROM crawl_log"
        " WHERE outcome <> 'failed' ORDER BY crawl_id"
    ),
}
_LINKS = "patent_search_links"
PORT = re.compile(r"//127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class State:
    """The content of an archive; `identities` are the permanent values: id, tag and feed date."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in QUERIES})
    identities: frozenset[Row] = frozenset()
    failed: int = 0

    @property
    def crawls(self) -> int:
        """Return the number of crawls that were not killed."""
        return len(self.tables["crawl_log"])


def read_state(archive: Path) -> State:
    """Return the content of an archive; empty if the file or its tables do not exist yet."""
    with closing(sqlite3.connect(archive)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'crawl_log'").fetchone():
            return State()
        tables = {name: [_portless(row) for row in connection.execute(query)] for name, query in QUERIES.items()}
        identities = frozenset(connection.execute("SELECT entry_id, tag_uri, feed_date FROM current_entries"))
        failed = connection.execute("SELECT count(*) FROM crawl_log WHERE outcome = 'failed'").fetchone()[0]
    return State(tables, identities, failed)


def differences(found: State, expected: State) -> Iterator[str]:
    """Yield one line for each table in which two states differ."""
    for name in QUERIES:
        ours, theirs = found.tables[name], expected.tables[name]
        if ours != theirs:
            number = next((n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
            where = "" if number is None else f"; row {number} is {ours[number]}, expected {theirs[number]}"
            yield f"{name}: {len(ours)} rows, expected {len(theirs)}{where}"


def with_links_skipped(expected: State, found: State) -> State:
    """Return `expected` with the link rows of `found` that a kill left unfollowed or followed."""
    known = {row[:3]: row for row in found.tables[_LINKS] if row[-1] in ("skipped", "ok")}
    links = [known.get(row[:3], row) for row in expected.tables[_LINKS]]
    return replace(expected, tables={**expected.tables, _LINKS: links})


def lost_identities(found: State, before: State) -> Iterator[str]:
    """Yield entries whose id, tag or feed date changed."""
    for identity in sorted(before.identities - found.identities, key=str):
        yield f"an entry lost its identity {identity}"


def damage(archive: Path) -> Iterator[str]:
    """Yield the problems that SQLite finds in the file and that `check` finds in the seals."""
    with closing(sqlite3.connect(archive)) as connection:
        try:
            for (line,) in connection.execute("PRAGMA integrity_check"):
                if line != "ok":
                    yield f"integrity_check: {line}"
            for row in connection.execute("PRAGMA foreign_key_check"):
                yield f"foreign_key_check: {row}"
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'seals'").fetchone():
                for problem in verify_seals(Database(connection)):
                    yield f"seals: {problem.where}: {problem.what}"
        except sqlite3.DatabaseError as error:
            yield f"the archive cannot be read: {error}"


def _portless(row: Row) -> Row:
    return tuple(PORT.sub("//127.0.0.1", cell) if isinstance(cell, str) else cell for cell in row)
