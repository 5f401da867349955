"""Readings: what each parser read in each body, as one row per body."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m025_readings(db: Database) -> None:
    """Store what a body lists in one row instead of one per entry, and make `listing_rows` a view."""
    run_script(
        db,
        """
        CREATE TABLE readings (
            -- what a body lists, by which parser; two sources can be served the same bytes
            body_sha256 TEXT NOT NULL REFERENCES bodies (body_sha256),
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            parser_version INTEGER NOT NULL,
            -- a JSON list in the order of the page: the id of the revision that each row shows; a list of id and wording
            -- digest if the row has another digest than the revision; null for a row that was not settled
            shown TEXT NOT NULL,
            PRIMARY KEY (body_sha256, source_id, parser_version)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX readings_by_source ON readings (source_id);
        """,
    )
    rows = db.execute(
        "SELECT l.body_sha256, l.source_id, l.parser_version, l.position, l.revision_id, l.wording, r.wording"
        " FROM listing_rows l LEFT JOIN revisions r USING (revision_id)"
        " ORDER BY l.source_id, l.body_sha256, l.parser_version, l.position"
    )
    for key, group in groupby(rows, key=itemgetter(0, 1, 2)):
        shown: list[object] = []
        for *_, position, revision_id, wording, stored in group:
            shown += [None] * (position - 1 - len(shown))
            shown.append(revision_id if wording == stored else [revision_id, wording])
        db.execute("INSERT INTO readings VALUES (?, ?, ?, ?)", (*key, json.dumps(shown, separators=(",", ":"))))
    run_script(
        db,
        """
        DROP TABLE listing_rows;
        CREATE VIEW listing_rows AS
        SELECT t.source_id, t.body_sha256, t.parser_version, j.key + 1 AS position,
               CASE j.type WHEN 'array' THEN json_extract(j.value, '$[1]') ELSE r.wording END AS wording,
               r.entry_id, r.revision_id
        FROM readings t CROSS JOIN json_each(t.shown) j CROSS JOIN revisions r
        ON r.revision_id = CASE j.type WHEN 'array' THEN json_extract(j.value, '$[0]') ELSE j.value END;
        """,
    )
