"""Publishing a source: everything that is to be seen of it, from one moment of the archive.

read entries | compose | render | write what differs | remove what is no longer published | record the manifest
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from archive.manifest import published_source, read_manifest, replace_manifest
from archive.query import newest_entries
from archive.store import writing
from archive.values import Source
from feeds import pages, render
from feeds.addresses import normal_base_url
from feeds.compose import Feed, FeedEntry, compose_entry, compose_feed, compose_volumes
from feeds.errors import NothingToPublish, OutputTaken
from feeds.write import remove_file, sweep, write_file

Progress = Callable[[int, int], None]
File = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to publish: a folder, and the address under which a web server shows it."""

    output: Path
    base_url: str


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did, in files and in seconds."""

    written: int
    unchanged: int
    removed: int
    seconds: float


def publish(
    db: Database,
    source: Source,
    target: Target,
    *,
    authority: str,
    take_over: bool = False,
    progress: Progress | None = None,
) -> Published:
    """Write the feeds and pages of `source` to `target`, each file whole, and only those whose bytes change.

    All of it runs in one transaction that holds the archive's write lock: two publishers cannot interleave, and one
    moment of the archive is seen. A run that is killed or fails leaves every file whole, old or new, and nothing removed;
    doing it again is always safe. `progress` is called after each file with the number of files done and of all files.

    Feeds of another source in that folder are replaced only to `take_over`.

    Raises:
        NothingToPublish: the archive has no entry of the source; what was published before stays.
        OutputTaken: the folder holds another source's feeds.
        OutputUnwritable: a file cannot be written or removed.
        ValueError: the base URL is none.
    """
    started = time.monotonic()
    base_url = normal_base_url(target.base_url)
    # The real folder: a link to it may be turned to another, whose files are not ours to remove
    output = Path(os.path.realpath(target.output))
    digests: dict[str, str] = {}
    written = 0
    with writing(db):
        entries = [compose_entry(source, entry, base_url) for entry in newest_entries(db, source.name)]
        if not entries:
            raise NothingToPublish(source.name)
        holds = published_source(db, output)
        if holds is not None and holds != source.name and not take_over:
            raise OutputTaken(target.output, holds, source.name)
        files = _files(compose_feed(source, entries, base_url, authority), entries)
        listed = read_manifest(db, output)
        sweep(output, [*listed, *(name for name, _ in files)])
        for name, render_file in files:
            content = render_file()
            written += write_file(output, name, content)
            digests[name] = sha256(content).hexdigest()
            if progress:
                progress(len(digests), len(files))
        removed = sum(remove_file(output, name) for name in sorted(listed.keys() - digests.keys()))
        replace_manifest(db, output, source.name, digests)
    return Published(written, len(files) - written, removed, time.monotonic() - started)


def _files(feed: Feed, entries: Sequence[FeedEntry]) -> list[File]:
    """Return the name of every file with what renders it; what is linked to stands before what links to it."""
    volumes = compose_volumes(entries)
    return [
        (pages.STYLE_FILE, pages.stylesheet),
        *((f"{entry.path}index.html", partial(pages.entry_page, feed, entry)) for entry in entries),
        *(
            (pages.volume_file(volume.number), partial(pages.volume_page, feed, volume, len(volumes)))
            for volume in volumes
        ),
        (pages.FRONT_FILE, partial(pages.front_page, feed, len(entries), len(volumes))),
        (render.ATOM_FILE, partial(render.render_atom, feed)),
        (render.RSS_FILE, partial(render.render_rss, feed)),
    ]
