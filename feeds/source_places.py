"""Decide in which folder, and at which base URL, a source is published. Pure.

A site is an output folder, its root, with the folders below it. The root belongs to one source. Every other source lies in
the folder with its name, or where its own `output` says. A source that was published keeps its folder: readers subscribe to
its URLs. Only `--take-over` moves it.

    where the source was published | else its own output | else the root, if it is free for it | else ROOT/NAME
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from foreign_eyes.feeds.errors import PlaceUnusable
from foreign_eyes.feeds.site_map import ALL_FOLDER, TOP_NAMES

# names below a root that are not folders of sources
RESERVED = TOP_NAMES | {ALL_FOLDER, "browse"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A folder that shows a source.

    `root` is the root of its site, and `base_url` its base URL, None if that is not known. `own_base_url`: the settings of
    the source named the base URL. `is_refused`: the folder belongs to another archive.
    """

    folder: Path
    source: str
    base_url: str | None
    root: Path
    own_base_url: bool = False
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """The folder and the base URL in the settings of a source."""

    folder: Path
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """What decides where sources are published.

    Args:
        root: the output folder.
        base_url: the base URL of the root.
        default: the source that the settings, or the command, give the root to.
        sources: the sources of the archive.
        invented: those of them, and of other archives, that are samples.
        own: the places in the settings of sources.
        shown: all folders that show a source, of other sites, too.
        reserved: names below the root that are not folders of sources.
        former: the names that the source to publish had before it was renamed.
        is_named: the command names the root, which then belongs to `default` unless it shows another source.
    """

    root: Path
    base_url: str
    default: str
    sources: Collection[str]
    invented: Collection[str] = ()
    own: Mapping[str, OwnPlace] = field(default_factory=dict)
    shown: Sequence[Shown] = ()
    reserved: frozenset[str] = RESERVED
    is_named: bool = False
    former: Collection[str] = ()

    def shows(self, folder: Path, source: str) -> bool:
        """Return whether a folder shows a source."""
        return any(shown.folder == folder and shown.source == source for shown in self.shown)

    def knows(self, folder: Path) -> bool:
        """Return whether a folder is a part of another site."""
        return any(shown.folder == folder and shown.root not in (folder, self.root) for shown in self.shown)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is published.

    Args:
        folder: the folder.
        base_url: its base URL.
        own_base_url: whether the settings of the source name the base URL.
        replaces: the folder shows a sample, which is replaced.
        wished: the folder that the settings name, if the source stays in another one.
        wished_url: the base URL that the settings name, if the source keeps another one.
        left: the folder that the source leaves.
    """

    folder: Path
    base_url: str
    own_base_url: bool = False
    replaces: bool = False
    wished: Path | None = None
    wished_url: str | None = None
    left: Path | None = None


def decide_place(site: Site, source: str, *, take_over: bool = False) -> Place:
    """Return where `source` is published.

    With `take_over`, a source that was published elsewhere moves to where the settings place it.

    Raises:
        PlaceUnusable: the folder would lie at a published path, or its base URL is not known.
    """
    before = _current_folder(site, source)
    wish = _wish(site, source)
    if before is None or (take_over and not before.is_refused and _differs(site, source, before, wish)):
        new = _new_place(site, source, wish, take_over=take_over)
        left = before.folder if before is not None and before.folder != new.folder else None
        return Place(new.folder, new.base_url, new.own_base_url, new.replaces, new.wished, None, left)
    base_url = _kept_base_url(site, before)
    own = site.own.get(source)
    usual = wish or (before.folder if before.folder in _usual_folders(site, source) else site.root / source)
    other_url = own.base_url if own is not None and own.folder == before.folder else None
    return Place(
        before.folder,
        base_url,
        before.own_base_url,
        wished=usual if usual != before.folder else None,
        wished_url=other_url if other_url not in (None, base_url) else None,
    )


def _usual_folders(site: Site, source: str) -> set[Path]:
    """Return the folders of a source for which the settings name none: a renamed source keeps the folder of its former name."""
    return {site.root, *(site.root / name for name in (source, *site.former))}


def root_source(site: Site) -> str | None:
    """Return the source that the root shows; None if it shows none, or only a sample."""
    shown = _at(site, site.root)
    return None if shown is None or shown.source in site.invented else shown.source


def site_base_url(
    root: Path, shown: Sequence[Shown], is_there: Callable[[Shown], bool] = lambda shown: True
) -> str | None:
    """Return the base URL of a root for which its site was published; None if that is not known.

    Only folders that `is_there` accepts count.
    """
    for one in sorted((one for one in shown if one.root == root), key=lambda one: one.folder != root):
        if one.base_url is None or one.own_base_url or not _is_below(one.folder, root, or_same=True):
            continue
        ending = "" if one.folder == root else _path_below(root, one.folder)
        if one.base_url.endswith(f"/{ending}") and is_there(one):
            return one.base_url.removesuffix(ending)
    return None


def _at(site: Site, folder: Path) -> Shown | None:
    return next((shown for shown in site.shown if shown.folder == folder), None)


def _current_folder(site: Site, source: str) -> Shown | None:
    """Return the folder of the site that shows the source, or None.

    Folders of other sites count if they keep their place when the output folder changes: those outside of their root.
    """
    own = site.own.get(source)
    usual = [site.root, *([own.folder] if own is not None else []), site.root / source]
    of_source = [shown for shown in site.shown if shown.source == source]
    of_site = [shown for shown in of_source if shown.root == site.root]
    of_site += [shown for folder in usual for shown in of_source if shown.folder == folder]
    if not site.is_named:
        of_site += [shown for shown in of_source if not _is_below(shown.folder, shown.root, or_same=True)]
    # a second folder of the site, which the command named with --take-over, does not become that of the source; a folder
    # that the source left has no base URL here
    at_usual = [shown for folder in usual for shown in of_site if shown.folder == folder and shown.base_url is not None]
    return next(iter(at_usual or of_site), None)


def _wish(site: Site, source: str) -> Path | None:
    """Return the folder that the settings name for a source, if they name one."""
    own = site.own.get(source)
    if own is not None:
        return own.folder
    return site.root if source == site.default else None


def _differs(site: Site, source: str, before: Shown, wish: Path | None) -> bool:
    """Return whether the settings place a source elsewhere than it was published."""
    own = site.own.get(source)
    if wish is None:
        return before.folder not in (site.root, site.root / source)
    if wish != before.folder:
        return True
    return own is not None and own.base_url is not None and own.base_url != _kept_base_url(site, before)


def _new_place(site: Site, source: str, wish: Path | None, *, take_over: bool) -> Place:
    """Return the place of a source without regard to where it was published."""
    own = site.own.get(source)
    if own is not None:
        _require_no_collision(site, source, own.folder)
        if own.folder == site.root:
            raise PlaceUnusable(
                f'[sources.{source}] output: {own.folder} is the output folder itself; set default_source = "{source}" to'
                " publish the source there, or name another folder"
            )
        if own.base_url is None and not _is_below(own.folder, site.root):
            raise PlaceUnusable(
                f"[sources.{source}] output: {own.folder} does not lie below the output folder {site.root}; add base_url,"
                " the address at which readers find it"
            )
        base_url = own.base_url or derived_base_url(site, own.folder)
        return Place(own.folder, base_url, own.base_url is not None, _shows_sample(site, source, own.folder))
    if _gets_root(site, source, take_over=take_over):
        return Place(site.root, site.base_url, replaces=_shows_sample(site, source, site.root))
    folder = _former_position(site, source) or site.root / source
    _require_no_collision(site, source, folder)
    replaces = _shows_sample(site, source, folder)
    return Place(folder, derived_base_url(site, folder), replaces=replaces, wished=wish)


def _gets_root(site: Site, source: str, *, take_over: bool) -> bool:
    """Return whether a source that has no folder in the site is published to its root."""
    if _shows_sample(site, source, site.root):
        return True
    is_only = not set(site.sources).difference(site.invented, {source})
    is_entitled = is_only or source == site.default
    shown = _at(site, site.root)
    if shown is not None and shown.source != source:
        return is_entitled and take_over
    roots = set() if site.is_named else _roots_elsewhere(site)
    return source in roots if len(roots) == 1 else is_entitled


def _roots_elsewhere(site: Site) -> set[str]:
    """Return the sources that the roots of other sites show: they get the root of a new output folder.

    If something is published in this site already, only roots with other folders below count: a single folder can be a copy
    for other readers.
    """
    is_new = not any(shown.root == site.root for shown in site.shown)
    lower = [shown for shown in site.shown if _is_below(shown.folder, shown.root)]
    with_others = {shown.root for shown in lower}
    roots = {
        shown.source
        for shown in site.shown
        if shown.folder == shown.root and not shown.is_refused and (is_new or shown.root in with_others)
    }
    return roots.difference((shown.source for shown in lower), site.invented)


def _former_position(site: Site, source: str) -> Path | None:
    """Return the folder with the position that the source had below the root of another site."""
    if any(shown.root == site.root for shown in site.shown if shown.source == source):
        return None
    lower = [shown for shown in site.shown if shown.source == source and _is_below(shown.folder, shown.root)]
    return site.root / lower[0].folder.relative_to(lower[0].root) if len(lower) == 1 else None


def _shows_sample(site: Site, source: str, folder: Path) -> bool:
    shown = _at(site, folder)
    return shown is not None and shown.source in site.invented and source not in site.invented


def _kept_base_url(site: Site, before: Shown) -> str:
    """Return the base URL of a folder that a source stays in.

    It follows from that of the root, unless the settings of the source named it.
    """
    if before.folder == site.root:
        return site.base_url
    if _is_below(before.folder, site.root) and not before.own_base_url:
        return derived_base_url(site, before.folder)
    if before.base_url is None:
        own = site.own.get(before.source)
        if own is None or own.base_url is None:
            raise PlaceUnusable(
                f"{before.folder}: shows {before.source}, and its address is not known: set output and base_url in"
                f" [sources.{before.source}]"
            )
        return own.base_url
    return before.base_url


def derived_base_url(site: Site, folder: Path) -> str:
    """Return the address of a folder below the root of a site."""
    return site.base_url + _path_below(site.root, folder)


def _path_below(root: Path, folder: Path) -> str:
    return quote(f"{folder.relative_to(root).as_posix()}/", errors="replace")


def _require_no_collision(site: Site, source: str, folder: Path) -> None:
    """Refuse a folder that would lie at a published path of the site, or of another source's folder.

    Raises:
        PlaceUnusable: it would.
    """
    hidden = "a name that begins with a dot, or ends with .tmp, is not served"
    others = {site.root, *(shown.folder for shown in site.shown), *(own.folder for own in site.own.values())}
    for other in sorted(others - {folder}):
        for outer, inner in ((other, folder), (folder, other)):
            if not _is_below(inner, outer):
                continue
            parts = inner.relative_to(outer).parts
            why = f"{parts[0]!r} is a name that publishing uses in {outer}" if parts[0] in site.reserved else ""
            if inner == folder and any(part.startswith(".") or part.endswith(".tmp") for part in parts):
                why = hidden
            if why:
                raise PlaceUnusable(
                    f"{folder}: cannot be the folder of {source}: {why}. Set another folder as output in"
                    f" [sources.{source}]"
                )


def _is_below(folder: Path, root: Path, *, or_same: bool = False) -> bool:
    inside = os.path.commonpath((folder, root)) == str(root)
    return inside and (or_same or folder != root)
