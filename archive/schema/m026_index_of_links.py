"""A smaller index of the requests for links."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m026_index_of_links(db: Database) -> None:
    """Index the URLs that were set out for only where they are looked up: in captures of links."""
    run_script(
        db,
        """
        DROP INDEX captures_by_asked_url;
        CREATE INDEX captures_of_links ON captures (asked_url, fetched_at) WHERE purpose = 'link';
        """,
    )
