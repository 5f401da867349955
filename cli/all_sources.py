"""Publish the page, the subscription list and the feeds over all sources: `all/` below the root of the output folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.cli.recorded_runs import ALL, reporting_publish
from foreign_eyes.cli.terminal import counted, print_line, shown_path

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.feed_state.published_sources import PublishedFolder
    from foreign_eyes.cli.context import Context
    from foreign_eyes.feeds.publish import Published
    from foreign_eyes.feeds.publish_all_sources import AllSourcesTarget

# with one source, its own page and feeds are those over all
LEAST_SOURCES = 2


def make_all(
    context: Context,
    output: Path | None = None,
    *,
    everything: bool = False,
    take_over: bool = False,
    quiet: bool,
) -> Published | None:
    """Publish `all/`.

    Return None if nothing is published there: fewer than two real sources are published, or the settings switch it off. A
    folder that exists is kept up to date also with one source, and is emptied if no source is left. If the folder shows a
    source, or holds files of others, this prints a notice and changes nothing.

    Args:
        context: the settings and the archive.
        output: a folder of the site, or its root; None means the configured output folder.
        everything: check every file.
        take_over: replace the feeds of another archive, and files of others.
        quiet: print only notices and warnings.

    Raises:
        ArchiveError, FeedsError: see there.
    """
    from foreign_eyes.archive.database import open_archive
    from foreign_eyes.feeds.errors import CombinedFolderTaken, FilesOfOthers
    from foreign_eyes.feeds.publish_all_sources import publish_all_sources

    if not context.publishing.all_sources or not context.archive.is_file():
        return None
    with reporting_publish(context, ALL), open_archive(context.archive) as db:
        root = _root_of(db, output or context.output)
        sources = shown_sources(db, root)
        target = all_sources_target(context, root, sources)
        if not _is_wanted(db, sources, target, quiet=quiet):
            return None
        try:
            done = publish_all_sources(db, sources, target, anew=everything, take=take_over)
        except (CombinedFolderTaken, FilesOfOthers) as error:
            # the operator's own folder of this name must not stop the sources; `status` reports files of others
            print_line(f"notice: {error}", err=True)
            return None
    if done.written and not quiet:
        print_line(f"{shown_path(done.folder)}: {counted(done.written, 'file')} written, {done.unchanged} unchanged")
    return done


def refresh_all(context: Context, *, quiet: bool) -> None:
    """Publish `all/` of each site again, after a decision that changes which sources it shows; never create one.

    Raises:
        ArchiveError, FeedsError: see there.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.feed_state.output_manifest import published_places
    from foreign_eyes.feeds.compose.all_sources import FOLDER
    from foreign_eyes.feeds.publish_all_sources import owns_folder

    with read_archive(context.archive) as db:
        roots = {place.root for place in published_places(db)} | {Path(os.path.realpath(context.output))}
        existing = sorted(root for root in roots if owns_folder(db, root / FOLDER))
    for root in existing:
        make_all(context, root, quiet=quiet)


def shown_sources(db: Database, root: Path) -> list[PublishedFolder]:
    """Return the real sources that are published in the site at `root`, without forgotten ones."""
    from foreign_eyes.archive.feed_state.published_sources import published_folders
    from foreign_eyes.archive.forgotten_sources import forgotten_sources
    from foreign_eyes.archive.sample_sources import is_invented
    from foreign_eyes.feeds.site_map import FRONT_PAGE

    folders = [
        shown
        for shown in published_folders(db)
        if not is_invented(shown.source.url) and (shown.folder / FRONT_PAGE).is_file()
    ]
    return choose_folders(folders, Path(os.path.realpath(root)), forgotten_sources(db))


def all_sources_target(context: Context, root: Path, sources: Sequence[PublishedFolder]) -> AllSourcesTarget:
    """Return where the page over all sources is published, and how."""
    from foreign_eyes.cli.base_url import choose_base_url
    from foreign_eyes.feeds.compose.all_sources import FOLDER
    from foreign_eyes.feeds.file_writer import read_file_mode
    from foreign_eyes.feeds.publish_all_sources import AllSourcesTarget
    from foreign_eyes.feeds.published_urls import normal_browse_url, normal_hub

    settings = context.publishing
    real_root = Path(os.path.realpath(root))
    base_url = url_of_root(sources, real_root) or choose_base_url(settings.base_url, None, None)
    browse = normal_browse_url(settings.browse_url)
    return AllSourcesTarget(
        output=root / FOLDER.rstrip("/"),
        base_url=base_url + FOLDER,
        browse=f"../{browse}" if browse is not None and "//" not in browse else browse,
        hub=normal_hub(settings.hub) if settings.hub else None,
        tombstones=settings.tombstones,
        file_mode=read_file_mode(settings.file_mode),
    )


def choose_folders(
    folders: Iterable[PublishedFolder], root: Path, left_out: Collection[str] = ()
) -> list[PublishedFolder]:
    """Return one folder for each source of the site at `root`: the highest one if it has several.

    Pure. Folders of other sites are not shown: they may have other readers. `left_out` are the names of sources that are not
    shown.
    """
    of_site = [shown for shown in folders if root in (shown.root, shown.folder) and shown.source.name not in left_out]
    lowest_first = sorted(of_site, key=lambda shown: len(shown.folder.parts), reverse=True)
    highest = {shown.source.name: shown for shown in lowest_first}
    return [shown for shown in of_site if highest[shown.source.name] is shown]


def url_of_root(sources: Iterable[PublishedFolder], root: Path) -> str | None:
    """Return the base URL of `root`: that of the source in it, else that of a folder below without its path.

    Pure. Return None if no source is published there.
    """
    for shown in sorted(sources, key=lambda shown: shown.folder != root):
        if shown.folder.is_relative_to(root) and not shown.own_base_url:
            below = shown.folder.relative_to(root).as_posix()
            path = "" if below == "." else f"{below}/"
            if shown.base_url.endswith(f"/{path}"):
                return shown.base_url.removesuffix(path)
    return None


def _root_of(db: Database, output: Path) -> Path:
    """Return the root of the site that a folder is a part of; the folder itself if nothing is published there."""
    from foreign_eyes.archive.feed_state.output_manifest import published_places

    folder = Path(os.path.realpath(output))
    return next((place.root for place in published_places(db) if place.folder == folder), folder)


def _is_wanted(db: Database, sources: Sequence[PublishedFolder], target: AllSourcesTarget, *, quiet: bool) -> bool:
    """Return whether to publish the folder; remove its files if no source is left."""
    from foreign_eyes.feeds.publish_all_sources import owns_folder, remove_all_sources

    if len(sources) >= LEAST_SOURCES:
        return True
    if not owns_folder(db, target.output):
        return False
    if not sources:
        removed = remove_all_sources(db, target.output)
        if removed and not quiet:
            print_line(
                f"{shown_path(target.output)}: {counted(removed, 'file')} removed, because no source is published any more"
            )
        return False
    return True
