"""The texts of announced changes, and changes that announce operators' decisions."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script

_PARTS = "title, publication, attribution, excerpt, commentary"


def m014_telling(db: Database) -> None:
    """Store the texts of announced changes, and let changes announce decisions.

    Earlier versions did not store the announced texts: they are copied from the revisions that the changes refer to, before
    anything is derived again.
    """
    run_script(
        db,
        """
        -- the feed log refers to the journal, which is made anew: SQLite cannot change a CHECK
        CREATE TABLE kept_feed_log AS SELECT * FROM feed_log;
        DELETE FROM feed_log;
        CREATE TABLE new_changes (
            -- counts up as the journal grows: its order
            change_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- the crawl that showed it, or whose times were corrected; NULL for what an operator decided
            crawl_id INTEGER REFERENCES crawls (crawl_id),
            at TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (
                kind IN ('new', 'revised', 'withdrawn', 'returned', 'link changed', 'merged', 'split', 'corrected',
                         'redacted', 'unredacted')
            ),
            -- whether readers are told: not of what was found in old captures
            announced INTEGER NOT NULL DEFAULT 1 CHECK (announced IN (0, 1)),
            -- an identity rather than an entry: what was told of a merged entry stays told
            entry_id INTEGER REFERENCES identities (entry_id),
            revision_id INTEGER REFERENCES revisions (revision_id),
            link_id INTEGER REFERENCES links (link_id),
            -- the link that made way for another; the changed link itself where none came in its place
            former_link_id INTEGER REFERENCES links (link_id),
            -- of a crawl whose times were corrected, the operator's decision
            redating_id INTEGER REFERENCES redatings (redating_id),
            -- of a decision on identity: the entry that answers for a merged one, or that was split off
            other_entry_id INTEGER REFERENCES identities (entry_id),
            -- the decision that readers are told of by this change
            decision_id INTEGER REFERENCES decisions (decision_id),
            -- the change that turned out to be wrong
            corrects_id INTEGER REFERENCES changes (change_id),
            -- the row of table redactions
            redaction_id INTEGER,
            CHECK (kind = 'corrected' OR redating_id IS NULL),
            CHECK ((kind = 'corrected') = (coalesce(redating_id, corrects_id) IS NOT NULL)),
            CHECK ((redaction_id IS NOT NULL) = (kind IN ('redacted', 'unredacted'))),
            CHECK (kind NOT IN ('merged', 'split') OR (decision_id IS NOT NULL AND other_entry_id IS NOT NULL)),
            CHECK (crawl_id IS NOT NULL OR coalesce(decision_id, redaction_id) IS NOT NULL),
            CHECK (redating_id IS NOT NULL OR (entry_id IS NULL) = (link_id IS NOT NULL))
        ) STRICT;
        INSERT INTO new_changes (change_id, source_id, crawl_id, at, kind, announced, entry_id, revision_id, link_id,
                                 former_link_id, redating_id)
        SELECT change_id, source_id, crawl_id, at, kind, announced, entry_id, revision_id, link_id, former_link_id, redating_id
        FROM changes;
        DROP TABLE changes;
        ALTER TABLE new_changes RENAME TO changes;
        INSERT INTO feed_log (source_id, position, entry_id, change_id, announced, wording)
        SELECT source_id, position, entry_id, change_id, announced, wording FROM kept_feed_log;
        DROP TABLE kept_feed_log;
        -- in the journal's order, which is that of its ids: an index ends with the row's id
        CREATE INDEX changes_of_source ON changes (source_id);
        CREATE INDEX changes_told ON changes (source_id) WHERE announced = 1 AND kind != 'new';
        CREATE INDEX changes_by_entry ON changes (entry_id);
        CREATE INDEX changes_by_source ON changes (source_id, at);
        CREATE INDEX changes_by_crawl ON changes (crawl_id);
        CREATE INDEX changes_by_revision ON changes (revision_id);
        CREATE INDEX changes_by_link ON changes (link_id);
        CREATE INDEX changes_by_former_link ON changes (former_link_id) WHERE former_link_id IS NOT NULL;
        CREATE INDEX changes_by_redating ON changes (redating_id) WHERE redating_id IS NOT NULL;
        CREATE INDEX changes_by_other_entry ON changes (other_entry_id) WHERE other_entry_id IS NOT NULL;
        CREATE INDEX changes_by_decision ON changes (decision_id) WHERE decision_id IS NOT NULL;
        CREATE INDEX changes_by_corrected ON changes (corrects_id) WHERE corrects_id IS NOT NULL;
        CREATE INDEX changes_by_redaction ON changes (redaction_id) WHERE redaction_id IS NOT NULL;

        CREATE TABLE told_texts (
            -- the words of an entry as readers were told them; SHA-256 of the JSON list of the five texts, in ASCII, no spaces
            words TEXT PRIMARY KEY,
            title TEXT,
            publication TEXT,
            attribution TEXT NOT NULL,
            excerpt TEXT NOT NULL,
            commentary TEXT NOT NULL
        ) STRICT;

        CREATE TABLE told_words (
            -- of a change of an entry that was announced
            change_id INTEGER PRIMARY KEY REFERENCES changes (change_id),
            -- the number that the wording had then
            revision INTEGER NOT NULL,
            -- what the entry says since the change, or said last; the text itself is in told_texts unless it was redacted
            words TEXT NOT NULL,
            -- what it said before, where the change is that it says something else
            words_before TEXT
        ) STRICT;
        CREATE INDEX told_words_by_words ON told_words (words);
        CREATE INDEX told_words_by_words_before ON told_words (words_before) WHERE words_before IS NOT NULL;
        """,
    )
    _store_words(db)


def _store_words(db: Database) -> None:
    rows = db.execute(
        "SELECT x.change_id, x.kind, r.revision_id, r.number FROM changes x JOIN revisions r USING (revision_id)"
        " WHERE x.announced = 1 AND x.entry_id IS NOT NULL ORDER BY x.change_id"
    ).fetchall()
    for change_id, kind, revision_id, number in rows:
        after = db.execute(f"SELECT {_PARTS} FROM revisions WHERE revision_id = ?", (revision_id,)).fetchone()  # noqa: S608
        before = None
        if kind == "revised":
            before = db.execute(
                f"SELECT r.{_PARTS.replace(', ', ', r.')} FROM revisions n"  # noqa: S608
                " JOIN revisions r ON r.entry_id = n.entry_id AND r.number = n.number - 1 WHERE n.revision_id = ?"
                " ORDER BY r.parser_version = n.parser_version DESC, r.revision_id DESC LIMIT 1",
                (revision_id,),
            ).fetchone()
        db.execute(
            "INSERT INTO told_words (change_id, revision, words, words_before) VALUES (?, ?, ?, ?)",
            (change_id, number, _store(db, after), None if before is None else _store(db, before)),
        )


def _store(db: Database, texts: tuple[Any, ...]) -> str:
    words = sha256(json.dumps(texts, ensure_ascii=True, separators=(",", ":")).encode("ascii")).hexdigest()
    db.execute(f"INSERT OR IGNORE INTO told_texts (words, {_PARTS}) VALUES (?, ?, ?, ?, ?, ?)", (words, *texts))  # noqa: S608
    return words
