"""The full-text index of every wording."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m022_search_of_revisions(db: Database) -> None:
    """Index the texts of all revisions, so that former wordings can be searched.

    As for entries, the triggers run only if a text changes, and rows are deleted only by a rebuild, which rebuilds the index.
    """
    run_script(
        db,
        """
        CREATE VIRTUAL TABLE revisions_fts USING fts5 (
            title, publication, excerpt, commentary,
            content=[revisions], content_rowid=[revision_id], tokenize='porter unicode61 remove_diacritics 2'
        );
        CREATE TRIGGER revisions_fts_insert AFTER INSERT ON revisions BEGIN
            INSERT INTO revisions_fts (rowid, title, publication, excerpt, commentary)
            VALUES (new.revision_id, new.title, new.publication, new.excerpt, new.commentary);
        END;
        CREATE TRIGGER revisions_fts_update AFTER UPDATE OF title, publication, excerpt, commentary ON revisions BEGIN
            INSERT INTO revisions_fts (revisions_fts, rowid, title, publication, excerpt, commentary)
            VALUES ('delete', old.revision_id, old.title, old.publication, old.excerpt, old.commentary);
            INSERT INTO revisions_fts (rowid, title, publication, excerpt, commentary)
            VALUES (new.revision_id, new.title, new.publication, new.excerpt, new.commentary);
        END;
        INSERT INTO revisions_fts (revisions_fts) VALUES ('rebuild');
        """,
    )
