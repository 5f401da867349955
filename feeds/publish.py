"""Publishing a source: writing the documents that the archive's changes can affect, from one state of the archive.

    follow the archive | freeze what is full | scope | compose, render | write what differs | remove what is gone | record

If only the archive has changed, the journal says which documents to check; if settings, topics, templates or the
archive's derivation have changed, all are checked, and redactions are applied to frozen ones. New files are written first,
because nothing links to them yet, then files that link to them; files are removed last, so no reader meets a dangling link.
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

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.feed_state.changes import source_tag
from foreign_eyes.archive.feed_state.counters import read_counters
from foreign_eyes.archive.feed_state.current_entries import all_entry_ids
from foreign_eyes.archive.feed_state.entry_numbers import count_numbered
from foreign_eyes.archive.feed_state.feed_log import awaits_freezing
from foreign_eyes.archive.feed_state.folder_claims import read_claim
from foreign_eyes.archive.feed_state.folder_record import read_record
from foreign_eyes.archive.feed_state.folder_record_writer import remove_record
from foreign_eyes.archive.feed_state.journal_cursor import (
    JournalCursor,
    affected_since,
    current_cursor,
    find_source_id,
    update_feed_state,
)
from foreign_eyes.archive.feed_state.output_manifest import Manifest, OutputState
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.default_topics import DEFAULT_TOPICS
from foreign_eyes.feeds.documents import (
    PublishContext,
    PublishedDocument,
    documents,
    freeze_documents,
    names_of_emptied,
)
from foreign_eyes.feeds.errors import NothingToPublish, OutputTaken
from foreign_eyes.feeds.file_writer import FILE_MODE, remove_file, remove_leftovers, write_file
from foreign_eyes.feeds.folder import FolderPlan, OutputFolder
from foreign_eyes.feeds.plan import Extent, PublishPlan, everything, touched
from foreign_eyes.feeds.published_urls import normal_base_url
from foreign_eyes.feeds.redact_documents import renew_documents
from foreign_eyes.feeds.render_fingerprint import render_fingerprint
from foreign_eyes.feeds.site_map import FRONT_PAGE, is_feed
from foreign_eyes.feeds.topic_matching import Topics

PublishProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to publish, and with what: a folder, the address under which a web server shows it, and settings of the files.

    `topics` are patterns by name, `publications` aliases by the name to show, `file_mode` the permissions of files; the
    others are as in `PublicationTarget`.
    """

    output: Path
    base_url: str
    browse: str | None = "browse/"
    hub: str | None = None
    tombstones: bool = False
    topics: Mapping[str, Sequence[str]] = field(default_factory=lambda: DEFAULT_TOPICS)
    publications: Mapping[str, Sequence[str]] = field(default_factory=dict)
    file_mode: int = FILE_MODE


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
    take_folder: bool = False,
    progress: PublishProgress | None = None,
) -> Published:
    """Write the feeds and pages of `source` to `target`, each file whole, and only those whose bytes change.

    It runs in a transaction that holds the archive's write lock: two publishers cannot interleave, and one moment of the
    archive is seen. A run that is killed or fails leaves every file whole, old or new, and nothing removed; doing it again is
    always safe. `progress` is called after each file with the number of files done and of all that are looked at.

    With `everything_anew` every document is checked, and files get the configured permissions; frozen documents keep their
    bytes, except for redactions. Feeds of another source in that folder are replaced only to `take_over`, a folder of another
    archive and files of others only to `take_folder`.

    Raises:
        NothingToPublish: the archive has no entry of the source; what was published before stays.
        OutputTaken: the folder holds another source's feeds.
        OutputOfAnother: the folder shows another archive, or a newer state of this one.
        RecordDamaged: the folder's record cannot be used.
        FilesOfOthers: files that publishing did not write are in the way; nothing was written.
        OutputUnwritable: a file cannot be written or removed.
        ValueError: the base URL is not valid, or a topic could match nothing.
    """
    started = time.monotonic()
    base_url, topics = normal_base_url(target.base_url), Topics(target.topics)
    # The real folder: a link to it may be turned to another, whose files are not ours to remove
    target = replace(target, base_url=base_url, output=Path(os.path.realpath(target.output)))
    begin = partial(_begin, db, source, target, topics, take_over=take_over, take_folder=take_folder)
    if awaits_freezing(db, source.name, base_url):
        # in a transaction of its own: what a run that is killed has written must not come out otherwise later
        with writing(db):
            freeze_documents(begin()[0])
    with writing(db):
        desk, folder = begin()
        cursor, fingerprint, before = (
            current_cursor(db, desk.source_id),
            render_fingerprint(desk.edition, topics, target.publications),
            folder.manifest.state(),
        )
        if everything_anew or not (before is not None and _follows(before, desk, cursor, fingerprint, folder)):
            before = None
        elif before.cursor == cursor:
            return Published(0, before.files, 0, time.monotonic() - started)
        if before is None:
            renew_documents(db)
        scope = _everything(desk) if before is None else _changed(desk, before)
        found = documents(desk, scope)
        names = [name for name, _ in found]
        folder.require_ours(names, follows=before is not None)
        gone = (folder.files if before is None else set(names_of_emptied(scope))).difference(names)
        added = 0 if before is None else sum(not folder.manifest.lists(name) for name in names)
        removed = [name for name in sorted(gone) if before is None or folder.manifest.lists(name)]
        files = len(names) if before is None else before.files + added - len(removed)
        extent = desk.extent
        state = OutputState(desk.source_id, base_url, fingerprint, cursor, extent.entries, extent.events, files)
        plan = folder.plan(state, names, since=before.cursor if before is not None else None)
        writer = _Writer(folder, plan, target.file_mode, mend_modes=everything_anew)
        if not folder.says(plan) or removed:
            writer.begin()
        digests = writer.write(found, progress or (lambda done, total: None))
        deleted = sum(remove_file(folder.output, name) for name in removed)
        if before is None:
            remove_leftovers(folder.output)
        folder.manifest.record(desk.source_id, digests, removed)
        folder.manifest.record_state(state)
        writer.end(removed)
    feeds = tuple(base_url + name for name in writer.written if is_feed(name))
    seconds = time.monotonic() - started
    return Published(len(writer.written), files - len(writer.written), deleted, seconds, feeds)


def forget_output(db: Database, output: Path, *, former_id: str | None = None) -> int:
    """Remove the files that were published to a folder, and forget the folder; return how many files were removed.

    Files of others stay. A run that is killed can be done again. A folder that shows another archive now is only forgotten;
    `former_id` is the id that this archive had when it published there, if that was another.

    Raises:
        OutputUnwritable: a file cannot be removed.
    """
    folder = Path(os.path.realpath(output))
    manifest = Manifest(db, folder)
    with writing(db):
        claim = read_claim(db, folder)
        is_former = former_id is not None and claim.summary is not None and claim.summary.archive_id == former_id
        is_ours = claim.refusal is None or is_former
        ours = set(manifest.digests()) if is_ours else set()
        record = read_record(folder) if claim.summary is not None and is_ours else None
        removed = sum(remove_file(folder, name) for name in sorted(ours.union(record.files if record else ())))
        if is_ours:
            remove_record(folder)
        manifest.forget()
    with suppress(OSError):
        folder.rmdir()  # unless something of others is left in it
    return removed


def _begin(
    db: Database, source: Source, target: Target, topics: Topics, *, take_over: bool, take_folder: bool
) -> tuple[PublishContext, OutputFolder]:
    """Refuse what cannot be published, and follow the archive up to this moment."""
    tag = None if (source_id := find_source_id(db, source.name)) is None else source_tag(db, source_id)
    if source_id is None or tag is None:
        raise NothingToPublish(source.name)
    folder = OutputFolder(db, target.output, source, take_over=take_folder, mode=target.file_mode)
    holds = folder.source()
    if holds is not None and holds != source.name and not (take_over or take_folder):
        raise OutputTaken(target.output, holds, source.name)
    events = update_feed_state(db, source_id, topics.patterns, topics.classify, target.publications)
    extent = Extent(
        count_numbered(db, source_id),
        events,
        frozenset(read_counters(db, source_id, "publication")),
        frozenset(read_counters(db, source_id, "topic")),
    )
    if not extent.entries:
        raise NothingToPublish(source.name)
    edition = PublicationTarget(source, target.base_url, tag, target.browse, target.hub, target.tombstones)
    return PublishContext(db, source_id, edition, topics, extent), folder


def _follows(
    before: OutputState, desk: PublishContext, cursor: JournalCursor, fingerprint: str, folder: OutputFolder
) -> bool:
    """Tell whether the journal alone says what may differ in a folder from what was published there."""
    return (
        (before.source_id, before.base_url, before.render_fingerprint)
        == (desk.source_id, desk.edition.base_url, fingerprint)
        and before.cursor.derivation == cursor.derivation
        and folder.shows(before)  # else a publish was killed, or somebody has emptied the folder
        and (folder.output / FRONT_PAGE).is_file()
    )


def _changed(desk: PublishContext, before: OutputState) -> PublishPlan:
    extent = Extent(before.entries, before.events, frozenset(), frozenset())
    changes = affected_since(desk.db, desk.source_id, before.cursor, desk.topics.classify)
    return touched(desk.extent, extent, changes)


def _everything(desk: PublishContext) -> PublishPlan:
    entry_ids = all_entry_ids(desk.db, desk.source_id)
    published = set(entry_ids)
    redirects = [(one, into) for one, into in merged_ids(desk.db).items() if into in published]
    return everything(desk.extent, entry_ids, redirects)


class _Writer:
    """Writes what differs: first the files that nothing leads to yet, then those that lead to them."""

    def __init__(self, folder: OutputFolder, plan: FolderPlan, mode: int, *, mend_modes: bool) -> None:
        self._folder = folder
        self._plan = plan
        self._mode = mode
        self._mend_modes = mend_modes
        self._began = False
        self.written: list[str] = []

    def begin(self) -> None:
        """Have the folder's record say what is coming, once: before the first file that differs is written."""
        if not self._began:
            self._folder.begin(self._plan)
            self._began = True

    def end(self, removed: list[str]) -> None:
        """Have the record say that this was all."""
        if self._began:
            self._folder.end(self._plan, removed)

    def write(self, found: list[PublishedDocument], progress: PublishProgress) -> dict[str, str]:
        """Return the digests of all these documents by name."""
        is_new = {name: not self._folder.manifest.lists(name) for name, _ in found}
        digests: dict[str, str] = {}
        for name, render in sorted(found, key=lambda document: not is_new[document[0]]):
            content = render()
            if write_file(
                self._folder.output, name, content, self._mode, mend_mode=self._mend_modes, before=self.begin
            ):
                self.written.append(name)
            digests[name] = sha256(content).hexdigest()
            progress(len(digests), len(found))
        return digests
