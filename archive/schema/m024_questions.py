"""Counts and views that answer questions about the archive."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m024_questions(db: Database) -> None:
    """Count entries by topic, and create the views of canned queries.

    Triggers keep the counts, so that they are right at any time and cost nothing to ask for.
    """
    run_script(db, _COUNTS)
    run_script(db, _TRIGGERS)
    run_script(db, _VIEWS)


_COUNTS = """
    CREATE TABLE topic_month_counts (
        topic_id INTEGER NOT NULL REFERENCES topics (topic_id) ON DELETE CASCADE,
        month TEXT NOT NULL,
        entries INTEGER NOT NULL,
        PRIMARY KEY (topic_id, month)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE topic_publication_counts (
        topic_id INTEGER NOT NULL REFERENCES topics (topic_id) ON DELETE CASCADE,
        -- 0 is unknown
        publication_id INTEGER NOT NULL,
        entries INTEGER NOT NULL,
        PRIMARY KEY (topic_id, publication_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE topic_pair_counts (
        -- how many entries have both topics; each pair is stored once, with the lower id first
        topic_id INTEGER NOT NULL REFERENCES topics (topic_id) ON DELETE CASCADE,
        other_topic_id INTEGER NOT NULL REFERENCES topics (topic_id) ON DELETE CASCADE,
        entries INTEGER NOT NULL,
        PRIMARY KEY (topic_id, other_topic_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX topic_pair_counts_by_other ON topic_pair_counts (other_topic_id);

    INSERT INTO topic_month_counts
    SELECT topic_id, substr(feed_date, 1, 7), count(*) FROM entry_topics GROUP BY 1, 2;
    INSERT INTO topic_publication_counts
    SELECT m.topic_id, coalesce(e.publication_id, 0), count(*)
    FROM entry_topics m LEFT JOIN entries e USING (entry_id) GROUP BY 1, 2;
    INSERT INTO topic_pair_counts
    SELECT m.topic_id, o.topic_id, count(*)
    FROM entry_topics m JOIN entry_topics o ON o.entry_id = m.entry_id AND o.topic_id > m.topic_id GROUP BY 1, 2;
"""

# an entry can be deleted and written again while its topics stay: they then count for publication 0 meanwhile
_TRIGGERS = """
    CREATE TRIGGER topic_publications_insert AFTER INSERT ON entries BEGIN
        UPDATE topic_publication_counts SET entries = entries - 1
        WHERE publication_id = 0 AND topic_id IN (SELECT topic_id FROM entry_topics WHERE entry_id = new.entry_id);
        INSERT INTO topic_publication_counts
        SELECT topic_id, coalesce(new.publication_id, 0), 1 FROM entry_topics WHERE entry_id = new.entry_id
        ON CONFLICT DO UPDATE SET entries = entries + 1;
    END;

    CREATE TRIGGER topic_publications_delete AFTER DELETE ON entries BEGIN
        UPDATE topic_publication_counts SET entries = entries - 1
        WHERE publication_id = coalesce(old.publication_id, 0)
            AND topic_id IN (SELECT topic_id FROM entry_topics WHERE entry_id = old.entry_id);
        INSERT INTO topic_publication_counts
        SELECT topic_id, 0, 1 FROM entry_topics WHERE entry_id = old.entry_id
        ON CONFLICT DO UPDATE SET entries = entries + 1;
    END;

    CREATE TRIGGER topic_publications_update AFTER UPDATE OF entry_id, publication_id ON entries
    WHEN old.entry_id != new.entry_id OR old.publication_id IS NOT new.publication_id
    BEGIN
        UPDATE topic_publication_counts SET entries = entries - 1
        WHERE publication_id = coalesce(old.publication_id, 0)
            AND topic_id IN (SELECT topic_id FROM entry_topics WHERE entry_id = old.entry_id);
        INSERT INTO topic_publication_counts
        SELECT topic_id, 0, 1 FROM entry_topics WHERE entry_id = old.entry_id
        ON CONFLICT DO UPDATE SET entries = entries + 1;
        UPDATE topic_publication_counts SET entries = entries - 1
        WHERE publication_id = 0 AND topic_id IN (SELECT topic_id FROM entry_topics WHERE entry_id = new.entry_id);
        INSERT INTO topic_publication_counts
        SELECT topic_id, coalesce(new.publication_id, 0), 1 FROM entry_topics WHERE entry_id = new.entry_id
        ON CONFLICT DO UPDATE SET entries = entries + 1;
    END;

    CREATE TRIGGER topic_counts_insert AFTER INSERT ON entry_topics BEGIN
        INSERT INTO topic_month_counts VALUES (new.topic_id, substr(new.feed_date, 1, 7), 1)
        ON CONFLICT DO UPDATE SET entries = entries + 1;
        INSERT INTO topic_publication_counts
        VALUES (new.topic_id, coalesce((SELECT publication_id FROM entries WHERE entry_id = new.entry_id), 0), 1)
        ON CONFLICT DO UPDATE SET entries = entries + 1;
        INSERT INTO topic_pair_counts
        SELECT min(topic_id, new.topic_id), max(topic_id, new.topic_id), 1 FROM entry_topics
        WHERE entry_id = new.entry_id AND topic_id != new.topic_id
        ON CONFLICT DO UPDATE SET entries = entries + 1;
    END;

    CREATE TRIGGER topic_counts_delete AFTER DELETE ON entry_topics BEGIN
        UPDATE topic_month_counts SET entries = entries - 1
        WHERE topic_id = old.topic_id AND month = substr(old.feed_date, 1, 7);
        UPDATE topic_publication_counts SET entries = entries - 1
        WHERE topic_id = old.topic_id
            AND publication_id = coalesce((SELECT publication_id FROM entries WHERE entry_id = old.entry_id), 0);
        UPDATE topic_pair_counts SET entries = entries - 1
        WHERE topic_id < old.topic_id AND other_topic_id = old.topic_id
            AND topic_id IN (SELECT topic_id FROM entry_topics WHERE entry_id = old.entry_id);
        UPDATE topic_pair_counts SET entries = entries - 1
        WHERE topic_id = old.topic_id
            AND other_topic_id IN (SELECT topic_id FROM entry_topics WHERE entry_id = old.entry_id);
    END;
"""

_VIEWS = """
    CREATE INDEX changes_withdrawn ON changes (at) WHERE kind IN ('withdrawn', 'returned');
    -- the listing on a date is read from the index alone
    DROP INDEX placements_by_time;
    CREATE INDEX placements_by_time ON placements (source_id, listed_to, listed_from, entry_id);
    CREATE INDEX entries_unsplit ON entries (feed_date) WHERE title IS NULL;

    CREATE VIEW monthly_entries AS
    SELECT s.name AS source, c.month, p.shown_name AS publication, c.entries, c.withdrawn
    FROM entry_counts c JOIN sources s USING (source_id) LEFT JOIN publications p USING (publication_id);

    CREATE VIEW monthly_topics AS
    SELECT s.name AS source, t.name AS topic, c.month, c.entries
    FROM topic_month_counts c JOIN topics t USING (topic_id) JOIN sources s USING (source_id)
    WHERE c.entries > 0;

    CREATE VIEW topic_publications AS
    SELECT s.name AS source, t.name AS topic, p.shown_name AS publication, c.entries
    FROM topic_publication_counts c JOIN topics t USING (topic_id) JOIN sources s USING (source_id)
    LEFT JOIN publications p USING (publication_id)
    WHERE c.entries > 0;

    CREATE VIEW topic_pairs AS
    SELECT s.name AS source, t.name AS topic, o.name AS other_topic, c.entries
    FROM topic_pair_counts c JOIN topics t USING (topic_id) JOIN topics o ON o.topic_id = c.other_topic_id
    JOIN sources s ON s.source_id = t.source_id
    WHERE c.entries > 0;

    CREATE VIEW edits AS
    SELECT x.at, s.name AS source, x.entry_id, n.number AS revision, n.title, n.attribution, n.excerpt, n.commentary,
           b.title AS title_before, b.attribution AS attribution_before, b.excerpt AS excerpt_before,
           b.commentary AS commentary_before, x.crawl_id
    FROM changes x JOIN sources s USING (source_id) JOIN revisions n USING (revision_id)
    -- as the same parser read it, if it did
    JOIN revisions b ON b.revision_id = coalesce(
        (SELECT max(r.revision_id) FROM revisions r
         WHERE r.entry_id = n.entry_id AND r.number = n.number - 1 AND r.parser_version = n.parser_version),
        (SELECT max(r.revision_id) FROM revisions r WHERE r.entry_id = n.entry_id AND r.number = n.number - 1)
    )
    WHERE x.kind = 'revised';

    CREATE VIEW withdrawals AS
    SELECT x.at, x.kind, s.name AS source, x.entry_id, e.title, p.shown_name AS publication, e.attribution,
           e.withdrawn_at, x.crawl_id
    -- the other index that fits would sort all of them
    FROM changes x INDEXED BY changes_withdrawn JOIN sources s USING (source_id)
    LEFT JOIN entries e ON e.entry_id = x.entry_id LEFT JOIN publications p ON p.publication_id = e.publication_id
    WHERE x.kind IN ('withdrawn', 'returned');

    CREATE VIEW crawl_weeks AS
    SELECT s.name AS source, date(c.ordered_at, 'weekday 0', '-6 days') AS week, c.ordered_at, c.crawl_id, c.outcome,
           c.reason, c.requests, c.bytes
    FROM crawls c JOIN sources s USING (source_id)
    WHERE c.outcome IS NOT NULL;

    CREATE VIEW link_responses AS
    SELECT s.name AS source, l.label, l.last_url AS url, c.crawl_id,
           coalesce((SELECT d.fetched_at FROM redated_captures d WHERE d.capture_id = c.capture_id), c.fetched_at)
               AS fetched_at,
           c.url AS answered_url, c.status, c.fault, c.body_sha256
    FROM links l JOIN sources s USING (source_id)
    JOIN captures c ON c.asked_url = l.last_url AND c.purpose = 'link'
    JOIN crawls w ON w.crawl_id = c.crawl_id AND w.source_id = l.source_id;

    CREATE VIEW unsplit_attributions AS
    SELECT e.entry_id, s.name AS source, e.feed_date, e.attribution, e.excerpt, e.withdrawn_at
    FROM entries e JOIN sources s USING (source_id)
    WHERE e.title IS NULL;

    CREATE VIEW entry_provenance AS
    SELECT r.entry_id, r.number AS revision, r.technical, r.first_seen, c.crawl_id, c.capture_id, c.url, c.status,
           r.page, r.position, c.body_sha256, r.match_method, r.match_score, r.title
    FROM revisions r JOIN captures c USING (capture_id);

    -- the words of each entry, and how many entries have them, counted up to 5,001
    CREATE VIEW entry_words AS
    SELECT e.entry_id, w.value AS word,
           (SELECT count(*) FROM (
               SELECT 1 FROM entries_fts WHERE entries_fts MATCH '"' || replace(w.value, '"', ' ') || '"' LIMIT 5001
           )) AS entries
    FROM entries e CROSS JOIN json_each(
        '[' || replace(json_quote(substr(coalesce(e.title, '') || ' ' || e.excerpt, 1, 3000)), ' ', '","') || ']'
    ) w
    WHERE length(w.value) BETWEEN 4 AND 100;

    -- entries that share the rarest words of an entry: twelve at most, which 10,000 entries at most have
    CREATE VIEW similar_entries AS
    SELECT e.entry_id, f.rowid AS similar_id, -f.rank AS score
    FROM entries e CROSS JOIN entries_fts f
    WHERE f.rowid != e.entry_id AND entries_fts MATCH (
        WITH counted AS MATERIALIZED (
            SELECT lower(word) AS word, max(w.entries) AS entries FROM entry_words w WHERE w.entry_id = e.entry_id GROUP BY 1
        ), rarest AS (
            SELECT word, row_number() OVER by_rarity AS number, sum(entries) OVER by_rarity AS total
            FROM counted WHERE entries BETWEEN 2 AND 5000
            WINDOW by_rarity AS (ORDER BY entries, word)
        )
        -- an entry without such words is similar to none
        SELECT coalesce(group_concat('"' || replace(word, '"', ' ') || '"', ' OR '), '""') FROM rarest
        WHERE number <= 12 AND total <= 10000
    );
"""
