"""Operators' decisions on identity, as the journal's changes announce them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.times import from_text


@dataclass(frozen=True, slots=True)
class Undone:
    """An earlier change that turned out to be wrong."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """An operator's decision on identity, as a change announces it.

    `kind` is "merge" or "split"; `revision` is the one at which an entry was split. `told_id` is the id of the change,
    `other_id` the entry that answers for it, or that was split off, as of that time. `undone` is the change that a
    correction corrects.
    """

    kind: str
    told_id: int
    other_id: int | None
    revision: int | None = None
    undone: Undone | None = None


def find_decided(db: Database, change_id: int) -> Decided | None:
    """Return the decision that a change announces; None if it announces none."""
    row = db.execute(
        "SELECT d.kind, x.entry_id, x.other_entry_id, d.revision, u.kind, u.at FROM changes x"
        " JOIN decisions d USING (decision_id) LEFT JOIN changes u ON u.change_id = x.corrects_id WHERE x.change_id = ?",
        (change_id,),
    ).fetchone()
    if row is None:
        return None
    kind, told_id, other_id, revision, undone_kind, undone_at = row
    undone = None if undone_kind is None else Undone(undone_kind, from_text(undone_at))
    return Decided(kind, told_id, other_id, revision, undone)
