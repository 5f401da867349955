"""Which feeds the WebSub hub still has to be notified of."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m030_hub_notifications(db: Database) -> None:
    """Keep notifications until the hub has accepted them."""
    run_script(
        db,
        """
        CREATE TABLE hub_notifications (
            hub TEXT NOT NULL,
            -- the URL of a feed that changed
            feed TEXT NOT NULL,
            -- NULL for the feeds over all sources
            source_id INTEGER REFERENCES sources (source_id),
            -- when the feed first changed without the hub having accepted a notification, and when it last did
            since TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            -- the last attempt and why it failed; NULL if there was none
            tried_at TEXT,
            reason TEXT,
            PRIMARY KEY (hub, feed)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX hub_notifications_by_source ON hub_notifications (source_id);
        """,
    )
