"""Where the sample is stored, so that invented and real entries are never mixed.

The sample may use the archive and the folder of a fresh checkout. When a real source is first crawled there, the sample is
set aside: `archive.db` becomes `archive-sample.db`, and its files move to `public-sample`. From then on the sample is crawled
and published there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from foreign_eyes.cli.context import Context
from foreign_eyes.cli.exit_codes import CANNOT_WRITE, Stopped
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.crawler.sources import SourceSettings


class SamplePlace(NamedTuple):
    """An archive and the folder that it is published to."""

    archive: Path
    output: Path


def at_its_place(context: Context, source: SourceSettings, *, publishing: bool) -> Context:
    """Return the context in which `source` is crawled and published.

    Invented and real entries never share an archive. For a real source the sample is set aside if the archive holds
    nothing else; a note on stderr says where it is then. With `publishing` the sample does not use settings with a
    public address, because readers would take it for real.

    Raises:
        Stopped: the sample cannot be set aside.
        ArchiveError, FeedsError: the same.
    """
    from foreign_eyes.archive.sample_sources import holdings_of_file

    contents = holdings_of_file(context.archive)
    if not source.is_bundled:
        if contents.only_invented:
            announce(set_aside(context))
        return context
    for_readers = publishing and _is_for_readers(context)
    if contents.only_invented and for_readers:
        announce(set_aside(context))
    elif contents.only_invented:
        return at_its_output(context)
    place = sample_place(context)
    if not (contents.real or for_readers or place.archive.exists()):
        return context
    return replace(context, archive_option=place.archive, sample_output=place.output)


def at_its_output(context: Context) -> Context:
    """Return the context of commands that name no folder.

    They publish, serve and check the archive. An archive that holds only the sample, and was published to another
    folder than the settings name, keeps that folder: the folder of the settings is for the real feeds.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.archive.feed_state.output_manifest import recorded_outputs
    from foreign_eyes.archive.sample_sources import holdings_of_file

    if not holdings_of_file(context.archive).only_invented:
        return context
    try:
        with read_archive(context.archive) as db:
            outputs = [*recorded_outputs(db)]
    except ArchiveError:  # the command itself reports what is wrong with the archive, or brings it up to date
        return context
    if len(outputs) != 1 or outputs[0] == context.output.resolve():
        return context
    return replace(context, sample_output=Path(os.path.relpath(outputs[0])))


def sample_place(context: Context) -> SamplePlace:
    """Return where the sample is set aside: beside the archive, in a folder that can be written."""
    return _numbered_place(context, 1)


def set_aside(context: Context) -> SamplePlace | None:
    """Move the sample out of the archive and its output folders, and return its new place.

    An archive that holds only the sample is renamed; one that also holds real sources is split. Return None if the
    archive holds no sample. A run that is killed loses nothing and can be repeated.

    Raises:
        Stopped: the archive cannot be renamed.
        ArchiveBusy: a run holds the archive.
        ArchiveError, FeedsError: the archive, or a folder, cannot be read or written.
    """
    from foreign_eyes.archive.archive_lock import only_run
    from foreign_eyes.archive.database import open_archive
    from foreign_eyes.archive.sample_sources import holdings
    from foreign_eyes.archive.times import now, to_text

    what = "setting the sample aside"
    with only_run(context.archive, what=what, since=to_text(now())), open_archive(context.archive) as db:
        contents = holdings(db)
        place = _free_place(context, db)
        if contents.only_invented:
            _move_files(context, db, place)
            with _renaming(context.archive):
                context.archive.rename(place.archive)
        elif contents.mixed:
            _split(context, db, place)
    return place if contents.invented else None


def announce(place: SamplePlace | None) -> None:
    """Print where the sample is now, even if quiet, because it is printed only once."""
    if place is not None:
        print_line(
            f"the sample was set aside: its archive is {place.archive}, its files are in {place.output}", err=True
        )


def _split(context: Context, db: Database, place: SamplePlace) -> None:
    """Move the invented sources from the open archive into a new archive."""
    from foreign_eyes.archive.archive_id import archive_id, renew_archive_id
    from foreign_eyes.archive.backup import copy_archive
    from foreign_eyes.archive.database import open_archive
    from foreign_eyes.archive.overview import find_sources
    from foreign_eyes.archive.sample_sources import is_invented
    from foreign_eyes.archive.source_extraction import keep_sources
    from foreign_eyes.archive.times import now

    sources = find_sources(db)
    invented = [source.name for source in sources if is_invented(source.url)]
    part = place.archive.with_name(f".{place.archive.name}.part")
    with _renaming(part):
        part.unlink(missing_ok=True)
    copy_archive(context.archive, part)
    with open_archive(part) as copy:
        keep_sources(copy, invented, now())
        renew_archive_id(copy, now(), "the sample was taken out into an archive of its own")
        _derive_again(context, copy)
        copy.vacuum()
        _move_files(context, copy, place, former_id=archive_id(db))
    with _renaming(place.archive):
        part.rename(place.archive)
    keep_sources(db, [source.name for source in sources if source.name not in invented], now())
    _derive_again(context, db)


def _move_files(context: Context, db: Database, place: SamplePlace, *, former_id: str | None = None) -> None:
    """Publish the sample to its place, and remove what it published elsewhere.

    Do nothing if it was never published.
    """
    from foreign_eyes.archive.feed_state.output_claims import read_claim
    from foreign_eyes.archive.feed_state.output_manifest import Manifest, recorded_outputs
    from foreign_eyes.archive.overview import find_sources
    from foreign_eyes.cli.settings_loader import DEFAULT_BASE_URL
    from foreign_eyes.feeds.forget_output import forget_output
    from foreign_eyes.feeds.publish import Target, publish

    outputs = recorded_outputs(db)
    if not outputs:
        return
    state = Manifest(db, context.output).state()
    base_url = state.base_url if state is not None else DEFAULT_BASE_URL
    published = next(iter(outputs.values()))
    source = next(source for source in find_sources(db) if source.name == published)
    is_left = read_claim(db, place.output).refusal is not None  # by a set-aside that was killed
    publish(db, source, Target(place.output, base_url), take_over=True, take_folder=is_left)
    for output in outputs:
        if output != place.output.resolve():
            forget_output(db, output, former_id=former_id)


def _derive_again(context: Context, db: Database) -> None:
    from foreign_eyes.archive.rebuilding.rebuild import rebuild
    from foreign_eyes.archive.times import now
    from foreign_eyes.crawler.remembering_parser import RememberingParser

    rebuild(db, RememberingParser(), at=now(), authority=context.configuration.archive.tag_authority)


def _is_for_readers(context: Context) -> bool:
    """Return whether the settings name a public address, whose readers take the feeds for real."""
    from foreign_eyes.cli.settings_loader import DEFAULT_BASE_URL
    from foreign_eyes.feeds.published_urls import normal_base_url

    return normal_base_url(context.configuration.publish.base_url) != DEFAULT_BASE_URL


def _free_place(context: Context, db: Database) -> SamplePlace:
    """Return the first place without an archive, and without files of another archive.

    This never overwrites an older sample.
    """
    from foreign_eyes.archive.feed_state.output_claims import read_claim
    from foreign_eyes.archive.overview import find_sources
    from foreign_eyes.archive.sample_sources import is_invented

    invented = {source.name for source in find_sources(db) if is_invented(source.url)}

    def is_free(output: Path) -> bool:
        claim = read_claim(db, output)
        # or a set-aside left it that was killed before it made the archive
        return claim.refusal is None or (claim.summary is not None and claim.summary.source in invented)

    number = 1
    while (place := _numbered_place(context, number)).archive.exists() or not is_free(place.output):
        number += 1
    return place


def _numbered_place(context: Context, number: int) -> SamplePlace:
    suffix = "sample" if number == 1 else f"sample-{number}"
    archive = context.archive
    output = Path(context.configuration.publish.output)
    return SamplePlace(
        archive.with_name(f"{archive.stem}-{suffix}{archive.suffix}"), archive.with_name(f"{output.name}-{suffix}")
    )


@contextmanager
def _renaming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = f"the sample cannot be set aside ({error.strerror}); check the folder's permissions"
        raise Stopped(CANNOT_WRITE, f"{path}: {why}") from None
