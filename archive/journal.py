"""The journal of changes: one row an event, each with a time of its own that is stored once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from archive.clock import from_text, to_text
from archive.dating import change_times

Kind = Literal["new", "revised", "withdrawn", "returned", "link changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one entry, or to one link; the revision is the one that was current afterwards."""

    kind: Kind
    entry_id: int | None = None
    revision_id: int | None = None
    link_id: int | None = None


def record_changes(db: Database, source_id: int, crawl_id: int, changes: Sequence[Change], at: datetime) -> None:
    """Append `changes` in their order, inside the caller's transaction."""
    if not changes:
        return
    last = db.execute("SELECT max(at) FROM changes").fetchone()[0]
    times = change_times(len(changes), at, from_text(last) if last else None)
    db.conn.executemany(
        "INSERT INTO changes (source_id, crawl_id, at, kind, entry_id, revision_id, link_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (source_id, crawl_id, to_text(time), change.kind, change.entry_id, change.revision_id, change.link_id)
            for time, change in zip(times, changes, strict=True)
        ],
    )
