"""Placements: what the listing showed from crawl to crawl."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m023_placements(db: Database) -> None:
    """Store each row of the listing from the crawl that first shows it to the crawl that no longer does."""
    run_script(
        db,
        """
        CREATE TABLE placements (
            -- the first crawl that shows the entry at this place with this revision
            from_crawl INTEGER NOT NULL REFERENCES crawls (crawl_id),
            -- sorts the rows of a listing
            order_key TEXT NOT NULL,
            revision_id INTEGER NOT NULL REFERENCES revisions (revision_id),
            entry_id INTEGER NOT NULL REFERENCES entries (entry_id),
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- the times of both crawls in the order of crawls
            listed_from TEXT NOT NULL,
            -- the first crawl that no longer does; NULL while it is listed; from_crawl if a later pass contradicted it
            to_crawl INTEGER REFERENCES crawls (crawl_id),
            listed_to TEXT,
            PRIMARY KEY (from_crawl, order_key, revision_id),
            CHECK ((to_crawl IS NULL) = (listed_to IS NULL))
        ) STRICT, WITHOUT ROWID;
        -- the present listing, in order
        CREATE UNIQUE INDEX placements_now ON placements (source_id, order_key) WHERE to_crawl IS NULL;
        -- the listing at a time
        CREATE INDEX placements_by_time ON placements (source_id, listed_from, listed_to, entry_id);
        CREATE INDEX placements_by_entry ON placements (entry_id);
        CREATE INDEX placements_by_revision ON placements (revision_id);
        CREATE INDEX placements_by_end ON placements (to_crawl) WHERE to_crawl IS NOT NULL;

        CREATE VIEW listing_history AS
        SELECT s.name AS source, p.entry_id, p.revision_id,
               (SELECT r.number FROM revisions r WHERE r.revision_id = p.revision_id) AS revision, p.order_key,
               p.listed_from, p.listed_to, p.from_crawl, p.to_crawl
        FROM placements p LEFT JOIN sources s ON s.source_id = p.source_id;
        """,
    )
    version = db.execute("PRAGMA user_version").fetchone()[0]
    # rules 99 do not exist, so the next crawl derives the archive again; older rules than 3 have that effect already
    if version % 100 >= 3:
        db.execute(f"PRAGMA user_version={version // 100 * 100 + 99}")
