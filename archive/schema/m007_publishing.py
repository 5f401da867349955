"""The state of publishing: feed log, frozen documents, topics, counters, folders."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m007_publishing(db: Database) -> None:
    """Let a publish find the files that a change affects by index, and store frozen documents."""
    run_script(
        db,
        """
        -- how often the archive was derived again with another result: then publishing cannot go by the journal alone
        CREATE TABLE derivations (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            count INTEGER NOT NULL
        ) STRICT;
        INSERT INTO derivations VALUES (1, 0);

        -- the link that made way for another; the changed link itself where none came in its place
        ALTER TABLE changes ADD COLUMN former_link_id INTEGER REFERENCES links (link_id);
        UPDATE changes SET former_link_id = coalesce(
            (SELECT min(l.link_id) FROM links l JOIN crawls w ON w.crawl_id = changes.crawl_id
             WHERE l.source_id = changes.source_id AND l.gone_at = w.started_at AND l.link_id != changes.link_id),
            (SELECT l.link_id FROM links l JOIN crawls w ON w.crawl_id = changes.crawl_id
             WHERE l.link_id = changes.link_id AND l.gone_at = w.started_at)
        ) WHERE link_id IS NOT NULL;
        CREATE INDEX changes_by_former_link ON changes (former_link_id) WHERE former_link_id IS NOT NULL;

        -- the newest changes that readers are told of: new entries, which would be walked over, are told by the feeds
        CREATE INDEX changes_told ON changes (source_id, at) WHERE announced = 1 AND kind != 'new';

        CREATE TABLE feed_log (
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- counts from 1 in the order of the journal, and never changes: archive document N holds 50 of them
            position INTEGER NOT NULL,
            -- of which entry it tells; once it is frozen, of which it told
            entry_id INTEGER NOT NULL REFERENCES identities (entry_id),
            -- NULL where no change tells of it: an operator's decision gave the entry an earlier wording back
            change_id INTEGER REFERENCES changes (change_id),
            announced INTEGER NOT NULL CHECK (announced IN (0, 1)),
            -- the wording that a frozen document gives it; NULL until then
            wording TEXT,
            PRIMARY KEY (source_id, position)
        ) STRICT, WITHOUT ROWID;
        -- the newest events that readers are told of
        CREATE INDEX feed_log_announced ON feed_log (source_id, position) WHERE announced = 1;
        -- the last that was told of an entry
        CREATE INDEX feed_log_by_entry ON feed_log (entry_id, position);
        CREATE INDEX feed_log_by_change ON feed_log (change_id);

        CREATE TABLE frozen_documents (
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            base_url TEXT NOT NULL,
            format TEXT NOT NULL CHECK (format IN ('atom', 'json')),
            number INTEGER NOT NULL,
            -- RFC 5005 section 4: once published it stays as it is, so the very bytes are kept
            sha256 TEXT NOT NULL,
            zlib BLOB NOT NULL,
            PRIMARY KEY (source_id, base_url, format, number)
        ) STRICT;

        CREATE TABLE entry_numbers (
            -- entries counted from the oldest, so that full pages of them keep theirs
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            number INTEGER NOT NULL,
            entry_id INTEGER NOT NULL UNIQUE REFERENCES identities (entry_id),
            PRIMARY KEY (source_id, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE topics (
            topic_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- as configured when last published
            name TEXT NOT NULL,
            patterns TEXT NOT NULL,
            UNIQUE (source_id, name)
        ) STRICT;

        CREATE TABLE entry_topics (
            topic_id INTEGER NOT NULL REFERENCES topics (topic_id) ON DELETE CASCADE,
            -- a copy of the entry's, which never changes: the newest of a topic are found by it
            feed_date TEXT NOT NULL,
            entry_id INTEGER NOT NULL REFERENCES identities (entry_id),
            PRIMARY KEY (topic_id, feed_date, entry_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX entry_topics_by_entry ON entry_topics (entry_id);

        CREATE TABLE tallies (
            -- how many entries there are of each publication, topic and month, as last published
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            kind TEXT NOT NULL CHECK (kind IN ('publication', 'topic', 'month')),
            name TEXT NOT NULL,
            entries INTEGER NOT NULL,
            PRIMARY KEY (source_id, kind, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE followed (
            -- up to where numbers, topics and tallies are those of the archive: see outputs
            source_id INTEGER PRIMARY KEY REFERENCES sources (source_id),
            derivation INTEGER NOT NULL,
            changes_until TEXT NOT NULL
        ) STRICT;

        -- the newest of a publication, and how many it has
        CREATE INDEX entries_of_publication ON entries (source_id, publication, feed_date);

        CREATE TABLE outputs (
            -- a folder by its way from the archive's
            output TEXT PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            base_url TEXT NOT NULL,
            -- a digest of what shapes the files besides the archive: settings, topics, templates
            shape TEXT NOT NULL,
            -- up to where the archive was followed: derivations, and the time of the last change
            derivation INTEGER NOT NULL,
            changes_until TEXT NOT NULL,
            -- how much stood there then: entries, events of the log, files
            entries INTEGER NOT NULL,
            events INTEGER NOT NULL,
            files INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outputs_by_source ON outputs (source_id);
        """,
    )
