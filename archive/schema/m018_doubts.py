"""Doubtful matches, and operators' confirmations."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m018_doubts(db: Database) -> None:
    """Store each doubtful match with its reason, and each confirmation."""
    run_script(
        db,
        """
        CREATE TABLE confirmations (
            confirmation_id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            entry_id INTEGER NOT NULL REFERENCES identities (entry_id),
            -- as it was numbered then
            revision INTEGER NOT NULL,
            -- digest of the wording, and the capture that was matched: an import can move the number and the capture,
            -- a newer parser the wording
            wording TEXT NOT NULL,
            capture_id INTEGER NOT NULL REFERENCES captures (capture_id)
        ) STRICT;
        CREATE INDEX confirmations_by_entry ON confirmations (entry_id);
        CREATE INDEX confirmations_by_capture ON confirmations (capture_id);

        CREATE TABLE match_doubts (
            -- the revision that was matched: a new one, or the entry's current one where the match made no revision
            revision_id INTEGER NOT NULL REFERENCES revisions (revision_id),
            reason TEXT NOT NULL,
            -- observed: when the row was captured, and by which capture
            at TEXT NOT NULL,
            capture_id INTEGER NOT NULL REFERENCES captures (capture_id),
            -- decided
            match_method TEXT NOT NULL,
            match_score REAL,
            other_entry_id INTEGER REFERENCES identities (entry_id),
            -- digest of the wording, as in confirmations
            wording TEXT NOT NULL,
            -- settled by; NULL while the doubt is open
            confirmation_id INTEGER REFERENCES confirmations (confirmation_id),
            PRIMARY KEY (revision_id, reason)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX match_doubts_by_capture ON match_doubts (capture_id);
        CREATE INDEX match_doubts_by_other ON match_doubts (other_entry_id) WHERE other_entry_id IS NOT NULL;
        CREATE INDEX match_doubts_by_confirmation ON match_doubts (confirmation_id) WHERE confirmation_id IS NOT NULL;

        CREATE VIEW doubts AS
        SELECT r.entry_id, r.number AS revision, d.at, d.reason, d.match_method, d.match_score, d.other_entry_id
        FROM match_doubts d JOIN revisions r USING (revision_id)
        WHERE d.confirmation_id IS NULL;
        """,
    )
