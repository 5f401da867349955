"""The sources that may be published: not forgotten ones, and none by a name that it had before a rename."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.cli.exit_codes import CONFIGURATION, USAGE, Stopped

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlite_utils import Database

    from foreign_eyes.archive.values import Source


def publishable_sources(
    db: Database, sources: list[Source], wanted: str | None, configured: Collection[str] = ()
) -> list[Source]:
    """Return the sources of the archive that may be published.

    `configured` are the names in the settings file.

    Raises:
        Stopped: the wanted source is forgotten, or was renamed.
    """
    from foreign_eyes.archive.forgotten_sources import forgotten_sources
    from foreign_eyes.archive.source_names import present_name

    forgotten = forgotten_sources(db)
    if wanted in forgotten:
        raise Stopped(USAGE, f"source {wanted} is forgotten; resume it with: foreign-eyes crawl {wanted}")
    if wanted is not None and (renamed := present_name(db, wanted)) != wanted:
        if wanted in configured:
            raise Stopped(
                CONFIGURATION,
                f"source {wanted} has been renamed: rename the table [sources.{wanted}] to [sources.{renamed}]",
            )
        raise Stopped(
            USAGE, f"source {wanted} has been renamed; publish it with: foreign-eyes publish --source {renamed}"
        )
    return [source for source in sources if source.name not in forgotten]
