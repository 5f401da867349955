"""Clock differences between this machine and a site, and corrected crawl times."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m010_clocks(db: Database) -> None:
    """Store clock differences and corrected times, and let changes correct earlier ones."""
    run_script(
        db,
        """
        -- observed: seconds by which our clock was ahead of the site's, by its listing answers; NULL where they do not say
        ALTER TABLE crawls ADD COLUMN clock_difference INTEGER;
        -- decided: the difference that is usual for the source from then on; NULL where the clock was not found right
        ALTER TABLE crawls ADD COLUMN usual_difference INTEGER;
        -- what a crawl compares its clock with
        CREATE INDEX crawls_of_source ON crawls (source_id, crawl_id) WHERE usual_difference IS NOT NULL;

        CREATE TABLE redatings (
            -- an operator's decision; of several on one crawl the last counts
            redating_id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            crawl_id INTEGER NOT NULL REFERENCES crawls (crawl_id),
            -- when the crawl began; its other times move with it
            began_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX redatings_by_crawl ON redatings (crawl_id);

        CREATE TABLE redated_entries (
            -- the feed dates that a redating moved, in place of those that were minted; of several on one entry the last counts
            redating_id INTEGER NOT NULL REFERENCES redatings (redating_id),
            entry_id INTEGER NOT NULL REFERENCES identities (entry_id),
            feed_date TEXT NOT NULL,
            PRIMARY KEY (redating_id, entry_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX redated_entries_by_entry ON redated_entries (entry_id);

        CREATE TABLE redated_crawls (
            -- derived from the redatings: the times of the crawls that they correct, and the place of those after them
            crawl_id INTEGER PRIMARY KEY REFERENCES crawls (crawl_id),
            started_at TEXT NOT NULL,
            finished_at TEXT,
            ordered_at TEXT NOT NULL
        ) STRICT;

        CREATE TABLE redated_captures (
            -- derived likewise
            capture_id INTEGER PRIMARY KEY REFERENCES captures (capture_id),
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            body_sha256 TEXT,
            fetched_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX redated_captures_by_body ON redated_captures (body_sha256, source_id, fetched_at);
        CREATE INDEX redated_captures_by_source ON redated_captures (source_id);

        -- crawls with the times that count
        CREATE VIEW timed_crawls AS
        SELECT c.crawl_id, c.source_id, c.mode, coalesce(r.started_at, c.started_at) AS started_at,
               coalesce(r.finished_at, c.finished_at) AS finished_at, coalesce(r.ordered_at, c.ordered_at) AS ordered_at,
               c.outcome, c.reason, c.settled, c.imported, c.parser_version, c.pages, c.entries, c.usual_difference
        FROM crawls c LEFT JOIN redated_crawls r USING (crawl_id);

        -- the feed log refers to the journal, which is made anew: SQLite cannot change a CHECK
        CREATE TABLE kept_feed_log AS SELECT * FROM feed_log;
        DELETE FROM feed_log;
        CREATE TABLE new_changes (
            -- counts up as the journal grows: its order
            change_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            crawl_id INTEGER NOT NULL REFERENCES crawls (crawl_id),
            -- decided once: distinct, and later than the change before unless that one's clock was wrong
            at TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (
                kind IN ('new', 'revised', 'withdrawn', 'returned', 'link changed', 'merged', 'split', 'corrected')
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
            CHECK ((redating_id IS NOT NULL) = (kind = 'corrected')),
            CHECK (kind = 'corrected' OR (entry_id IS NULL) = (link_id IS NOT NULL))
        ) STRICT;
        INSERT INTO new_changes
        SELECT change_id, source_id, crawl_id, at, kind, announced, entry_id, revision_id, link_id, former_link_id, NULL
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

        DROP VIEW current_entries;
        CREATE VIEW current_entries AS
        SELECT e.entry_id, e.tag_uri, s.name AS source, e.title, e.publication, e.attribution, e.excerpt, e.commentary,
               e.first_seen, e.not_before,
               -- by a crawl of the same source, since two can be served the same bytes, and one whose clock was found right
               nullif(max(
                   coalesce((SELECT c.fetched_at FROM captures c JOIN crawls w USING (crawl_id)
                             WHERE c.body_sha256 = e.last_body AND w.source_id = e.source_id
                             AND (w.settled = 1 OR w.usual_difference IS NOT NULL)
                             AND NOT EXISTS (SELECT 1 FROM redated_captures d WHERE d.capture_id = c.capture_id)
                             ORDER BY c.fetched_at DESC LIMIT 1), ''),
                   coalesce((SELECT max(d.fetched_at) FROM redated_captures d
                             WHERE d.body_sha256 = e.last_body AND d.source_id = e.source_id), '')
               ), '') AS last_seen,
               e.feed_date, e.withdrawn_at, r.number AS revision, e.last_page AS page, e.last_position AS position
        FROM entries e JOIN sources s USING (source_id) JOIN revisions r USING (revision_id);

        DROP VIEW crawl_log;
        CREATE VIEW crawl_log AS
        SELECT c.crawl_id, s.name AS source, c.mode,
               coalesce((SELECT r.started_at FROM redated_crawls r WHERE r.crawl_id = c.crawl_id), c.started_at) AS started_at,
               coalesce((SELECT r.finished_at FROM redated_crawls r WHERE r.crawl_id = c.crawl_id), c.finished_at) AS finished_at,
               c.outcome, c.reason, c.pages,
               c.entries, c.new, c.revised, c.withdrawn, c.returned, c.requests, c.not_modified, c.bytes
        FROM crawls c JOIN sources s USING (source_id)
        WHERE c.outcome IS NOT NULL;
        """,
    )
