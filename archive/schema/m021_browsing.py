"""What browsing needs to be fast at any size: views without joins, indexes, and counts of entries."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m021_browsing(db: Database) -> None:
    """Let the views read one table each, and index and count what readers sort, filter and count by.

    A view that joins tables for names visits them for every row that is counted, sorted or grouped; a scalar subquery is
    only evaluated for rows that are shown.
    """
    run_script(
        db,
        """
        -- copies, so that a filter by publication or revision reads one index: triggers keep them
        ALTER TABLE entries ADD COLUMN shown_publication TEXT;
        ALTER TABLE entries ADD COLUMN revision_number INTEGER;
        UPDATE entries SET
            shown_publication = (SELECT p.shown_name FROM publications p WHERE p.publication_id = entries.publication_id),
            revision_number = (SELECT r.number FROM revisions r WHERE r.revision_id = entries.revision_id);
        CREATE TRIGGER entries_shown_insert AFTER INSERT ON entries WHEN new.publication_id IS NOT NULL BEGIN
            UPDATE entries SET shown_publication =
                (SELECT p.shown_name FROM publications p WHERE p.publication_id = new.publication_id)
            WHERE entry_id = new.entry_id;
        END;
        CREATE TRIGGER entries_shown_update AFTER UPDATE OF publication_id ON entries
        WHEN old.publication_id IS NOT new.publication_id BEGIN
            UPDATE entries SET shown_publication =
                (SELECT p.shown_name FROM publications p WHERE p.publication_id = new.publication_id)
            WHERE entry_id = new.entry_id;
        END;
        CREATE TRIGGER entries_revision_update AFTER UPDATE OF revision_id ON entries BEGIN
            UPDATE entries SET revision_number =
                (SELECT r.number FROM revisions r WHERE r.revision_id = new.revision_id)
            WHERE entry_id = new.entry_id;
        END;
        CREATE TRIGGER publications_shown_insert AFTER INSERT ON publications BEGIN
            UPDATE entries SET shown_publication = new.shown_name
            WHERE publication_id = new.publication_id AND shown_publication IS NOT new.shown_name;
        END;
        CREATE TRIGGER publications_shown_update AFTER UPDATE OF shown_name ON publications
        WHEN old.shown_name IS NOT new.shown_name BEGIN
            UPDATE entries SET shown_publication = new.shown_name WHERE publication_id = new.publication_id;
        END;

        -- the first column orders a page of entries; filters by the other columns read the index alone
        DROP INDEX entries_by_date;
        CREATE INDEX entries_by_date ON entries (
            feed_date, source_id, revision_number, last_page, last_position, withdrawn_at, first_seen, not_before
        );
        CREATE INDEX entries_by_shown_publication ON entries (shown_publication, feed_date, first_seen, withdrawn_at);
        CREATE INDEX entries_by_plain_title ON entries (title);
        CREATE INDEX entries_by_first_seen ON entries (first_seen);
        CREATE INDEX entries_by_not_before ON entries (not_before);
        CREATE INDEX entries_by_withdrawal ON entries (withdrawn_at, feed_date);
        CREATE INDEX entries_by_revision_number ON entries (revision_number, feed_date);
        CREATE INDEX revisions_by_first_seen ON revisions (
            first_seen, technical, number, page, position, match_method, publication
        );
        CREATE INDEX revisions_technical ON revisions (entry_id) WHERE technical = 1;
        CREATE INDEX changes_by_kind ON changes (kind, at);

        CREATE TABLE entry_counts (
            -- how many entries there are: derived from entries, and kept by triggers
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- of the feed date
            month TEXT NOT NULL,
            -- 0 where the publication is unknown
            publication_id INTEGER NOT NULL,
            entries INTEGER NOT NULL,
            withdrawn INTEGER NOT NULL,
            PRIMARY KEY (source_id, month, publication_id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO entry_counts
        SELECT source_id, substr(feed_date, 1, 7), coalesce(publication_id, 0), count(*), count(withdrawn_at)
        FROM entries GROUP BY 1, 2, 3;
        CREATE TRIGGER entry_counts_insert AFTER INSERT ON entries BEGIN
            INSERT INTO entry_counts VALUES (
                new.source_id, substr(new.feed_date, 1, 7), coalesce(new.publication_id, 0), 1,
                new.withdrawn_at IS NOT NULL
            ) ON CONFLICT DO UPDATE SET entries = entries + 1, withdrawn = withdrawn + excluded.withdrawn;
        END;
        CREATE TRIGGER entry_counts_delete AFTER DELETE ON entries BEGIN
            UPDATE entry_counts SET entries = entries - 1, withdrawn = withdrawn - (old.withdrawn_at IS NOT NULL)
            WHERE source_id = old.source_id AND month = substr(old.feed_date, 1, 7)
                AND publication_id = coalesce(old.publication_id, 0);
            DELETE FROM entry_counts
            WHERE source_id = old.source_id AND month = substr(old.feed_date, 1, 7)
                AND publication_id = coalesce(old.publication_id, 0) AND entries = 0;
        END;
        CREATE TRIGGER entry_counts_update AFTER UPDATE OF source_id, feed_date, publication_id, withdrawn_at ON entries
        WHEN old.source_id != new.source_id OR substr(old.feed_date, 1, 7) != substr(new.feed_date, 1, 7)
            OR old.publication_id IS NOT new.publication_id
            OR (old.withdrawn_at IS NULL) != (new.withdrawn_at IS NULL)
        BEGIN
            UPDATE entry_counts SET entries = entries - 1, withdrawn = withdrawn - (old.withdrawn_at IS NOT NULL)
            WHERE source_id = old.source_id AND month = substr(old.feed_date, 1, 7)
                AND publication_id = coalesce(old.publication_id, 0);
            INSERT INTO entry_counts VALUES (
                new.source_id, substr(new.feed_date, 1, 7), coalesce(new.publication_id, 0), 1,
                new.withdrawn_at IS NOT NULL
            ) ON CONFLICT DO UPDATE SET entries = entries + 1, withdrawn = withdrawn + excluded.withdrawn;
            DELETE FROM entry_counts
            WHERE source_id = old.source_id AND month = substr(old.feed_date, 1, 7)
                AND publication_id = coalesce(old.publication_id, 0) AND entries = 0;
        END;

        DROP VIEW current_entries;
        CREATE VIEW current_entries AS
        SELECT e.entry_id, e.tag_uri, (SELECT s.name FROM sources s WHERE s.source_id = e.source_id) AS source, e.title,
               e.shown_publication AS publication, e.attribution, e.excerpt, e.commentary, e.first_seen, e.not_before,
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
               e.feed_date, e.withdrawn_at, e.revision_number AS revision, e.last_page AS page, e.last_position AS position
        FROM entries e;

        DROP VIEW entry_history;
        CREATE VIEW entry_history AS
        SELECT r.entry_id, r.number AS revision, r.technical, r.title,
               (SELECT p.shown_name FROM publications p WHERE p.name = r.publication) AS publication, r.attribution,
               r.excerpt, r.commentary, r.first_seen,
               (SELECT c.url FROM captures c WHERE c.capture_id = r.capture_id) AS url, r.page, r.position,
               (SELECT c.body_sha256 FROM captures c WHERE c.capture_id = r.capture_id) AS body_sha256,
               r.match_method, r.match_score
        FROM revisions r;
        """,
    )
