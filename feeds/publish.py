"""Publish a source: write the documents that changes in the archive can affect.

All documents show one state of the archive.

    follow the archive | freeze full documents | plan | compose, render | write changed files | remove old files | record

If only the archive has changed, the journal says which documents to check; if settings, topics, templates or the
archive's derivation have changed, all are checked, and redactions are applied to frozen ones. New files are written first,
because nothing links to them yet, then files that link to them; files are removed last, so no reader meets a dangling link.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.feed_state.changes import tag_of_source
from foreign_eyes.archive.feed_state.feed_log import awaits_freezing
from foreign_eyes.archive.feed_state.hub_notifications import store_notifications
from foreign_eyes.archive.feed_state.journal_cursor import (
    JournalCursor,
    affected_since,
    current_cursor,
)
from foreign_eyes.archive.feed_state.output_manifest import Manifest, OutputState
from foreign_eyes.archive.times import now
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.default_topics import DEFAULT_TOPICS
from foreign_eyes.feeds.documents import documents, freeze_documents, names_of_emptied
from foreign_eyes.feeds.errors import NothingToPublish, OutputTaken
from foreign_eyes.feeds.file_writer import FILE_MODE, remove_file, remove_leftovers, write_file
from foreign_eyes.feeds.output_folder import OutputFolder, RecordLines
from foreign_eyes.feeds.plan import Extent, PublishPlan, incremental_plan
from foreign_eyes.feeds.publish_context import PublishContext, PublishedDocument, plan_all, up_to_date_context
from foreign_eyes.feeds.published_urls import normal_base_url
from foreign_eyes.feeds.render_fingerprint import render_fingerprint
from foreign_eyes.feeds.renew_frozen_documents import renew_documents
from foreign_eyes.feeds.site_map import FRONT_PAGE, is_feed
from foreign_eyes.feeds.topic_matching import Topics

PublishProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a publish: output folder, base URL and settings of the files.

    A web server serves the folder at `base_url`. `topics` maps names to patterns, `publications` maps the names to show
    to aliases, and `file_mode` holds the permissions of files. `root` and `own_base_url` are those of `PublishedPlace`, and
    `left` is a folder that the source leaves. With `replace_sample`, the sample of another archive is replaced. The other
    fields are those of `PublicationTarget`.
    """

    output: Path
    base_url: str
    browse: str | None = "browse/"
    hub: str | None = None
    tombstones: bool = False
    topics: Mapping[str, Sequence[str]] = field(default_factory=lambda: DEFAULT_TOPICS)
    publications: Mapping[str, Sequence[str]] = field(default_factory=dict)
    file_mode: int = FILE_MODE
    root: Path | None = None
    own_base_url: bool = False
    left: Path | None = None
    replace_sample: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """The result of a publish: the numbers of files, and the duration in seconds.

    `folder` is the output folder. `unchanged` counts the published files that were neither written nor removed. `feeds`
    are the URLs of the changed feeds.
    """

    folder: Path
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
    """Write the feeds and pages of `source` to `target`.

    Each file is written atomically, and only if its bytes change.

    The publish runs in one transaction that holds the archive's write lock, so two publishers cannot interleave and all
    files show one state of the archive. A killed or failed run leaves every file complete, old or new, and removes none;
    repeating it is always safe.

    Args:
        db: the archive.
        source: the source to publish.
        target: where to publish it.
        everything_anew: check every document, and give files the configured permissions. Frozen documents keep their
            bytes, except for redactions.
        take_over: replace the feeds of another source in the folder.
        take_folder: also replace the feeds of another archive, and files that publishing did not write.
        progress: called after each file with the numbers of files done and of all files to check.

    Raises:
        NothingToPublish: the archive has no entries of the source; files published before stay.
        OutputTaken: the folder holds another source's feeds.
        OutputOfAnother: the folder holds the feeds of another archive, or of a newer state of this one.
        RecordDamaged: the folder's record cannot be used.
        FilesOfOthers: the folder holds files that publishing did not write under names that it needs; nothing was written.
        OutputUnwritable: a file cannot be written or removed.
        ValueError: the base URL is not valid, or a topic could match nothing.
    """
    started = time.monotonic()
    base_url, topics = normal_base_url(target.base_url), Topics(target.topics)
    # the folder itself: a symbolic link to it could be pointed at another folder, whose files must not be removed
    target = replace(target, base_url=base_url, output=Path(os.path.realpath(target.output)))
    open_folder = partial(
        OutputFolder,
        db,
        target.output,
        source,
        take_over=take_folder,
        mode=target.file_mode,
        replace_sample=target.replace_sample,
    )
    begin = partial(_begin, db, source, target, topics, open_folder, take_over=take_over or take_folder)
    if awaits_freezing(db, source.name, base_url):
        # in a transaction of its own: a frozen document that a killed run has written must keep its bytes
        with writing(db):
            freeze_documents(begin()[0])
    with writing(db):
        context, folder = begin()
        cursor, before = current_cursor(db, context.source_id), folder.manifest.state()
        fingerprint = render_fingerprint(context.target, topics, target.publications)
        if everything_anew or not (before is not None and _follows(before, context, cursor, fingerprint, folder)):
            before = None
        elif before.cursor == cursor:
            if target.root is not None:
                folder.manifest.record_site(target.root, own_base_url=target.own_base_url)
            return Published(target.output, 0, before.files, 0, time.monotonic() - started)
        if before is None:
            renew_documents(db)
        plan = plan_all(context) if before is None else _plan_changes(context, before)
        found = documents(context, plan)
        names = [name for name, _ in found]
        folder.require_ownership(names, follows=before is not None)
        obsolete = (folder.files if before is None else set(names_of_emptied(context, plan))).difference(names)
        added = 0 if before is None else sum(not folder.manifest.lists(name) for name in names)
        removed = [name for name in sorted(obsolete) if before is None or folder.manifest.lists(name)]
        files = len(names) if before is None else before.files + added - len(removed)
        extent = context.extent
        state = OutputState(context.source_id, base_url, fingerprint, cursor, extent.entries, extent.events, files)
        lines = folder.record_lines(state, names, since=before.cursor if before is not None else None)
        writer = _Writer(folder, lines, target.file_mode, repair_modes=everything_anew)
        if not folder.has_recorded(lines) or removed:
            writer.begin()
        digests = writer.write(found, progress or (lambda done, total: None))
        deleted = sum(remove_file(folder.output, name) for name in removed)
        if before is None:
            remove_leftovers(folder.output)
        # a killed publish may have written some of them
        missed = [name for name, digest in digests.items() if is_feed(name) and folder.manifest.digest(name) != digest]
        feeds = tuple(base_url + name for name in dict.fromkeys([*filter(is_feed, writer.written), *missed]))
        folder.manifest.record(context.source_id, digests, removed)
        folder.manifest.record_state(state, target.root, own_base_url=target.own_base_url)
        if target.left is not None:
            Manifest(db, target.left).forget()
        if target.hub:
            store_notifications(db, target.hub, feeds, now(), context.source_id)
        writer.end(removed)
    seconds = time.monotonic() - started
    return Published(target.output, len(writer.written), files - len(writer.written), deleted, seconds, feeds)


def _begin(
    db: Database,
    source: Source,
    target: Target,
    topics: Topics,
    open_folder: Callable[[], OutputFolder],
    *,
    take_over: bool,
) -> tuple[PublishContext, OutputFolder]:
    """Update the feed state, and return the context and the folder of the publish.

    Raise an error if the source cannot be published to the folder.
    """
    published = publication_target(db, source, target)
    folder = open_folder()
    published_source = folder.source()
    if published_source is not None and published_source != source.name and not take_over:
        raise OutputTaken(target.output, published_source, source.name)
    return up_to_date_context(db, published, topics, target.publications), folder


def publication_target(db: Database, source: Source, target: Target) -> PublicationTarget:
    """Return the target of the documents of a source.

    Raises:
        NothingToPublish: the archive has no entries of the source.
    """
    tag = tag_of_source(db, source.name)
    if tag is None:
        raise NothingToPublish(source.name)
    return PublicationTarget(source, target.base_url, tag, target.browse, target.hub, target.tombstones)


def _follows(
    before: OutputState, context: PublishContext, cursor: JournalCursor, fingerprint: str, folder: OutputFolder
) -> bool:
    """Return whether the journal names all documents that may differ from published files."""
    return (
        (before.source_id, before.base_url, before.render_fingerprint)
        == (context.source_id, context.target.base_url, fingerprint)
        and before.cursor.derivation == cursor.derivation
        and folder.shows(before)  # else a publish was killed, or the folder was emptied
        and (folder.output / FRONT_PAGE).is_file()
    )


def _plan_changes(context: PublishContext, before: OutputState) -> PublishPlan:
    extent = Extent(before.entries, before.events, frozenset(), frozenset())
    changes = affected_since(context.db, context.source_id, before.cursor, context.topics.classify)
    return incremental_plan(context.extent, extent, changes)


class _Writer:
    """A writer of changed files that writes new files first.

    No published file links to a new file yet.
    """

    def __init__(self, folder: OutputFolder, lines: RecordLines, mode: int, *, repair_modes: bool) -> None:
        self._folder = folder
        self._lines = lines
        self._mode = mode
        self._repair_modes = repair_modes
        self._began = False
        self.written: list[str] = []

    def begin(self) -> None:
        """Write the plan to the folder's record, once, before the first changed file."""
        if not self._began:
            self._folder.begin(self._lines)
            self._began = True

    def end(self, removed: list[str]) -> None:
        """Write to the record that the publish is complete."""
        if self._began:
            self._folder.end(self._lines, removed)

    def write(self, found: list[PublishedDocument], progress: PublishProgress) -> dict[str, str]:
        """Render all documents and write those that differ.

        Return the digests of all documents by name.
        """
        is_new = {name: not self._folder.manifest.lists(name) for name, _ in found}
        digests: dict[str, str] = {}
        for name, render in sorted(found, key=lambda document: not is_new[document[0]]):
            content = render()
            if write_file(
                self._folder.output, name, content, self._mode, repair_mode=self._repair_modes, before=self.begin
            ):
                self.written.append(name)
            digests[name] = sha256(content).hexdigest()
            progress(len(digests), len(found))
        return digests
