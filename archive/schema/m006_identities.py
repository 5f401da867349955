"""Identities and operators' decisions, which cannot be derived; the journal of changes."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.matching.keys import excerpt_key, rare_words
from foreign_eyes.archive.schema.run_script import run_script


def m006_identities(db: Database) -> None:
    """Separate minted ids and decisions, which cannot be derived, from the derived tables."""
    run_script(
        db,
        """
        CREATE TABLE identities (
            -- every entry id ever minted, the merged ones too
            entry_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            tag_uri TEXT NOT NULL UNIQUE,
            feed_date TEXT NOT NULL,
            -- what it was minted for: the crawl, and the wording that was new in it
            crawl_id INTEGER NOT NULL REFERENCES crawls (crawl_id),
            wording TEXT NOT NULL
        ) STRICT;
        -- no two entries of a source share a date
        CREATE UNIQUE INDEX identities_by_date ON identities (source_id, feed_date);
        CREATE INDEX identities_by_crawl ON identities (crawl_id);

        INSERT INTO identities
        SELECT e.entry_id, e.source_id, e.tag_uri, e.feed_date, c.crawl_id, r.wording
        FROM entries e JOIN revisions r ON r.entry_id = e.entry_id AND r.number = 1 AND r.technical = 0
             JOIN captures c USING (capture_id);

        CREATE TABLE decisions (
            decision_id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('merge', 'split')),
            -- keeps its id: the survivor of a merge, the entry that another was split off
            entry_id INTEGER NOT NULL REFERENCES identities (entry_id),
            -- merged into it, or split off it; of several decisions on one id the last counts
            other_id INTEGER NOT NULL REFERENCES identities (entry_id),
            -- the revision that was split off, as it was numbered then
            revision INTEGER,
            CHECK (entry_id != other_id)
        ) STRICT;
        CREATE INDEX decisions_by_entry ON decisions (entry_id);
        CREATE INDEX decisions_by_other ON decisions (other_id);

        CREATE TABLE new_changes (
            change_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            crawl_id INTEGER NOT NULL REFERENCES crawls (crawl_id),
            -- decided once: distinct, and never earlier than the change before
            at TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('new', 'revised', 'withdrawn', 'returned', 'link changed')),
            -- whether readers are told: not of what was found in old captures
            announced INTEGER NOT NULL DEFAULT 1 CHECK (announced IN (0, 1)),
            -- an identity rather than an entry: what was told of a merged entry stays told
            entry_id INTEGER REFERENCES identities (entry_id),
            revision_id INTEGER REFERENCES revisions (revision_id),
            link_id INTEGER REFERENCES links (link_id),
            CHECK ((entry_id IS NULL) = (link_id IS NOT NULL))
        ) STRICT;
        INSERT INTO new_changes
        SELECT change_id, source_id, crawl_id, at, kind, 1, entry_id, revision_id, link_id FROM changes;
        DROP TABLE changes;
        ALTER TABLE new_changes RENAME TO changes;
        CREATE INDEX changes_by_source ON changes (source_id, at);
        CREATE INDEX changes_by_entry ON changes (entry_id, at);
        CREATE INDEX changes_by_crawl ON changes (crawl_id);
        CREATE INDEX changes_by_revision ON changes (revision_id);
        CREATE INDEX changes_by_link ON changes (link_id);

        -- the place of a crawl in time: when it began, but never before the crawl that ran before it
        ALTER TABLE crawls ADD COLUMN ordered_at TEXT NOT NULL DEFAULT '';
        -- its captures came from a file
        ALTER TABLE crawls ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
        UPDATE crawls SET ordered_at = latest FROM (
            SELECT crawl_id AS upto, max(started_at) OVER (ORDER BY crawl_id) AS latest FROM crawls
        ) WHERE upto = crawl_id;
        CREATE INDEX crawls_by_time ON crawls (ordered_at, crawl_id);
        CREATE INDEX crawls_of_source_by_time ON crawls (source_id, ordered_at, crawl_id);

        -- crawls that run, or were killed
        CREATE INDEX crawls_open ON crawls (crawl_id) WHERE outcome IS NULL;
        -- what waits for a second complete crawl
        DROP INDEX entries_by_missed;
        CREATE INDEX entries_by_missed ON entries (source_id, missed) WHERE missed > 0 AND withdrawn_at IS NULL;

        -- the newest capture of a URL, imported ones at their place in time
        CREATE INDEX captures_by_url_and_time ON captures (url, fetched_at);
        DROP INDEX captures_by_url;

        -- candidates for matching: the excerpt whole, and the words by which it is known where it was edited
        ALTER TABLE entries ADD COLUMN excerpt_key TEXT;
        ALTER TABLE entries ADD COLUMN rare_words TEXT;
        CREATE INDEX entries_by_excerpt ON entries (source_id, excerpt_key) WHERE excerpt_key IS NOT NULL;
        CREATE INDEX entries_by_rare_words ON entries (source_id, rare_words) WHERE rare_words IS NOT NULL;
        """,
    )
    texts = db.execute("SELECT entry_id, excerpt FROM entries").fetchall()
    db.conn.executemany(
        "UPDATE entries SET excerpt_key = ?, rare_words = ? WHERE entry_id = ?",
        [(excerpt_key(excerpt), rare_words(excerpt), entry_id) for entry_id, excerpt in texts],
    )
