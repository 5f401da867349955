"""The problems of the folder over all sources that `status` and `check` report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.combined_record import ALL_SOURCES, recorded_digests
from foreign_eyes.archive.feed_state.output_claims import read_claim
from foreign_eyes.archive.feed_state.output_manifest import published_places
from foreign_eyes.archive.problems import Problem
from foreign_eyes.cli.all_sources import LEAST_SOURCES, all_sources_target, shown_sources

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.feed_state.published_sources import PublishedFolder
    from foreign_eyes.cli.context import Context
    from foreign_eyes.feeds.publish_all_sources import AllSourcesTarget

_TAKE_OVER = "foreign-eyes publish --take-over"


def all_sources_problems(context: Context, db: Database, *, running: bool, all_files: bool) -> Iterator[Problem]:
    """Yield the problems of `all/` below each root that sources are published to.

    While a run is in progress, the folder may lag behind. With `all_files`, also check each file.
    """
    if context.publishing.all_sources:
        for root in sorted({place.root for place in published_places(db)}):
            sources = shown_sources(db, root)
            if len(sources) >= LEAST_SOURCES:
                target = all_sources_target(context, root, sources)
                yield from _problems(db, sources, target, running=running, all_files=all_files)


def _problems(
    db: Database, sources: Sequence[PublishedFolder], target: AllSourcesTarget, *, running: bool, all_files: bool
) -> Iterator[Problem]:
    from foreign_eyes.feeds.publish_all_sources import files_of_others, shows_all

    claim = read_claim(db, target.output)
    if claim.refusal is not None:
        yield Problem(str(claim.refusal), str(target.output), _TAKE_OVER)
    elif claim.summary is not None and claim.summary.source != ALL_SOURCES:
        return  # a source lies in it, and each publish prints a notice
    else:
        if claim.summary is None and (strangers := files_of_others(target.output)):
            what = f"holds files that were not published there ({', '.join(strangers)}), so no feeds over all sources are written"
            yield Problem(what, str(target.output), f"{_TAKE_OVER}; or set all_sources = false in [publish]")
        elif not running and not shows_all(db, sources, target):
            what = "the page and the feeds over all sources lack changes: a publish failed, or was not run"
            yield Problem(what, str(target.output), "foreign-eyes publish")
        if all_files:
            yield from _file_problems(target.output)


def _file_problems(folder: Path) -> Iterator[Problem]:
    from foreign_eyes.feeds.file_writer import digest_of

    try:
        digests = recorded_digests(folder)
    except RecordDamaged as error:
        yield Problem(str(error), str(folder), _TAKE_OVER)
        return
    for name, digest in sorted(digests.items()):
        found = digest_of(folder, name)
        if found is None:
            yield Problem("a published file is missing", str(folder / name), "foreign-eyes publish --all")
        elif digest is not None and found != digest:
            what = "a published file was changed by another program"
            yield Problem(what, str(folder / name), "foreign-eyes publish --all")
