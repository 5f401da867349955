"""The tables of the first version: captures, entries, search, views and published files.

In each table, observed columns are separate from decided ones.
"""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m001_captures(db: Database) -> None:
    """Create the tables of captures, which a crawl writes and nothing changes afterwards."""
    run_script(
        db,
        """
        CREATE TABLE sources (
            source_id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            -- as configured when last crawled
            url TEXT NOT NULL,
            title TEXT NOT NULL,
            language TEXT NOT NULL
        ) STRICT;

        CREATE TABLE crawls (
            crawl_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            mode TEXT NOT NULL CHECK (mode IN ('full', 'quick')),
            started_at TEXT NOT NULL,
            -- observed
            finished_at TEXT,
            requests INTEGER NOT NULL DEFAULT 0,
            not_modified INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0,
            -- decided when it settled; NULL while it runs
            outcome TEXT CHECK (
                outcome IN ('complete', 'unchanged', 'partial', 'suspect', 'blocked', 'unreachable', 'failed')
            ),
            reason TEXT,
            -- whether entries were derived from it
            settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
            parser_version INTEGER,
            pages INTEGER NOT NULL DEFAULT 0,
            entries INTEGER NOT NULL DEFAULT 0,
            new INTEGER NOT NULL DEFAULT 0,
            revised INTEGER NOT NULL DEFAULT 0,
            withdrawn INTEGER NOT NULL DEFAULT 0,
            returned INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        -- "the last crawl of this source that ended well" is asked at every crawl
        CREATE INDEX crawls_by_source ON crawls (source_id, crawl_id);

        CREATE TABLE bodies (
            body_sha256 TEXT PRIMARY KEY CHECK (length(body_sha256) = 64),
            size INTEGER NOT NULL,
            zlib BLOB NOT NULL
        ) STRICT;

        CREATE TABLE captures (
            capture_id INTEGER PRIMARY KEY,
            crawl_id INTEGER NOT NULL REFERENCES crawls (crawl_id),
            purpose TEXT NOT NULL CHECK (purpose IN ('listing', 'link', 'robots')),
            -- place in the crawl: pass and page of the listing, from 1
            pass INTEGER,
            page INTEGER,
            -- the URL that was set out for, and the one asked here (another after a redirect)
            asked_url TEXT NOT NULL,
            url TEXT NOT NULL,
            fetched_at TEXT NOT NULL,
            -- observed: a response, or what kept it from coming whole
            status INTEGER,
            headers TEXT NOT NULL DEFAULT '[]',
            body_sha256 TEXT REFERENCES bodies (body_sha256),
            revalidates INTEGER REFERENCES captures (capture_id),
            fault TEXT CHECK (fault IN ('refused', 'disallowed', 'unreachable', 'incomplete', 'oversized')),
            detail TEXT,
            CHECK (status IS NOT NULL OR fault IS NOT NULL)
        ) STRICT;
        -- the captures of one crawl, in their order
        CREATE INDEX captures_by_crawl ON captures (crawl_id, purpose, pass, page);
        -- when a body was last confirmed: the last sighting of every entry on it
        CREATE INDEX captures_by_body ON captures (body_sha256, fetched_at);
        -- the validators to send with a URL, and when a link was last followed
        CREATE INDEX captures_by_url ON captures (url, capture_id);
        CREATE INDEX captures_by_asked_url ON captures (asked_url, purpose, fetched_at);
        -- foreign keys are checked by this when a capture is looked after
        CREATE INDEX captures_by_revalidated ON captures (revalidates) WHERE revalidates IS NOT NULL;
        """,
    )


def m002_entries(db: Database) -> None:
    """Create the tables of entries, which one transaction per crawl writes."""
    run_script(
        db,
        """
        CREATE TABLE publications (
            publication_id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        ) STRICT;

        CREATE TABLE publication_aliases (
            -- a spelling without white space, letter case, quote style and a leading "the"
            alias TEXT PRIMARY KEY,
            publication_id INTEGER NOT NULL REFERENCES publications (publication_id)
        ) STRICT;
        CREATE INDEX aliases_by_publication ON publication_aliases (publication_id);

        CREATE TABLE entries (
            -- minted at first sight, at random, and kept for good
            entry_id INTEGER PRIMARY KEY,
            tag_uri TEXT NOT NULL UNIQUE,
            feed_date TEXT NOT NULL,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- observed
            not_before TEXT,
            first_seen TEXT NOT NULL,
            -- the current wording, a copy of the current revision's for search and matching
            revision_id INTEGER REFERENCES revisions (revision_id) DEFERRABLE INITIALLY DEFERRED,
            wording TEXT NOT NULL,
            title_key TEXT,
            title TEXT,
            publication TEXT,
            publication_id INTEGER REFERENCES publications (publication_id),
            attribution TEXT NOT NULL,
            excerpt TEXT NOT NULL,
            commentary TEXT NOT NULL,
            -- the place where it was last listed
            last_body TEXT NOT NULL REFERENCES bodies (body_sha256),
            last_page INTEGER NOT NULL,
            last_position INTEGER NOT NULL,
            -- decided: complete crawls in a row that lacked it, and when that became a withdrawal
            missed INTEGER NOT NULL DEFAULT 0,
            withdrawn_at TEXT
        ) STRICT;
        -- no two entries of a source share a date; also the order of the feeds
        CREATE UNIQUE INDEX entries_by_feed_date ON entries (source_id, feed_date);
        -- the newest first, of all sources: how analysts see them
        CREATE INDEX entries_by_date ON entries (feed_date);
        -- candidates for matching
        CREATE INDEX entries_by_wording ON entries (source_id, wording);
        CREATE INDEX entries_by_title ON entries (source_id, title_key) WHERE title_key IS NOT NULL;
        -- what the last complete crawl lacked
        CREATE INDEX entries_by_missed ON entries (source_id, missed) WHERE missed > 0;
        -- listed entries, of which a complete crawl must say which it lacked
        CREATE INDEX entries_listed ON entries (source_id, entry_id) WHERE withdrawn_at IS NULL;
        CREATE INDEX entries_by_publication ON entries (publication, feed_date);
        CREATE INDEX entries_by_publication_id ON entries (publication_id);
        CREATE INDEX entries_by_revision ON entries (revision_id);
        CREATE INDEX entries_by_last_body ON entries (last_body);

        CREATE TABLE revisions (
            revision_id INTEGER PRIMARY KEY,
            entry_id INTEGER NOT NULL REFERENCES entries (entry_id),
            -- counts from 1; a technical revision has the number of the one that it restates
            number INTEGER NOT NULL,
            technical INTEGER NOT NULL DEFAULT 0 CHECK (technical IN (0, 1)),
            -- observed
            title TEXT,
            publication TEXT,
            attribution TEXT NOT NULL,
            excerpt TEXT NOT NULL,
            commentary TEXT NOT NULL,
            first_seen TEXT NOT NULL,
            capture_id INTEGER NOT NULL REFERENCES captures (capture_id),
            page INTEGER NOT NULL,
            position INTEGER NOT NULL,
            -- decided
            wording TEXT NOT NULL,
            flags TEXT NOT NULL DEFAULT '[]',
            parser_version INTEGER NOT NULL,
            match_method TEXT NOT NULL,
            match_score REAL
        ) STRICT;
        CREATE UNIQUE INDEX revisions_by_entry ON revisions (entry_id, number) WHERE technical = 0;
        -- all revisions of an entry, technical ones too: its earlier wordings, when candidates for matching are sought
        CREATE INDEX revisions_of_entry ON revisions (entry_id);
        -- an entry that goes back to an earlier wording is still itself
        CREATE INDEX revisions_by_wording ON revisions (wording);
        CREATE INDEX revisions_by_capture ON revisions (capture_id);

        CREATE TABLE listing_rows (
            -- what a body lists, by which parser: the sightings, once a body rather than once a crawl; two sources can be
            -- served the same bytes
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            body_sha256 TEXT NOT NULL REFERENCES bodies (body_sha256),
            parser_version INTEGER NOT NULL,
            position INTEGER NOT NULL,
            wording TEXT NOT NULL,
            -- decided when it was last settled
            entry_id INTEGER NOT NULL REFERENCES entries (entry_id),
            revision_id INTEGER NOT NULL REFERENCES revisions (revision_id),
            PRIMARY KEY (source_id, body_sha256, parser_version, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX listing_rows_by_body ON listing_rows (body_sha256);
        CREATE INDEX listing_rows_by_entry ON listing_rows (entry_id);
        CREATE INDEX listing_rows_by_revision ON listing_rows (revision_id);

        CREATE TABLE links (
            link_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            label TEXT NOT NULL,
            url TEXT NOT NULL,
            first_seen TEXT NOT NULL,
            -- what answered when it was last followed
            capture_id INTEGER REFERENCES captures (capture_id),
            status INTEGER,
            outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'blocked', 'refused', 'error')),
            -- decided: no longer on the listing
            gone_at TEXT,
            UNIQUE (source_id, label, url)
        ) STRICT;
        CREATE INDEX links_by_capture ON links (capture_id);

        CREATE TABLE changes (
            change_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            crawl_id INTEGER NOT NULL REFERENCES crawls (crawl_id),
            -- decided once: distinct, and never earlier than the change before
            at TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('new', 'revised', 'withdrawn', 'returned', 'link changed')),
            entry_id INTEGER REFERENCES entries (entry_id),
            revision_id INTEGER REFERENCES revisions (revision_id),
            link_id INTEGER REFERENCES links (link_id),
            CHECK ((entry_id IS NULL) = (link_id IS NOT NULL))
        ) STRICT;
        CREATE INDEX changes_by_source ON changes (source_id, at);
        CREATE INDEX changes_by_entry ON changes (entry_id, at);
        CREATE INDEX changes_by_crawl ON changes (crawl_id);
        CREATE INDEX changes_by_revision ON changes (revision_id);
        CREATE INDEX changes_by_link ON changes (link_id);
        """,
    )


def m003_search(db: Database) -> None:
    """Create the full-text index of current texts, and its triggers.

    The triggers run only if a text changes.
    """
    run_script(
        db,
        """
        CREATE VIRTUAL TABLE entries_fts USING fts5 (
            title, publication, excerpt, commentary,
            content=[entries], content_rowid=[entry_id], tokenize='porter unicode61 remove_diacritics 2'
        );
        CREATE TRIGGER entries_fts_insert AFTER INSERT ON entries BEGIN
            INSERT INTO entries_fts (rowid, title, publication, excerpt, commentary)
            VALUES (new.entry_id, new.title, new.publication, new.excerpt, new.commentary);
        END;
        CREATE TRIGGER entries_fts_update AFTER UPDATE OF title, publication, excerpt, commentary ON entries BEGIN
            INSERT INTO entries_fts (entries_fts, rowid, title, publication, excerpt, commentary)
            VALUES ('delete', old.entry_id, old.title, old.publication, old.excerpt, old.commentary);
            INSERT INTO entries_fts (rowid, title, publication, excerpt, commentary)
            VALUES (new.entry_id, new.title, new.publication, new.excerpt, new.commentary);
        END;
        """,
    )


def m004_views(db: Database) -> None:
    """Create the views; scripts rely on their columns."""
    run_script(
        db,
        """
        CREATE VIEW current_entries AS
        SELECT e.entry_id, e.tag_uri, s.name AS source, e.title, e.publication, e.attribution, e.excerpt, e.commentary,
               e.first_seen, e.not_before,
               -- by a crawl of the same source: two can be served the same bytes
               (SELECT c.fetched_at FROM captures c JOIN crawls w USING (crawl_id)
                WHERE c.body_sha256 = e.last_body AND w.source_id = e.source_id
                ORDER BY c.fetched_at DESC LIMIT 1) AS last_seen,
               e.feed_date, e.withdrawn_at, r.number AS revision, e.last_page AS page, e.last_position AS position
        FROM entries e JOIN sources s USING (source_id) JOIN revisions r USING (revision_id);

        CREATE VIEW entry_history AS
        SELECT r.entry_id, r.number AS revision, r.technical, r.title, r.publication, r.attribution, r.excerpt,
               r.commentary, r.first_seen, c.url, r.page, r.position, c.body_sha256, r.match_method, r.match_score
        FROM revisions r JOIN captures c USING (capture_id);

        CREATE VIEW crawl_log AS
        SELECT c.crawl_id, s.name AS source, c.mode, c.started_at, c.finished_at, c.outcome, c.reason, c.pages,
               c.entries, c.new, c.revised, c.withdrawn, c.returned, c.requests, c.not_modified, c.bytes
        FROM crawls c JOIN sources s USING (source_id)
        WHERE c.outcome IS NOT NULL;

        CREATE VIEW patent_search_links AS
        SELECT s.name AS source, l.label, l.url, l.first_seen,
               (SELECT c.fetched_at FROM captures c JOIN crawls w USING (crawl_id)
                WHERE c.asked_url = l.url AND c.purpose = 'link' AND w.source_id = l.source_id
                ORDER BY c.fetched_at DESC LIMIT 1) AS last_seen,
               l.status, l.outcome
        FROM links l JOIN sources s USING (source_id);
        """,
    )


def m005_published_files(db: Database) -> None:
    """Create the list of published files; a publish removes only files that are listed."""
    run_script(
        db,
        """
        CREATE TABLE published_files (
            output TEXT NOT NULL,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            -- whose feeds stand there: another source's must not take their place unasked
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            PRIMARY KEY (output, path)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX published_files_by_source ON published_files (source_id);
        """,
    )
