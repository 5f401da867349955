"""The problems of the folder over all sources that `status` and `check` report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.combined_record import recorded_digests
from foreign_eyes.archive.feed_state.output_claims import read_claim
from foreign_eyes.archive.problems import Problem
from foreign_eyes.cli.all_sources import LEAST_SOURCES, all_sources_target, shown_sources

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.cli.context import Context


def all_sources_problems(context: Context, db: Database, *, running: bool, all_files: bool) -> Iterator[Problem]:
    """Yield the problems of `all/` below the configured output folder.

    While a run is in progress, the folder may lag behind. With `all_files`, also check each file.
    """
    from foreign_eyes.feeds.file_writer import digest_of
    from foreign_eyes.feeds.publish_all_sources import owns_folder, shows_all

    sources = shown_sources(context, db, context.output, with_own_outputs=True)
    if not context.publishing.all_sources or len(sources) < LEAST_SOURCES:
        return
    target = all_sources_target(context, context.output, sources)
    where = str(target.output)
    try:
        if (refusal := read_claim(db, target.output).refusal) is not None:
            yield Problem(str(refusal), where, "foreign-eyes publish --take-over")
            return
        if read_claim(db, target.output).summary is not None and not owns_folder(db, target.output):
            return  # a source lies in it, and each publish prints a notice
        if not running and not shows_all(db, sources, target):
            what = "the page and the feeds over all sources lack changes: a publish failed, or was not run"
            yield Problem(what, where, "foreign-eyes publish")
        for name, digest in sorted(recorded_digests(target.output).items()) if all_files else ():
            found = digest_of(target.output, name)
            if found is None:
                yield Problem("a published file is missing", str(target.output / name), "foreign-eyes publish --all")
            elif digest is not None and found != digest:
                what = "a published file was changed by another program"
                yield Problem(what, str(target.output / name), "foreign-eyes publish --all")
    except RecordDamaged as error:
        yield Problem(str(error), where, "foreign-eyes publish --take-over")
