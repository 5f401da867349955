"""The journal of changes: one row an event, each with an id and a time of its own that are given once and stay.

Its order is that of the ids. The times rise with them, but for those that were given while a clock was ahead: what comes after
these follows the present.

Settling a crawl again, because of a better parser or an older capture, finds the rows that are there already; what it finds
besides is recorded without being announced, and what it no longer finds stays told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from foreign_eyes.archive.settling.announced_words import store_words_of
from foreign_eyes.archive.settling.dating import AHEAD, MILLISECOND, change_times
from foreign_eyes.archive.settling.operator_decisions import surviving_id
from foreign_eyes.archive.times import from_text, to_text

# fmt: off
ChangeKind = Literal[
    "new", "revised", "withdrawn", "returned", "link changed", "merged", "split", "corrected", "redacted", "unredacted"
]
# fmt: on


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one entry, to one link, or to the times of a crawl; the revision is the one that was current afterwards.

    A change that announces an operator's decision has a `decision_id` or `redaction_id`, and no revision; `other_entry_id`
    is the other entry of the decision, `corrects_id` the earlier change that turned out to be wrong.
    `former_link_id` is the link that made way for this one, None where it came besides; a link that is gone, with none in
    its place, is its own former one. `is_known` is a change that was announced before it was lost: it is not announced
    again.
    """

    kind: ChangeKind
    entry_id: int | None = None
    revision_id: int | None = None
    link_id: int | None = None
    former_link_id: int | None = None
    is_known: bool = False
    redating_id: int | None = None
    other_entry_id: int | None = None
    decision_id: int | None = None
    corrects_id: int | None = None
    redaction_id: int | None = None


def record_changes(
    db: Database, source_id: int, crawl_id: int, changes: Sequence[Change], at: datetime, *, announced: bool = True
) -> None:
    """Append what is not in the journal yet of a crawl's `changes`, in their order, inside the caller's transaction."""
    told = _told(db, crawl_id)
    untold: list[Change] = []
    for change in changes:
        waiting = told.get((change.kind, change.entry_id))
        if waiting:
            _point(db, waiting.pop(0), change)
        elif not (change.kind == "new" and _is_told_of(db, change)):
            untold.append(change)
    append_changes(db, source_id, crawl_id, untold, at, announced=announced)
    for (_, entry_id), left in told.items():
        _point_to_current(db, left, entry_id)


def rename_changes(db: Database, entry_id: int, identity_id: int) -> None:
    """Let what was recorded of an entry under a name that it loses again stand under the one that it had before.

    What that one is told of already is told once.
    """
    rows = db.execute(
        "SELECT change_id, crawl_id, kind, revision_id FROM changes WHERE entry_id = ? ORDER BY change_id", (entry_id,)
    ).fetchall()
    used: set[int] = set()
    for change_id, crawl_id, kind, revision_id in rows:
        told = db.execute(
            "SELECT change_id FROM changes WHERE entry_id = ? AND kind = ? AND crawl_id IS NOT NULL"
            " AND (crawl_id = ? OR kind = 'new') ORDER BY change_id",
            (identity_id, kind, crawl_id),
        )
        before = next((told_id for (told_id,) in told if told_id not in used), None)
        if before is None:
            db.execute("UPDATE changes SET entry_id = ? WHERE change_id = ?", (identity_id, change_id))
            continue
        used.add(before)
        db.execute("DELETE FROM told_words WHERE change_id = ?", (change_id,))
        db.execute("DELETE FROM changes WHERE change_id = ?", (change_id,))
        db.execute("UPDATE changes SET revision_id = ? WHERE change_id = ?", (revision_id, before))


def _told(db: Database, crawl_id: int) -> dict[tuple[str, int | None], list[int]]:
    """Return the ids of the crawl's rows by kind and entry, in their order."""
    told: dict[tuple[str, int | None], list[int]] = {}
    rows = db.execute(
        "SELECT change_id, kind, entry_id FROM changes WHERE crawl_id = ? ORDER BY change_id", (crawl_id,)
    )
    for change_id, kind, entry_id in rows:
        told.setdefault((kind, entry_id), []).append(change_id)
    return told


def _is_told_of(db: Database, change: Change) -> bool:
    """Tell whether an entry's coming was recorded by another crawl: an older capture shows it earlier than that."""
    row = db.execute("SELECT 1 FROM changes WHERE kind = 'new' AND entry_id = ?", (change.entry_id,)).fetchone()
    return row is not None


def _point(db: Database, change_id: int, change: Change) -> None:
    """Let a row lead to the revision, or the link, as it is stored today."""
    db.execute(
        "UPDATE changes SET revision_id = ?, link_id = ?, former_link_id = ? WHERE change_id = ?",
        (change.revision_id, change.link_id, change.former_link_id, change_id),
    )


def _point_to_current(db: Database, change_ids: Sequence[int], entry_id: int | None) -> None:
    """Let rows that were told, and would not be today, lead to what their entry says at that time."""
    if not change_ids or entry_id is None:
        return
    row = db.execute("SELECT revision_id FROM entries WHERE entry_id = ?", (surviving_id(db, entry_id),)).fetchone()
    db.conn.executemany(
        "UPDATE changes SET revision_id = ? WHERE change_id = ?",
        [(row[0] if row else None, change_id) for change_id in change_ids],
    )


def _is_news(db: Database, change: Change) -> bool:
    """Tell whether readers have not been told already that an entry is gone, or never that it was."""
    if change.kind not in ("withdrawn", "returned") or change.decision_id is not None:
        return True
    told = db.execute(
        "SELECT x.kind FROM changes x WHERE x.entry_id = ? AND x.announced = 1 AND x.kind IN ('withdrawn', 'returned')"
        " AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.corrects_id = x.change_id) ORDER BY x.change_id DESC LIMIT 1",
        (change.entry_id,),
    ).fetchone()
    told_gone: bool = told == ("withdrawn",)
    return told_gone == (change.kind == "returned")


def append_changes(
    db: Database, source_id: int, crawl_id: int | None, changes: Sequence[Change], at: datetime, *, announced: bool
) -> list[int]:
    """Append changes to the journal, in their order, inside the caller's transaction; return their ids.

    The words of announced changes with a revision are stored here; the caller stores those of others, see
    `archive.settling.announced_words`.
    """
    change_ids = []
    for time, change in zip(_times(db, len(changes), at) if changes else (), changes, strict=True):
        is_told = announced and not change.is_known and _is_news(db, change)
        cursor = db.execute(
            "INSERT INTO changes (source_id, crawl_id, at, kind, announced, entry_id, revision_id, link_id, former_link_id,"
            " redating_id, other_entry_id, decision_id, corrects_id, redaction_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(source_id, crawl_id, to_text(time), change.kind, is_told, change.entry_id, change.revision_id),
                *(change.link_id, change.former_link_id, change.redating_id, change.other_entry_id),
                *(change.decision_id, change.corrects_id, change.redaction_id),
            ),
        )
        change_ids.append(int(cursor.lastrowid or 0))
        if is_told and change.revision_id is not None:
            store_words_of(db, change_ids[-1:])
    return change_ids


def _times(db: Database, count: int, at: datetime) -> list[datetime]:
    """Return the times of so many changes that are recorded at `at`.

    They come after every feed date too: an entry is said to be updated at the one or the other, and no two at the same time.
    """
    last, later = db.execute(
        "SELECT max(coalesce((SELECT max(at) FROM changes WHERE at <= :believed), ''),"
        "  coalesce((SELECT max(feed_date) FROM entries WHERE feed_date <= :believed), '')),"
        " (SELECT json_group_array(at) FROM (SELECT at FROM changes WHERE at > :believed AND at <= :end"
        "  UNION SELECT feed_date FROM entries WHERE feed_date > :believed AND feed_date <= :end))",
        {"believed": to_text(at + AHEAD), "end": to_text(at + AHEAD + (count + 1) * MILLISECOND)},
    ).fetchone()
    taken = {from_text(text) for text in json.loads(later)}
    return change_times(count, at, from_text(last) if last else None, taken)
