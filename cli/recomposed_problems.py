"""The problems that `check --deep` finds by composing all published files again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.archive.errors import ArchiveError, RecordDamaged
from foreign_eyes.archive.feed_state.combined_record import ALL_SOURCES, recorded_digests
from foreign_eyes.archive.feed_state.output_claims import read_claim
from foreign_eyes.archive.feed_state.output_lag import output_lags
from foreign_eyes.archive.feed_state.output_manifest import Manifest, published_places
from foreign_eyes.archive.overview import find_sources
from foreign_eyes.archive.problems import REPARSE, Problem, damage_as_problem, limited
from foreign_eyes.cli.all_sources import LEAST_SOURCES, all_sources_target, shown_sources
from foreign_eyes.cli.output_problems import PublishCommands
from foreign_eyes.cli.publish import target_of
from foreign_eyes.cli.publish_places import find_place
from foreign_eyes.feeds.errors import FeedsError
from foreign_eyes.feeds.publish_all_sources import combined_documents, has_other_settings, shows_all
from foreign_eyes.feeds.recompose import PublishedFiles, compare_documents, differing_files, private_copy, shows_newest
from foreign_eyes.feeds.recompose import has_other_settings as folder_has_other_settings

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.feed_state.output_manifest import PublishedPlace
    from foreign_eyes.cli.check_progress import BeginStep
    from foreign_eyes.cli.context import Context
    from foreign_eyes.feeds.publish import Target
    from foreign_eyes.feeds.recompose import RecomposeProgress

_OTHER_SETTINGS = "its files were published with other settings, or by another version, so they cannot be compared"


def recomposed_problems(context: Context, db: Database, begin: BeginStep) -> Iterator[Problem]:
    """Yield the published files that differ from what a publish would write now, in all folders; nothing is written.

    Folders that lag behind the archive, or belong to another one, are left out: `output_problems` reports them.
    """
    lags = {lag.folder: lag for lag in output_lags(db)}
    places = [place for place in published_places(db) if place.folder in lags]
    commands = PublishCommands(db, context.output, context.publishing.base_url)
    with private_copy(db) as copy:
        for place in places:
            command = commands.repeating(lags[place.folder])
            show = begin(f"composing {place.source} again")
            found = partial(_folder_problems, context, db, copy, place, command, show)
            yield from limited(damage_as_problem(str(place.folder), found, REPARSE))
        if context.publishing.all_sources:
            for root in sorted({place.root for place in places}):
                yield from limited(_combined_problems(context, db, copy, root, begin))


def _folder_problems(
    context: Context, db: Database, copy: Database, place: PublishedPlace, command: str, show: RecomposeProgress
) -> Iterator[Problem]:
    manifest = Manifest(db, place.folder)
    state = manifest.state()
    if state is None or not place.folder.is_dir() or read_claim(db, place.folder).refusal is not None:
        return
    if not shows_newest(db, state):
        return
    try:
        target = _target_of(context, db, place)
    except (ArchiveError, FeedsError):
        return  # reported as a problem of the source
    source = next(source for source in find_sources(db) if source.name == place.source)
    if folder_has_other_settings(copy, source, target, state):
        yield Problem(_OTHER_SETTINGS, str(place.folder), command)
        return
    files = PublishedFiles(place.folder, state, manifest.digests())
    for name, what in differing_files(copy, source, target, files, show):
        yield Problem(what, str(place.folder / name), f"{command} --all")


def _target_of(context: Context, db: Database, place: PublishedPlace) -> Target:
    """Return the target with which a publish would write to the folder again, at the same base URL."""
    roots = {of.folder: of.base_url for of in published_places(db)}
    site, found = find_place(context, db, place.source, base_url=roots.get(place.root))
    if found.folder != place.folder:
        site, found = find_place(context, db, place.source, output=place.folder, base_url=place.base_url)
    return target_of(context, site, replace(found, base_url=place.base_url or found.base_url))


def _combined_problems(
    context: Context, db: Database, copy: Database, root: Path, begin: BeginStep
) -> Iterator[Problem]:
    sources = shown_sources(db, root)
    target = all_sources_target(context, root, sources)
    claim = read_claim(db, target.output)
    if (
        len(sources) < LEAST_SOURCES
        or claim.refusal is not None
        or claim.summary is None
        or claim.summary.source != ALL_SOURCES
        or not shows_all(db, sources, target)
    ):
        return
    if has_other_settings(db, sources, target):
        yield Problem(_OTHER_SETTINGS, str(target.output), "foreign-eyes publish")
        return
    try:
        digests = recorded_digests(target.output)
    except RecordDamaged:
        return
    show = begin("composing all sources again")
    for name, what in compare_documents(target.output, digests, combined_documents(copy, sources, target), show):
        yield Problem(what, str(target.output / name), "foreign-eyes publish --all")
