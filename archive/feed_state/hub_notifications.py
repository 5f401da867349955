"""The notifications that a WebSub hub has not accepted yet.

A publish stores them in the transaction that records its files, so that a process that is killed before it notifies the hub
leaves them for the next publish. The rows are deleted when the hub has accepted them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.times import to_text


@dataclass(frozen=True, slots=True)
class PendingFeed:
    """A feed that a hub has to be notified of, and when it last changed."""

    feed: str
    changed_at: str


def store_notifications(
    db: Database, hub: str, feeds: Sequence[str], at: datetime, source_id: int | None = None
) -> None:
    """Store that `hub` has to be notified of these feeds, within the caller's transaction.

    `source_id` is None for the feeds over all sources.
    """
    db.conn.executemany(
        "INSERT INTO hub_notifications (hub, feed, source_id, since, changed_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (hub, feed) DO UPDATE SET source_id = excluded.source_id, changed_at = excluded.changed_at",
        [(hub, feed, source_id, to_text(at), to_text(at)) for feed in feeds],
    )


def pending_feeds(db: Database, hub: str) -> list[PendingFeed]:
    """Return the feeds that a hub has to be notified of, those that wait longest first."""
    rows = db.execute("SELECT feed, changed_at FROM hub_notifications WHERE hub = ? ORDER BY since, feed", (hub,))
    return [PendingFeed(*row) for row in rows]


def has_other_hubs(db: Database, hub: str) -> bool:
    """Return whether notifications are stored for other hubs than this one."""
    row = db.execute("SELECT 1 FROM hub_notifications WHERE hub != ? LIMIT 1", (hub,))
    return row.fetchone() is not None


def forget_other_hubs(db: Database, hub: str) -> None:
    """Delete the notifications for hubs that the settings no longer name, within the caller's transaction."""
    db.execute("DELETE FROM hub_notifications WHERE hub != ?", (hub,))


def delete_accepted(db: Database, hub: str, feeds: Sequence[PendingFeed]) -> None:
    """Delete what the hub has accepted, within the caller's transaction.

    A feed that another publish has changed in the meantime stays.
    """
    db.conn.executemany(
        "DELETE FROM hub_notifications WHERE hub = ? AND feed = ? AND changed_at = ?",
        [(hub, pending.feed, pending.changed_at) for pending in feeds],
    )


def record_failure(db: Database, hub: str, reason: str, at: datetime) -> None:
    """Store that the hub did not accept its notifications, within the caller's transaction."""
    db.execute(
        "UPDATE hub_notifications SET attempts = attempts + 1, tried_at = ?, reason = ? WHERE hub = ?",
        (to_text(at), reason, hub),
    )


def unnotified_hubs(db: Database) -> list[dict[str, Any]]:
    """Return one row per hub that has not accepted notifications: hub, feeds, since, attempts, tried_at, reason."""
    names = ("hub", "feeds", "since", "attempts", "tried_at", "reason")
    rows = db.execute(
        "SELECT hub, count(*), min(since), max(attempts), max(tried_at), max(reason) FROM hub_notifications"
        " GROUP BY hub ORDER BY hub"
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def hub_problems(hubs: Sequence[dict[str, Any]], *, running: bool) -> list[Problem]:
    """Return the problems of `unnotified_hubs`. Pure.

    While a run is in progress, a hub that nobody has tried to notify yet is not a problem.
    """
    return [
        Problem(
            f"has not accepted the notification of {row['feeds']} changed feed{'' if row['feeds'] == 1 else 's'} since"
            f" {row['since']} ({row['reason'] or 'not tried yet'})",
            f"hub {row['hub']}",
            "foreign-eyes publish tries again, as does each round; if the hub is wrong, correct [publish] hub in the settings",
        )
        for row in hubs
        if row["attempts"] or not running
    ]
