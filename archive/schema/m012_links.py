"""Links with a key that ignores session ids, and their traffic.

Links are followed after the crawl that shows them has settled.
"""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m012_links(db: Database) -> None:
    """Add the outcome `skipped`, the key and last URL of links, and their traffic."""
    run_script(
        db,
        """
        DROP VIEW patent_search_links;
        DROP VIEW crawl_log;

        -- what the link is known by: its address without session ids and time stamps
        ALTER TABLE links ADD COLUMN key TEXT NOT NULL DEFAULT '';
        -- the address as the listing showed it last, which is followed; `url` is the first one, which changes tell
        ALTER TABLE links ADD COLUMN last_url TEXT NOT NULL DEFAULT '';
        UPDATE links SET key = url, last_url = url;
        -- a column is replaced, since its check cannot be altered, and no table that others refer to can be dropped
        ALTER TABLE links ADD COLUMN new_outcome TEXT NOT NULL DEFAULT 'skipped'
            CHECK (new_outcome IN ('ok', 'blocked', 'refused', 'error', 'skipped'));
        UPDATE links SET new_outcome = outcome;
        ALTER TABLE links DROP COLUMN outcome;
        ALTER TABLE links RENAME COLUMN new_outcome TO outcome;

        CREATE TABLE link_traffic (
            -- what following the links of a crawl cost, after the crawl had settled
            crawl_id INTEGER PRIMARY KEY REFERENCES crawls (crawl_id),
            requests INTEGER NOT NULL,
            not_modified INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT;

        CREATE VIEW patent_search_links AS
        SELECT s.name AS source, l.label, l.last_url AS url, l.first_seen,
               coalesce((SELECT d.fetched_at FROM redated_captures d WHERE d.capture_id = l.capture_id),
                        (SELECT c.fetched_at FROM captures c WHERE c.capture_id = l.capture_id), l.first_seen) AS last_seen,
               l.status, l.outcome
        FROM links l JOIN sources s USING (source_id);

        CREATE VIEW crawl_log AS
        SELECT c.crawl_id, s.name AS source, c.mode,
               coalesce((SELECT r.started_at FROM redated_crawls r WHERE r.crawl_id = c.crawl_id), c.started_at) AS started_at,
               coalesce((SELECT r.finished_at FROM redated_crawls r WHERE r.crawl_id = c.crawl_id), c.finished_at) AS finished_at,
               c.outcome, c.reason, c.pages, c.entries, c.new, c.revised, c.withdrawn, c.returned,
               c.requests + coalesce((SELECT t.requests FROM link_traffic t WHERE t.crawl_id = c.crawl_id), 0) AS requests,
               c.not_modified
               + coalesce((SELECT t.not_modified FROM link_traffic t WHERE t.crawl_id = c.crawl_id), 0) AS not_modified,
               c.bytes + coalesce((SELECT t.bytes FROM link_traffic t WHERE t.crawl_id = c.crawl_id), 0) AS bytes
        FROM crawls c JOIN sources s USING (source_id)
        WHERE c.outcome IS NOT NULL;
        """,
    )
