"""Compose all files of an output folder again, without writing, and compare them with the published ones.

    private copy of the archive | context | all documents | render, compare with the file | names that no document has

A folder that lags behind the archive, or was published with other settings, necessarily differs, so it is not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.journal_cursor import current_cursor
from foreign_eyes.archive.feed_state.output_manifest import OutputState
from foreign_eyes.archive.rebuilding.private_copies import private_database
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.documents import documents
from foreign_eyes.feeds.publish import Target, publication_target
from foreign_eyes.feeds.publish_context import Render, plan_all, up_to_date_context
from foreign_eyes.feeds.render_fingerprint import render_fingerprint
from foreign_eyes.feeds.topic_matching import Topics

RecomposeProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PublishedFiles:
    """The files of a folder as its last publish left them: the state of the folder, and the digests by name."""

    folder: Path
    state: OutputState
    digests: Mapping[str, str]


@contextmanager
def private_copy(db: Database) -> Iterator[Database]:
    """Yield a copy of an open archive, in which documents are composed: that updates and freezes rows."""
    with private_database() as copy:
        db.conn.backup(copy.conn)
        yield copy


def has_other_settings(copy: Database, source: Source, target: Target, state: OutputState) -> bool:
    """Return whether other settings, or another version of this program, published the folder."""
    published = publication_target(copy, source, target)
    return state.render_fingerprint != render_fingerprint(published, Topics(target.topics), target.publications)


def differing_files(
    copy: Database, source: Source, target: Target, files: PublishedFiles, progress: RecomposeProgress
) -> Iterator[tuple[str, str]]:
    """Yield the name of each file that differs from what a publish would write now, and what differs.

    Files that are missing, or that another program changed, are not yielded: their digests tell. The folder must show the
    archive's state, with the same settings.
    """
    topics = Topics(target.topics)
    context = up_to_date_context(copy, publication_target(copy, source, target), topics, target.publications)
    found = documents(context, plan_all(context))
    yield from compare_documents(files.folder, files.digests, found, progress)


def shows_newest(copy: Database, state: OutputState) -> bool:
    """Return whether a folder in this state shows everything that the archive has."""
    return state.cursor == current_cursor(copy, state.source_id)


def compare_documents(
    folder: Path,
    digests: Mapping[str, str | None],
    found: Sequence[tuple[str, Render]],
    progress: RecomposeProgress,
) -> Iterator[tuple[str, str]]:
    """Yield the name of each file that differs from its document, and what differs; `digests` are those of the files."""
    for number, (name, render) in enumerate(found, start=1):
        if name not in digests:
            yield name, "the archive has a document that was not published"
        elif (content := _published(folder / name, digests[name])) is not None and content != render():
            yield name, "a published file differs from what the archive composes now"
        progress(number, len(found))
    for name in sorted(digests.keys() - {name for name, _ in found}):
        yield name, "a published file belongs to no document of the archive any more"


def _published(path: Path, digest: str | None) -> bytes | None:
    """Return the bytes of a file; None if it is missing or another program changed it."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if digest in (None, sha256(content).hexdigest()) else None
