"""The journal of changes: one row for each change, with an id and a time that never change.

The journal is ordered by id. Times rise with the ids, except after times from a clock that was ahead: the changes that
follow have the present time.

Settling a crawl again finds the rows that the journal has already. Other changes are appended without being announced,
and rows whose change is no longer found stay.
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
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.times import from_text, to_text

# fmt: off
ChangeKind = Literal[
    "new", "revised", "withdrawn", "returned", "link changed", "merged", "split", "corrected", "redacted", "unredacted"
]
# fmt: on


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an entry, of a link, or of the times of a crawl.

    `revision_id` is the revision that was current after the change. A change that announces an operator's decision has
    no revision but a `decision_id` or `redaction_id`; `other_entry_id` is the other entry of the decision, `corrects_id`
    the earlier change that turned out to be wrong.

    `former_link_id` is the link that `link_id` replaces, or None for an additional link. A link that is gone without a
    replacement is its own former link. `is_known` is whether a lost archive announced the change, so that it is not
    announced again.
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
    """Append a crawl's `changes` that the journal lacks, in order, within the transaction."""
    recorded = _recorded(db, crawl_id)
    missing: list[Change] = []
    for change in changes:
        change_ids = recorded.get((change.kind, change.entry_id))
        if change_ids:
            _update_references(db, change_ids.pop(0), change)
        elif not (change.kind == "new" and _has_new_change(db, change.entry_id)):
            missing.append(change)
    append_changes(db, source_id, crawl_id, missing, at, announced=announced)
    lost = [(change_ids, entry_id) for (_, entry_id), change_ids in recorded.items() if change_ids]
    into = merged_ids(db) if lost else {}
    for change_ids, entry_id in lost:
        if entry_id is not None:
            _refer_to_current(db, change_ids, into.get(entry_id, entry_id))


def rename_changes(db: Database, entry_id: int, identity_id: int) -> None:
    """Move the changes of a provisional id to the identity of its entry.

    Changes that the identity has are deleted.
    """
    rows = db.execute(
        "SELECT change_id, crawl_id, kind, revision_id FROM changes WHERE entry_id = ? ORDER BY change_id", (entry_id,)
    ).fetchall()
    used: set[int] = set()
    for change_id, crawl_id, kind, revision_id in rows:
        recorded = db.execute(
            "SELECT change_id FROM changes WHERE entry_id = ? AND kind = ? AND crawl_id IS NOT NULL"
            " AND (crawl_id = ? OR kind = 'new') ORDER BY change_id",
            (identity_id, kind, crawl_id),
        )
        before = next((recorded_id for (recorded_id,) in recorded if recorded_id not in used), None)
        if before is None:
            db.execute("UPDATE changes SET entry_id = ? WHERE change_id = ?", (identity_id, change_id))
            continue
        used.add(before)
        db.execute("DELETE FROM told_words WHERE change_id = ?", (change_id,))
        db.execute("DELETE FROM changes WHERE change_id = ?", (change_id,))
        db.execute("UPDATE changes SET revision_id = ? WHERE change_id = ?", (revision_id, before))


def _recorded(db: Database, crawl_id: int) -> dict[tuple[str, int | None], list[int]]:
    """Return the ids of the crawl's changes in the journal, by kind and entry, in their order."""
    recorded: dict[tuple[str, int | None], list[int]] = {}
    rows = db.execute(
        "SELECT change_id, kind, entry_id FROM changes WHERE crawl_id = ? ORDER BY change_id", (crawl_id,)
    )
    for change_id, kind, entry_id in rows:
        recorded.setdefault((kind, entry_id), []).append(change_id)
    return recorded


def _has_new_change(db: Database, entry_id: int | None) -> bool:
    """Return whether the journal has an entry as new in another crawl."""
    row = db.execute("SELECT 1 FROM changes WHERE kind = 'new' AND entry_id = ?", (entry_id,)).fetchone()
    return row is not None


def _update_references(db: Database, change_id: int, change: Change) -> None:
    """Update the revision and links of a change to the rows that are stored now."""
    db.execute(
        "UPDATE changes SET revision_id = ?, link_id = ?, former_link_id = ? WHERE change_id = ?",
        (change.revision_id, change.link_id, change.former_link_id, change_id),
    )


def _refer_to_current(db: Database, change_ids: Sequence[int], entry_id: int) -> None:
    """Set the current revision of an entry in changes that were not found again."""
    row = db.execute("SELECT revision_id FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()
    db.conn.executemany(
        "UPDATE changes SET revision_id = ? WHERE change_id = ?",
        [(row[0] if row else None, change_id) for change_id in change_ids],
    )


def _is_news(db: Database, change: Change) -> bool:
    """Return whether a withdrawal or return differs from the one announced last."""
    if change.kind not in ("withdrawn", "returned") or change.decision_id is not None:
        return True
    last = db.execute(
        "SELECT x.kind FROM changes x WHERE x.entry_id = ? AND x.announced = 1 AND x.kind IN ('withdrawn', 'returned')"
        " AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.corrects_id = x.change_id) ORDER BY x.change_id DESC LIMIT 1",
        (change.entry_id,),
    ).fetchone()
    was_withdrawn: bool = last == ("withdrawn",)
    return was_withdrawn == (change.kind == "returned")


def append_changes(
    db: Database, source_id: int, crawl_id: int | None, changes: Sequence[Change], at: datetime, *, announced: bool
) -> list[int]:
    """Append changes to the journal in order, within the transaction; return their ids.

    The words of announced changes that have a revision are stored, too; the caller stores the words of others (see
    `archive.settling.announced_words`).
    """
    change_ids = []
    for time, change in zip(_times(db, len(changes), at) if changes else (), changes, strict=True):
        is_announced = announced and not change.is_known and _is_news(db, change)
        cursor = db.execute(
            "INSERT INTO changes (source_id, crawl_id, at, kind, announced, entry_id, revision_id, link_id, former_link_id,"
            " redating_id, other_entry_id, decision_id, corrects_id, redaction_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(source_id, crawl_id, to_text(time), change.kind, is_announced, change.entry_id, change.revision_id),
                *(change.link_id, change.former_link_id, change.redating_id, change.other_entry_id),
                *(change.decision_id, change.corrects_id, change.redaction_id),
            ),
        )
        change_ids.append(int(cursor.lastrowid or 0))
        if is_announced and change.revision_id is not None:
            store_words_of(db, change_ids[-1:])
    return change_ids


def _times(db: Database, count: int, at: datetime) -> list[datetime]:
    """Return the times of `count` changes that are recorded at `at`.

    They are later than every feed date, too, because feeds date an entry by either and no two dates may be equal.
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
