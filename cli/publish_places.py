"""Find the folder and the base URL of a source: the settings, the archive and the folders' records, for `decide_place`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.archive.database import read_archive
from foreign_eyes.archive.errors import ArchiveOutdated
from foreign_eyes.archive.feed_state.output_claims import read_claim, require_claim, shows_sample
from foreign_eyes.archive.feed_state.output_manifest import Manifest, published_places
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME
from foreign_eyes.archive.forgotten_sources import forgotten_sources
from foreign_eyes.archive.overview import find_sources
from foreign_eyes.archive.sample_sources import is_invented
from foreign_eyes.archive.source_names import former_names, present_name
from foreign_eyes.cli.base_url import choose_base_url, published_base_url
from foreign_eyes.cli.terminal import print_line
from foreign_eyes.feeds.published_urls import normal_base_url, normal_browse_url
from foreign_eyes.feeds.site_map import ALL_FOLDER, FRONT_PAGE
from foreign_eyes.feeds.source_places import (
    RESERVED,
    OwnPlace,
    Place,
    Shown,
    Site,
    decide_place,
    derived_base_url,
    root_source,
    site_base_url,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from sqlite_utils import Database

    from foreign_eyes.cli.context import Context


def find_place(
    context: Context,
    db: Database,
    source: str,
    *,
    output: Path | None = None,
    base_url: str | None = None,
    served_at: str | None = None,
    take_over: bool = False,
) -> tuple[Site, Place]:
    """Return where `source`, which need not be in the archive yet, is published, and the site that it is a part of.

    Args:
        context: the settings.
        db: the archive.
        source: the name of the source.
        output: the root of the site that the command names; None for the output folder of the settings.
        base_url: the base URL of the root that the command names.
        served_at: the address of the root on a port that the operator chose.
        take_over: move a source that was published elsewhere.

    Raises:
        PlaceUnusable: the settings or the name of the source do not allow to publish it.
        ArchiveError: the root belongs to another archive, and the source is new there.
    """
    usual = find_site(context, db, source, base_url=base_url, served_at=served_at)
    if output is not None:
        folder = Path(os.path.realpath(output))
        if base_url is None and not take_over and folder != usual.root:
            place = decide_place(usual, source)
            if place.folder == folder:
                return usual, place
        base_url = base_url or _base_url_below(db, usual, folder)
        usual = find_site(context, db, source, root=folder, base_url=base_url, served_at=served_at)
    place = decide_place(usual, source, take_over=take_over)
    _require_root(db, usual, source, place, take_over=take_over)
    return usual, place


def find_site(
    context: Context,
    db: Database,
    source: str,
    *,
    root: Path | None = None,
    base_url: str | None = None,
    served_at: str | None = None,
) -> Site:
    """Return the site in which `source` is published: that of the settings, or the one with the `root` of the command."""
    settings, configured = context.publishing, context.configuration
    is_named = root is not None
    root = root or Path(os.path.realpath(context.output))
    own = {} if is_named else _own_places(context)
    former = former_names(db, source)
    usual = [root, *(root / name for name in (source, *former)), *([own[source].folder] if source in own else [])]
    recorded = _recorded(db)
    shown = [*recorded, *_unrecorded(db, root, usual, {one.folder for one in recorded})]
    forgotten = forgotten_sources(db)
    sources = {found.name: found.url for found in find_sources(db) if found.name not in forgotten}
    return Site(
        root,
        normal_base_url(base_url)
        if base_url
        else choose_base_url(settings.base_url, site_base_url(root, shown, _is_there), served_at),
        source if is_named else configured.default_source if configured.sets("default_source") else "",
        sources,
        {name for name, url in sources.items() if ".invalid" in url.lower() and is_invented(url)}
        | _foreign_samples(shown, source),
        own,
        shown,
        RESERVED | _browse_folder(settings.browse_url),
        is_named,
        former,
    )


def _base_url_below(db: Database, site: Site, folder: Path) -> str | None:
    """Return the address of a folder below the root of a site, for a command that names none; None for other folders.

    The root's own address must not be that of two folders.
    """
    if folder == site.root or site.root not in folder.parents:
        return None
    before = published_base_url(db, folder)
    return before if before not in (None, site.base_url) else derived_base_url(site, folder)


def require_place(context: Context, source: str) -> None:
    """Check that `source` can be published as configured, before it is crawled into an archive that may not exist yet.

    Nothing is changed.

    Raises:
        PlaceUnusable: the settings or the name of the source do not allow to publish it.
        ArchiveError: its folder belongs to another archive, or the archive cannot be read.
    """
    if context.archive.is_file():
        try:
            with read_archive(context.archive) as db:
                _, place = find_place(context, db, source)
                refusal = read_claim(db, place.folder).refusal
        except ArchiveOutdated:
            pass  # the crawl brings it up to date
        else:
            if refusal is not None and not place.replaces:
                raise refusal
            return
    root, own = context.output, _own_places(context).get(source)
    for folder in (root, root / source) if own is None else (own.folder,):
        if not (_is_real(context, source) and shows_sample(folder)):
            require_claim(context.archive, folder)


def folders_of_sources(context: Context) -> list[Path]:
    """Return the output folder, and all folders that show sources below it or that the settings of sources name."""
    root = context.output
    below = sorted(path.parent for path in root.glob(f"*/{RECORD_NAME}") if path.parent.name != ALL_FOLDER)
    return [root, *below, *(own.folder for own in _own_places(context).values())]


def browse_from(context: Context, site: Site, place: Place) -> str | None:
    """Return the URL of Datasette, relative to the base URL of a place if that is below the root's; None if not served."""
    browse = normal_browse_url(context.publishing.browse_url)
    if browse is None or "//" in browse or place.base_url == site.base_url:
        return browse
    if not place.base_url.startswith(site.base_url):
        return f"{site.base_url}{browse}"
    return f"{'../' * place.base_url.removeprefix(site.base_url).count('/')}{browse}"


def print_place(site: Site, source: str, place: Place, *, is_new: bool, quiet: bool) -> None:
    """Print notices about a place: a new one, one that the settings do not name, and a folder that was left.

    With `quiet`, print only what an operator must know once.
    """
    for line in place_notices(site, source, place, is_new=is_new, quiet=quiet):
        print_line(f"notice: {line}", err=True)


def place_notices(site: Site, source: str, place: Place, *, is_new: bool, quiet: bool) -> Iterable[str]:
    """Yield the notices of `print_place`. Pure."""
    command = shlex.join(["foreign-eyes", "publish", "--source", source, "--take-over"])
    here = f"{source} is published in {place.folder} ({place.base_url})"
    if place.left is not None:
        yield (
            f"{source} has moved to {place.folder} ({place.base_url}). The files in {place.left} stay and are no longer"
            " updated: redirect their readers (docs/moving.md, Redirects), or remove them"
        )
    elif is_new and place.folder != site.root and (shown := root_source(site)) not in (None, source):
        yield f"{here}, because {site.root} shows {shown}"
    if (is_new or not quiet) and place.wished is not None:
        yield f"{here}, and the settings name {place.wished}. To move it there: {command}"
    if not quiet and place.wished_url is not None:
        yield f"{here}, and the settings name {place.wished_url}. To use that address: {command}"


def _require_root(db: Database, site: Site, source: str, place: Place, *, take_over: bool) -> None:
    """Check that the root belongs to this archive before a source is published below it for the first time.

    Raises:
        ArchiveError: it does not.
    """
    is_new = not any(shown.source == source and shown.folder == place.folder for shown in site.shown)
    if is_new and not take_over and place.folder != site.root and site.root in place.folder.parents:
        refusal = read_claim(db, site.root).refusal
        if refusal is not None:
            raise refusal


def _own_places(context: Context) -> dict[str, OwnPlace]:
    return {
        name: OwnPlace(
            Path(os.path.realpath(source.output)), normal_base_url(source.base_url) if source.base_url else None
        )
        for name, source in context.configuration.sources.items()
        if source.output is not None
    }


def _recorded(db: Database) -> list[Shown]:
    return [
        Shown(place.folder, place.source, place.base_url, place.root, place.own_base_url)
        for place in published_places(db)
    ]


def _unrecorded(db: Database, root: Path, folders: Iterable[Path], known: Container[Path]) -> Iterable[Shown]:
    """Yield what folders show that the archive has no state of: it was restored, or an earlier version published there."""
    for folder in dict.fromkeys(folders):
        if folder in known:
            continue
        claim = read_claim(db, folder)
        source = claim.summary.source if claim.summary is not None else Manifest(db, folder).source()
        if source is not None:
            yield Shown(folder, present_name(db, source), None, root, is_refused=claim.refusal is not None)


def _foreign_samples(shown: Iterable[Shown], source: str) -> set[str]:
    """Return the names of samples of other archives, whose folders are free for a real source."""
    return {one.source for one in shown if one.is_refused and one.source != source and shows_sample(one.folder)}


def _is_real(context: Context, source: str) -> bool:
    from foreign_eyes.crawler.sources import BUILT_IN

    settings = {**BUILT_IN, **context.configuration.sources}.get(source)
    return settings is None or not is_invented(settings.url)


def _is_there(shown: Shown) -> bool:
    return (shown.folder / FRONT_PAGE).is_file()


def _browse_folder(browse_url: str) -> frozenset[str]:
    browse = normal_browse_url(browse_url)
    return frozenset() if browse is None or "//" in browse else frozenset({browse.partition("/")[0]})
