"""Recognitions: the entry that each row was matched to.

A settled row is not matched again.
"""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m015_recognitions(db: Database) -> None:
    """Store the entry that each row was matched to.

    Deriving again gives settled rows the same entries.
    """
    run_script(
        db,
        """
        CREATE TABLE recognitions (
            -- in the order of writing; of two with the same crawl, pass, wording and spelling the later one counts
            recognition_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- valid from this pass of this crawl on, by the crawls' ids, until another one for the same wording
            crawl_id INTEGER NOT NULL REFERENCES crawls (crawl_id),
            pass INTEGER NOT NULL,
            -- the digest that identities have, too
            wording TEXT NOT NULL,
            -- the digest that tells apart rows of equal `wording` that were listed together; else ''
            spelling TEXT NOT NULL DEFAULT '',
            -- the parser that read the row
            parser_version INTEGER NOT NULL,
            -- NULL: an operator's decision left it open, so it is decided anew
            entry_id INTEGER REFERENCES identities (entry_id),
            -- how it was recognised, as in revisions
            match_method TEXT NOT NULL,
            match_score REAL,
            -- why an operator should look at it; NULL for a plain match
            doubt TEXT,
            other_entry_id INTEGER REFERENCES identities (entry_id)
        ) STRICT;
        CREATE INDEX recognitions_by_wording ON recognitions (source_id, wording, parser_version);
        CREATE INDEX recognitions_by_crawl ON recognitions (crawl_id);
        CREATE INDEX recognitions_by_entry ON recognitions (entry_id);
        CREATE INDEX recognitions_by_other ON recognitions (other_entry_id) WHERE other_entry_id IS NOT NULL;
        """,
    )
