"""Operators' decisions on identity: merges and splits.

A decision is truth. It takes effect in the rebuild that follows it, and in every later rebuild.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from foreign_eyes.archive.times import to_text

DecisionKind = Literal["merge", "split"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A merge of `other_id` into `entry_id`, or a split off it at `revision`."""

    kind: DecisionKind
    entry_id: int
    other_id: int
    revision: int | None = None


def record_decision(db: Database, decision: Decision, at: datetime) -> None:
    """Append a decision, inside the caller's transaction."""
    db.execute(
        "INSERT INTO decisions (at, kind, entry_id, other_id, revision) VALUES (?, ?, ?, ?, ?)",
        (to_text(at), decision.kind, decision.entry_id, decision.other_id, decision.revision),
    )


def merged_ids(db: Database) -> dict[int, int]:
    """Return the surviving entry of every merged id."""
    into: dict[int, int] = {}
    for kind, entry_id, other_id in db.execute("SELECT kind, entry_id, other_id FROM decisions ORDER BY decision_id"):
        if kind == "merge":
            into[other_id] = entry_id
        else:
            into.pop(other_id, None)
    return {other_id: _end(into, other_id) for other_id in into}


def merged_by_operator(db: Database) -> set[int]:
    """Return the entries into which an operator merged others: two rows of one listing can be such an entry.

    The merges of a rename that joined two sources do not count, since no listing of a source ever had both ids.
    """
    joined = {
        other_id
        for (other_id,) in db.execute(
            "SELECT other_id FROM renames CROSS JOIN decisions ON decisions.at = renames.at"
            " WHERE joined = 1 AND decisions.kind = 'merge'"
        )
    }
    return {survivor_id for other_id, survivor_id in merged_ids(db).items() if other_id not in joined}


def surviving_id(db: Database, entry_id: int) -> int:
    """Return the id of the entry into which `entry_id` was merged, or `entry_id` itself."""
    return merged_ids(db).get(entry_id, entry_id)


def decided_ids(db: Database) -> set[int]:
    """Return all ids with an operator's decision."""
    rows = db.execute("SELECT entry_id FROM decisions UNION SELECT other_id FROM decisions")
    return {entry_id for (entry_id,) in rows}


def _end(into: dict[int, int], entry_id: int) -> int:
    while entry_id in into:
        entry_id = into[entry_id]
    return entry_id
