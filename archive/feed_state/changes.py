"""The changes in the changes feed.

They are edits, withdrawals, returns, links, operators' decisions and corrected dates. Their texts are those that were stored
when they were announced, not those that the archive derives now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlite_utils import Database

from foreign_eyes.archive.settling.announced_decisions import AnnouncedDecision, find_announced_decision
from foreign_eyes.archive.settling.announced_words import announced_texts
from foreign_eyes.archive.settling.date_corrections import Correction, find_correction
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.values import EntryTexts, Link

# fmt: off
AnnouncedKind = Literal[
    "revised", "withdrawn", "returned", "link changed", "merged", "split", "corrected", "redacted", "unredacted"
]
# fmt: on


@dataclass(frozen=True, slots=True)
class AnnouncedChange:
    """An announced row of the journal.

    `tag_uri` is the tag URI under which it was announced, `entry_id` the entry to which that belongs today; both are None for
    links. `after` are the announced texts, `before` those that an edit or a decision replaced; None if a redaction removed
    them. `link` replaced `former_link`; one of them may be None. `correction` belongs to a correction of dates, `decision` to
    a merge or split, `reason` to a redaction.
    """

    change_id: int
    at: datetime
    kind: AnnouncedKind
    tag_uri: str | None
    entry_id: int | None
    before: EntryTexts | None
    after: EntryTexts | None
    former_link: Link | None
    link: Link | None
    correction: Correction | None = None
    decision: AnnouncedDecision | None = None
    reason: str | None = None


_SELECT = (
    "SELECT x.change_id, x.at, x.kind, x.entry_id, x.link_id, x.former_link_id, i.tag_uri, x.redating_id, x.decision_id,"
    " t.words, t.words_before, (SELECT reason FROM redactions d WHERE d.redaction_id = x.redaction_id)"
    " FROM changes x LEFT JOIN identities i ON i.entry_id = x.entry_id"
    " LEFT JOIN told_words t ON t.change_id = x.change_id"
)
_ANNOUNCED = (
    f"{_SELECT} WHERE x.source_id = ? AND x.announced = 1 AND x.kind != 'new' ORDER BY x.change_id DESC LIMIT ?"
)


def newest_changes(db: Database, source_id: int, limit: int) -> list[AnnouncedChange]:
    """Return the source's announced changes except new entries, newest first, at most `limit`."""
    into = merged_ids(db)
    return [_change(db, row, into) for row in db.execute(_ANNOUNCED, (source_id, limit)).fetchall()]


def changes_by_id(db: Database, change_ids: Iterable[int]) -> list[tuple[str, AnnouncedChange]]:
    """Return those of the changes that feeds announced, with their sources, newest first; new entries are left out."""
    query = (
        f"{_SELECT} JOIN json_each(?) ids ON ids.value = x.change_id"
        " WHERE x.announced = 1 AND x.kind != 'new' ORDER BY x.change_id DESC"
    )
    into = merged_ids(db)
    found = [_change(db, row, into) for row in db.execute(query, (json.dumps(list(change_ids)),)).fetchall()]
    of = "SELECT s.name FROM changes x JOIN sources s USING (source_id) WHERE x.change_id = ?"
    return [(db.execute(of, (change.change_id,)).fetchone()[0], change) for change in found]


def new_entries_of(db: Database, change_ids: Iterable[int]) -> list[int]:
    """Return the entries that these changes announced as new."""
    query = (
        "SELECT x.entry_id FROM changes x JOIN json_each(?) ids ON ids.value = x.change_id"
        " WHERE x.announced = 1 AND x.kind = 'new'"
    )
    return [entry_id for (entry_id,) in db.execute(query, (json.dumps(list(change_ids)),))]


def source_tag(db: Database, source_id: int) -> str | None:
    """Return the prefix of a source's tag URIs up to its name, from its first entry.

    Return None if it has no entry. The id of a feed must be permanent (RFC 4287 section 4.2.6), even if the configured authority
    changes later.
    """
    # CROSS JOIN fixes the order of the joins, so that SQLite uses the index instead of sorting all identities
    row = db.execute(
        "SELECT i.tag_uri FROM crawls w CROSS JOIN identities i USING (crawl_id) WHERE w.source_id = ?"
        # the feeds of a source that a rename joined with this one had another id
        " AND NOT EXISTS (SELECT 1 FROM changes x WHERE x.crawl_id = w.crawl_id AND x.former_source IS NOT NULL)"
        " ORDER BY w.crawl_id LIMIT 1",
        (source_id,),
    ).fetchone()
    return row[0].rpartition("/")[0] if row else None


def tag_of_source(db: Database, name: str) -> str | None:
    """Return the tag of the source with this name; None if there is no such source, or it has no entry."""
    row = db.execute("SELECT source_id FROM sources WHERE name = ?", (name,)).fetchone()
    return source_tag(db, row[0]) if row else None


def _change(db: Database, row: tuple[Any, ...], into: dict[int, int]) -> AnnouncedChange:
    change_id, at, kind, entry_id, link_id, former_link_id, tag_uri, redating_id, decision_id = row[:9]
    words, words_before, reason = row[9:]
    return AnnouncedChange(
        change_id=change_id,
        at=from_text(at),
        kind=kind,
        tag_uri=tag_uri,
        entry_id=into.get(entry_id, entry_id),
        before=announced_texts(db, words_before),
        after=announced_texts(db, words),
        former_link=_link(db, former_link_id),
        link=None if link_id == former_link_id else _link(db, link_id),
        correction=None if redating_id is None else find_correction(db, redating_id),
        decision=None if decision_id is None else find_announced_decision(db, change_id),
        reason=reason,
    )


def _link(db: Database, link_id: int | None) -> Link | None:
    row = db.execute("SELECT label, url FROM links WHERE link_id = ?", (link_id,)).fetchone()
    return Link(*row) if row else None
