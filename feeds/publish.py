"""Publishing a source: what the archive's changes can show in is made anew, from one moment of it.

    follow the archive | freeze what is full | scope | compose, render | write what differs | remove what is gone | record

Where nothing but the archive has changed, the journal says which documents to look at; where settings, topics, templates or the
archive's derivation are others than before, all but the frozen ones are. New files are written first, since nothing leads to
them yet, then those that lead to them, and what is gone is removed last: whoever reads meanwhile meets no dangling link.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from archive.publishing.announced import source_tag
from archive.publishing.current import all_entry_ids
from archive.publishing.feed_log import awaits_freezing
from archive.publishing.following import Mark, find_source_id, follow, present_mark, touched_since
from archive.publishing.manifest import Manifest, OutputState
from archive.publishing.numbering import count_entries
from archive.publishing.tallies import read_tallies
from archive.settling.decisions import merged_ids
from archive.store import writing
from archive.values import Source
from feeds.addresses import normal_base_url
from feeds.compose.edition import Edition
from feeds.default_topics import DEFAULT_TOPICS
from feeds.documents import FRONT_FILE, Desk, Document, documents, freeze_documents, names_of_emptied
from feeds.errors import NothingToPublish, OutputTaken
from feeds.scope import Extent, Scope, everything, touched
from feeds.shape import shape_of
from feeds.topics import Topics
from feeds.write import remove_file, write_file

Progress = Callable[[int, int], None]

# what hubs and readers subscribe to: every document whose name ends so, but for those that are frozen
_FEED_NAMES = ("atom.xml", "rss.xml", "feed.json", "changes.xml", "changes.rss", "changes.json")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to publish, and with what: a folder, the address under which a web server shows it, and settings of the files.

    `topics` are patterns by name; the others are as in `Edition`.
    """

    output: Path
    base_url: str
    browse: str | None = "browse/"
    hub: str | None = None
    tombstones: bool = False
    topics: Mapping[str, Sequence[str]] = field(default_factory=lambda: DEFAULT_TOPICS)


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did, in files and in seconds; `unchanged` are all others that stand there.

    `feeds` are the addresses of the feeds that were written.
    """

    written: int
    unchanged: int
    removed: int
    seconds: float
    feeds: tuple[str, ...] = ()


def publish(
    db: Database,
    source: Source,
    target: Target,
    *,
    everything_anew: bool = False,
    take_over: bool = False,
    progress: Progress | None = None,
) -> Published:
    """Write the feeds and pages of `source` to `target`, each file whole, and only those whose bytes change.

    It runs in a transaction that holds the archive's write lock: two publishers cannot interleave, and one moment of the
    archive is seen. A run that is killed or fails leaves every file whole, old or new, and nothing removed; doing it again is
    always safe. `progress` is called after each file with the number of files done and of all that are looked at.

    With `everything_anew` every document is looked at; frozen ones keep the bytes that they were frozen with. Feeds of another
    source in that folder are replaced only to `take_over`.

    Raises:
        NothingToPublish: the archive has no entry of the source; what was published before stays.
        OutputTaken: the folder holds another source's feeds.
        OutputUnwritable: a file cannot be written or removed.
        ValueError: the base URL is none, or a topic could match nothing.
    """
    started = time.monotonic()
    base_url, topics = normal_base_url(target.base_url), Topics(target.topics)
    # The real folder: a link to it may be turned to another, whose files are not ours to remove
    output = Path(os.path.realpath(target.output))
    manifest = Manifest(db, output)
    begin = partial(_begin, db, source, replace(target, base_url=base_url), topics, manifest, take_over)
    if awaits_freezing(db, source.name, base_url):
        # in a transaction of its own: what a run that is killed has written must not come out otherwise later
        with writing(db):
            freeze_documents(begin())
    with writing(db):
        desk = begin()
        mark, shape, before = present_mark(db, desk.source_id), shape_of(desk.edition, topics), manifest.state()
        follows = _follows(before, desk, mark, shape, output) and not everything_anew
        if before is not None and follows and before.mark == mark:
            return Published(0, before.files, 0, time.monotonic() - started)
        scope = _changed(desk, before) if before is not None and follows else _everything(desk)
        done = _write(output, manifest, documents(desk, scope), progress or (lambda done, total: None))
        gone = names_of_emptied(scope) if follows else manifest.digests().keys() - done.digests.keys()
        removed = [name for name in sorted(gone) if manifest.lists(name)]
        deleted = sum(remove_file(output, name) for name in removed)
        manifest.record(desk.source_id, done.digests, removed)
        files = before.files + done.added - len(removed) if before is not None and follows else len(done.digests)
        extent = desk.extent
        manifest.record_state(OutputState(desk.source_id, base_url, shape, mark, extent.entries, extent.events, files))
    feeds = tuple(base_url + name for name in done.written if name.endswith(_FEED_NAMES))
    return Published(len(done.written), files - len(done.written), deleted, time.monotonic() - started, feeds)


def forget_output(db: Database, output: Path) -> int:
    """Remove the files that were published to a folder, and forget the folder; return how many files were removed.

    Files of others stay. A run that is killed can be done again.

    Raises:
        OutputUnwritable: a file cannot be removed.
    """
    folder = Path(os.path.realpath(output))
    manifest = Manifest(db, folder)
    with writing(db):
        removed = sum(remove_file(folder, name) for name in sorted(manifest.digests()))
        manifest.forget()
    with suppress(OSError):
        folder.rmdir()  # unless something of others is left in it
    return removed


def _begin(db: Database, source: Source, target: Target, topics: Topics, manifest: Manifest, take_over: bool) -> Desk:
    """Refuse what cannot be published, and follow the archive up to this moment."""
    tag = None if (source_id := find_source_id(db, source.name)) is None else source_tag(db, source_id)
    if source_id is None or tag is None:
        raise NothingToPublish(source.name)
    holds = manifest.source()
    if holds is not None and holds != source.name and not take_over:
        raise OutputTaken(target.output, holds, source.name)
    events = follow(db, source_id, topics.patterns, topics.classify)
    extent = Extent(
        count_entries(db, source_id),
        events,
        frozenset(read_tallies(db, source_id, "publication")),
        frozenset(read_tallies(db, source_id, "topic")),
    )
    if not extent.entries:
        raise NothingToPublish(source.name)
    edition = Edition(source, target.base_url, tag, target.browse, target.hub, target.tombstones)
    return Desk(db, source_id, edition, topics, extent)


def _follows(before: OutputState | None, desk: Desk, mark: Mark, shape: str, output: Path) -> bool:
    """Tell whether the journal alone says what may differ in a folder from what was published there."""
    return (
        before is not None
        and (before.source_id, before.base_url, before.shape) == (desk.source_id, desk.edition.base_url, shape)
        and before.mark.derivation == mark.derivation
        and (output / FRONT_FILE).is_file()  # else somebody has emptied the folder
    )


def _changed(desk: Desk, before: OutputState) -> Scope:
    extent = Extent(before.entries, before.events, frozenset(), frozenset())
    changes = touched_since(desk.db, desk.source_id, before.mark.changes_until, desk.topics.classify)
    return touched(desk.extent, extent, changes)


def _everything(desk: Desk) -> Scope:
    entry_ids = all_entry_ids(desk.db, desk.source_id)
    published = set(entry_ids)
    redirects = [(one, into) for one, into in merged_ids(desk.db).items() if into in published]
    return everything(desk.extent, entry_ids, redirects)


@dataclass(frozen=True, slots=True)
class _Done:
    """What was looked at, as digests by name; of it the files that were written, and how many were not there before."""

    digests: dict[str, str]
    written: tuple[str, ...]
    added: int


def _write(output: Path, manifest: Manifest, found: list[Document], progress: Progress) -> _Done:
    """Write what differs: first the files that nothing leads to yet, then those that lead to them."""
    is_new = {name: not manifest.lists(name) for name, _ in found}
    digests: dict[str, str] = {}
    written: list[str] = []
    for name, render in sorted(found, key=lambda document: not is_new[document[0]]):
        content = render()
        if write_file(output, name, content):
            written.append(name)
        digests[name] = sha256(content).hexdigest()
        progress(len(digests), len(found))
    return _Done(digests, tuple(written), sum(is_new.values()))
