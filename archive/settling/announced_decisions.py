"""Operators' decisions on identity, as the changes of the journal announce them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.times import from_text


@dataclass(frozen=True, slots=True)
class CorrectedChange:
    """An announced change that turned out to be wrong."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AnnouncedDecision:
    """A merge or split, as a change announces it.

    `kind` is "merge" or "split"; `revision` is the revision at which an entry was split. `announced_id` is the entry id
    of the change. `other_id` is the surviving entry of a merge, or the entry that was split off, as of the time of the
    change. `corrected` is the earlier change that this one corrects.
    """

    kind: str
    announced_id: int
    other_id: int | None
    revision: int | None = None
    corrected: CorrectedChange | None = None


def find_announced_decision(db: Database, change_id: int) -> AnnouncedDecision | None:
    """Return the decision that a change announces, or None if it announces no decision."""
    row = db.execute(
        "SELECT d.kind, x.entry_id, x.other_entry_id, d.revision, u.kind, u.at FROM changes x"
        " JOIN decisions d USING (decision_id) LEFT JOIN changes u ON u.change_id = x.corrects_id WHERE x.change_id = ?",
        (change_id,),
    ).fetchone()
    if row is None:
        return None
    kind, announced_id, other_id, revision, corrected_kind, corrected_at = row
    corrected = None if corrected_kind is None else CorrectedChange(corrected_kind, from_text(corrected_at))
    return AnnouncedDecision(kind, announced_id, other_id, revision, corrected)
