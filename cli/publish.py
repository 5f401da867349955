"""`foreign-eyes publish`: write feeds and pages from the archive."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.all_sources import make_all
from foreign_eyes.cli.completion import complete_source
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.disk_floor import enough_space
from foreign_eyes.cli.exit_codes import USAGE, Stopped
from foreign_eyes.cli.hub_notification import notify_hub_of_changes
from foreign_eyes.cli.publish_several import figures_of, publish_several
from foreign_eyes.cli.publishable_sources import publishable_sources
from foreign_eyes.cli.recorded_runs import reporting_publish
from foreign_eyes.cli.sample_place import at_its_output, sample_place
from foreign_eyes.cli.source_arguments import all_sources_option, several_sources
from foreign_eyes.cli.terminal import counted, print_json, print_line, progress_bar, shown_path

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.values import Source
    from foreign_eyes.feeds.publish import Published, Target
    from foreign_eyes.feeds.source_places import Place, Site

EXAMPLES = """
\b
Examples:
  foreign-eyes publish --output /var/www/eyes --base-url https://example.org/
  foreign-eyes publish --source live --json
  foreign-eyes publish --all-sources
  foreign-eyes publish --all      repair files that were changed
  foreign-eyes publish --forget /var/www/old
"""


class NotInArchive(Stopped):
    """The archive does not have the source."""


@click.command(short_help="Write feeds and pages from the archive", epilog=EXAMPLES)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_source,
    help="The source; repeat it for several  [default: the only one in the archive, else the configured default]",
)
@all_sources_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The output folder; a source that is not at its root gets NAME/ in it",
)
@click.option("--base-url", metavar="URL", help="The address at which readers find that folder")
@click.option("--all", "everything", is_flag=True, help="Check every file, not only those that the journal names")
@click.option(
    "--take-over",
    is_flag=True,
    help="Replace feeds and files of others; move the source to where the settings place it",
)
@click.option("--forget", type=click.Path(path_type=Path), metavar="DIR", help="Stop publishing to DIR; its files stay")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as a JSON object for each source")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def publish(
    context: Context,
    sources: tuple[str, ...],
    all_sources: bool,
    output: Path | None,
    base_url: str | None,
    everything: bool,
    take_over: bool,
    forget: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Write the feeds and pages of a source, or of several.

    Each file is written atomically, and only if its bytes change: if no entry changed, no file changes. The files that the
    archive's journal names are checked; if the settings changed, all files are. With --all every file is checked, which also
    repairs changed files and permissions; frozen archive documents keep their bytes. A folder of another archive (exit 66)
    and files that were not published there (exit 73) are replaced only with --take-over.

    A source keeps the folder that it was published to: the root of the output folder, NAME/ below it, or the output in its
    table of the settings. Only --take-over moves it, to where the settings place it.

    A source that cannot be published does not stop the others; the exit code is that of the worst result. When two sources
    are published, a page, a subscription list and feeds over all are written to all/.
    """
    if forget is not None:
        if sources or all_sources or output or base_url or everything or take_over or as_json:
            raise click.UsageError("--forget DIR cannot be combined with other options")
        _forget(context, forget, quiet=quiet)
        return exit_codes.DONE
    alone = {"--output": output is not None, "--base-url": base_url is not None}
    if several := several_sources(context, sources, all_sources=all_sources, alone=alone):
        publish_one = partial(
            publish_source, context, take_over=take_over, everything=everything, quiet=quiet or as_json
        )
        return publish_several(
            context, several, publish_one, everything=everything, take_over=take_over, as_json=as_json, quiet=quiet
        )
    source = sources[0] if sources else None
    done = publish_source(
        context,
        source,
        output,
        base_url,
        take_over=take_over,
        everything=everything,
        quiet=quiet or as_json,
    )
    make_all(context, done.folder, everything=everything, take_over=take_over, quiet=quiet or as_json)
    notify_hub_of_changes(context)
    if as_json:
        print_json(figures_of(done))
    elif not quiet:
        written = f"{counted(done.written, 'file')} written, {done.unchanged} unchanged, {done.removed} removed"
        print_line(f"{shown_path(done.folder)}: {written}")
    return exit_codes.DONE


def publish_source(
    context: Context,
    source: str | None,
    output: Path | None = None,
    base_url: str | None = None,
    *,
    served_at: str | None = None,
    take_over: bool = False,
    everything: bool = False,
    quiet: bool,
) -> Published:
    """Publish one source as configured, except for the given values.

    `decide_place` decides the folder. `take_over` moves a source that was published elsewhere, and replaces the feeds of
    another archive or source and files of other programs. Output folders that no longer exist are removed from the
    archive's outputs, with a notice.

    Without a `base_url`, `choose_base_url` decides; `served_at` is the address of a port that the operator chose. The
    changed feeds are stored for `notify_hub_of_changes`.

    Raises:
        Stopped: the archive has no such source, or the disk is almost full.
        ArchiveError, FeedsError: see there.
    """
    from foreign_eyes.archive.database import open_archive
    from foreign_eyes.archive.errors import NoArchive
    from foreign_eyes.cli.publish_places import find_place, print_place
    from foreign_eyes.feeds.publish import publish as publish_files
    from foreign_eyes.feeds.published_urls import normal_base_url

    if output is None:
        context = at_its_output(context)
    try:
        normal_base_url(base_url or context.publishing.base_url)
    except ValueError as error:
        raise Stopped(USAGE, f"--base-url: {error}") from None
    if not context.archive.is_file():
        raise NoArchive(context.archive)
    with (
        reporting_publish(context, source) as publishing,
        enough_space(context, output or context.output),
        open_archive(context.archive) as db,
        progress_bar("publishing", quiet=quiet) as show,
    ):
        from foreign_eyes.archive.overview import find_sources

        sources = publishable_sources(db, find_sources(db), source, context.configuration.sources)
        _point_to_the_sample(context, sources, source)
        chosen = choose_source(sources, source, context.configuration.default_source)
        publishing.name = chosen.name
        site, place = find_place(
            context,
            db,
            chosen.name,
            output=output,
            base_url=base_url,
            served_at=served_at,
            take_over=take_over,
        )
        is_new = not site.shows(place.folder, chosen.name)
        target = target_of(context, site, place)
        done = publish_files(
            db,
            chosen,
            target,
            everything_anew=everything,
            take_over=take_over or place.replaces,
            take_folder=take_over,
            progress=show,
        )
        _forget_missing(db, site.root)
    print_place(site, chosen.name, place, is_new=is_new, quiet=quiet)
    return done


def target_of(context: Context, site: Site, place: Place) -> Target:
    """Return the target of a publish to a place, with the settings of `[publish]`."""
    from foreign_eyes.cli.publish_places import browse_from
    from foreign_eyes.feeds.file_writer import read_file_mode
    from foreign_eyes.feeds.publish import Target
    from foreign_eyes.feeds.published_urls import normal_hub

    settings = context.publishing
    return Target(
        output=place.folder,
        base_url=place.base_url,
        browse=browse_from(context, site, place),
        hub=normal_hub(settings.hub) if settings.hub else None,
        tombstones=settings.tombstones,
        topics=context.configuration.topics,
        publications=context.configuration.publications,
        file_mode=read_file_mode(settings.file_mode),
        root=None if site.is_named and site.knows(place.folder) else site.root,
        own_base_url=place.own_base_url,
        left=place.left,
        replace_sample=place.replaces,
    )


def _point_to_the_sample(context: Context, sources: list[Source], wanted: str | None) -> None:
    """Report the sample's archive if the sample is wanted and was set aside.

    Raises:
        Stopped: it is in another archive.
    """
    place = sample_place(context)
    if wanted == "sample" and wanted not in {source.name for source in sources} and place.archive.exists():
        raise Stopped(
            USAGE,
            f"the sample has an archive of its own; publish it with: foreign-eyes --archive {place.archive} publish",
        )


def _forget(context: Context, folder: Path, *, quiet: bool) -> None:
    """Remove a folder from the archive's outputs; its files stay.

    Raises:
        Stopped: nothing was published to it.
    """
    import os

    from foreign_eyes.archive.database import open_archive, writing
    from foreign_eyes.archive.feed_state.output_manifest import Manifest, recorded_outputs

    context.require_archive()
    with open_archive(context.archive) as db, writing(db):
        outputs = recorded_outputs(db)
        if Path(os.path.realpath(folder)) not in outputs:
            known = ", ".join(map(str, outputs)) or "none"
            raise Stopped(USAGE, f"{folder}: nothing was published there; the folders of this archive are: {known}")
        Manifest(db, folder).forget()
    if not quiet:
        print_line(f"{folder}: no longer an output; its files stay: remove them if nobody reads them")


def _forget_missing(db: Database, root: Path) -> None:
    from foreign_eyes.archive.database import writing
    from foreign_eyes.archive.feed_state.output_manifest import forget_missing

    with writing(db):
        missing = forget_missing(db, root)
    for folder in missing:
        print_line(f"notice: {folder}: no longer exists; removed from the outputs of this archive", err=True)


def choose_source(sources: list[Source], wanted: str | None, default: str) -> Source:
    """Return the source to publish.

    It is the one wanted, otherwise the only one in the archive, otherwise the default.

    Raises:
        Stopped: the archive has no such source.
    """
    if wanted is None and len(sources) == 1:
        return sources[0]
    name = wanted or default
    for source in sources:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in sources) or "none yet"
    raise NotInArchive(USAGE, f"the archive has no source {name!r} (it has: {known}); choose one with --source")
