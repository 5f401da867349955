"""The names under which publications are shown."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m020_publication_names(db: Database) -> None:
    """Store the operator's names for publications, and show them in the views."""
    run_script(
        db,
        """
        CREATE TABLE publication_names (
            -- the [publications] of the settings: a spelling as in publication_aliases, and the name to show for it
            alias TEXT PRIMARY KEY,
            name TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE former_publication_names (
            -- names that feeds and pages were published under, and the spelling of a publication that had the name
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            name TEXT NOT NULL,
            alias TEXT NOT NULL,
            PRIMARY KEY (source_id, name, alias)
        ) STRICT, WITHOUT ROWID;

        -- the name to show: the operator's, otherwise the name as listed
        ALTER TABLE publications ADD COLUMN shown_name TEXT;
        UPDATE publications SET shown_name = name;
        CREATE INDEX publications_by_shown_name ON publications (shown_name);

        DROP VIEW current_entries;
        CREATE VIEW current_entries AS
        SELECT e.entry_id, e.tag_uri, s.name AS source, e.title, p.shown_name AS publication, e.attribution, e.excerpt,
               e.commentary, e.first_seen, e.not_before,
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
        FROM entries e JOIN sources s USING (source_id) JOIN revisions r USING (revision_id)
        LEFT JOIN publications p ON p.publication_id = e.publication_id;

        DROP VIEW entry_history;
        CREATE VIEW entry_history AS
        SELECT r.entry_id, r.number AS revision, r.technical, r.title, p.shown_name AS publication, r.attribution, r.excerpt,
               r.commentary, r.first_seen, c.url, r.page, r.position, c.body_sha256, r.match_method, r.match_score
        FROM revisions r JOIN captures c USING (capture_id) LEFT JOIN publications p ON p.name = r.publication;
        """,
    )
