"""The problems of sources that cannot be published because their folder shows another source, or cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.feed_state.output_claims import read_claim
from foreign_eyes.archive.feed_state.output_manifest import published_places
from foreign_eyes.archive.overview import find_sources
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.silent_sources import silent_sources
from foreign_eyes.archive.source_names import present_name
from foreign_eyes.cli.publish_places import find_place
from foreign_eyes.feeds.errors import PlaceUnusable

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from foreign_eyes.cli.context import Context


def unplaced_source_problems(context: Context, db: Database) -> Iterator[Problem]:
    """Yield the sources of the settings that are in the archive, are published nowhere, and have no folder to go to.

    An archive that was never published has no such problem.
    """
    published = {place.source for place in published_places(db)}
    if not published:
        return
    left_out = published | silent_sources(db)
    for name in [source.name for source in find_sources(db)]:
        if name in left_out or name not in context.configuration.sources:
            continue
        try:
            _, place = find_place(context, db, name)
        except PlaceUnusable as error:
            yield Problem(f"it is published nowhere: {error}", f"source {name}", _remedy(name))
            continue
        except ArchiveError:
            continue  # reported as a problem of the folder
        shown = _other_source(db, place.folder)
        if shown not in (None, name) and not place.replaces:
            what = f"it is published nowhere: its folder {place.folder} shows {shown}"
            yield Problem(what, f"source {name}", _remedy(name))


def _other_source(db: Database, folder: Path) -> str | None:
    claim = read_claim(db, folder)
    if claim.refusal is not None or claim.summary is None:
        return None
    return present_name(db, claim.summary.source)


def _remedy(name: str) -> str:
    return f"set another output in [sources.{name}], then: foreign-eyes publish --source {name}"
