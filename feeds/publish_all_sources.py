"""Publish the page, the subscription list and the feeds over all sources.

    token of what the sources show | choose entries | compose, render | record | write changed files | record the end

Only published entries are shown, so that each link leads to a page. Nothing here reads or writes a file of a source.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from hashlib import sha256
from importlib import resources
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.database import writing
from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.combined_record import ALL_SOURCES, begin_record, end_record, recorded_digests
from foreign_eyes.archive.feed_state.current_entries import entries_by_id, sources_of_entries
from foreign_eyes.archive.feed_state.hub_notifications import store_notifications
from foreign_eyes.archive.feed_state.output_claims import read_claim
from foreign_eyes.archive.feed_state.output_record import record_path
from foreign_eyes.archive.feed_state.output_record_writer import remove_record
from foreign_eyes.archive.feed_state.published_sources import PublishedFolder, authority_tag, newest_published
from foreign_eyes.archive.feed_state.topics import topics_of
from foreign_eyes.archive.times import now
from foreign_eyes.feeds.compose.all_sources import (
    MOST_OF_ONE_SOURCE,
    Candidate,
    CombinedEntry,
    CombinedTarget,
    PublishedSource,
    ShownSource,
    choose_entries,
    compose_combined_feed,
    show_sources,
)
from foreign_eyes.feeds.compose.feeds import NEWEST
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import compose_entry
from foreign_eyes.feeds.errors import CombinedFolderTaken, FilesOfOthers, OutputUnwritable
from foreign_eyes.feeds.file_writer import FILE_MODE, make_folder, remove_file, write_file
from foreign_eyes.feeds.publish import Published
from foreign_eyes.feeds.render import feed_renderer, html_pages, opml_sitemap
from foreign_eyes.feeds.render_fingerprint import program_digests
from foreign_eyes.feeds.site_map import ATOM, FEED_FORMATS, FRONT_PAGE, is_feed

# so that the folder can be served without that of a source
_STATIC_FILES = ("style.css", "icon.svg", "icon.png", "logo.png")
_OPML = "subscriptions.opml"
# hexadecimal digits of each of the two digests in a token
_HALF = 16
NAMES = (*_STATIC_FILES, _OPML, *(form.file for form in FEED_FORMATS), FRONT_PAGE)


@dataclass(frozen=True, slots=True)
class AllSourcesTarget:
    """The folder over all sources, its base URL, and settings of its files, as in `Target`."""

    output: Path
    base_url: str
    browse: str | None = None
    hub: str | None = None
    tombstones: bool = False
    file_mode: int = FILE_MODE


def publish_all_sources(
    db: Database,
    sources: Sequence[PublishedFolder],
    target: AllSourcesTarget,
    *,
    anew: bool = False,
    take: bool = False,
) -> Published:
    """Write the page, the subscription list and the feeds over `sources`, at least one.

    Each file is written atomically, and only if its bytes change. If the sources show what they showed before, no file is
    read.

    Args:
        db: the archive.
        sources: the sources as published, each once.
        target: where to publish.
        anew: compare all files, and give them the configured permissions.
        take: also replace the feeds of another archive, and files that publishing did not write.

    Raises:
        CombinedFolderTaken: the folder holds the feeds of one source.
        OutputOfAnother: the folder belongs to another archive, or to a newer state of this one.
        RecordDamaged: the folder's record cannot be used.
        FilesOfOthers: the folder holds files that publishing did not write under names that it needs; nothing was written.
        OutputUnwritable: a file cannot be written.
    """
    started = time.monotonic()
    output = Path(os.path.realpath(target.output))
    with writing(db):
        shown_token = _require_claim(db, output, take=take)
        token = _token(db, sources, target)
        if shown_token == token and not anew and all((output / name).is_file() for name in NAMES):
            return Published(output, 0, len(NAMES), 0, time.monotonic() - started)
        recorded = _recorded(output, take=take)
        strangers = files_of_others(output, recorded)
        if strangers and not take:
            raise FilesOfOthers(output, strangers)
        written = _write(db, output, target, token, recorded, combined_documents(db, sources, target), anew=anew)
        feeds = tuple(target.base_url + name for name in written if is_feed(name))
        if target.hub:
            store_notifications(db, target.hub, feeds, now())
    return Published(output, len(written), len(NAMES) - len(written), 0, time.monotonic() - started, feeds)


def files_of_others(output: Path, recorded: Collection[str] = ()) -> list[str]:
    """Return the names that publishing needs in a folder and that files have which are not `recorded`."""
    return [name for name in NAMES if name not in recorded and os.path.lexists(output / name)]


def owns_folder(db: Database, output: Path) -> bool:
    """Return whether this archive published the page over all sources to a folder."""
    summary = read_claim(db, output).summary
    return summary is not None and summary.source == ALL_SOURCES and summary.archive_id == archive_id(db)


def remove_all_sources(db: Database, output: Path) -> int:
    """Remove the files over all sources, because no source is published any more; return their number.

    Raises:
        OutputUnwritable: a file cannot be removed.
    """
    with writing(db):
        if not owns_folder(db, output):
            return 0
        removed = sum(remove_file(output, name) for name in recorded_digests(output))
        remove_record(output)
    return removed


def shows_all(db: Database, sources: Sequence[PublishedFolder], target: AllSourcesTarget) -> bool:
    """Return whether the folder shows what the sources show now; no file but its record is read.

    Other settings, or another version of this program, do not count: they apply at the next publish.
    """
    summary = read_claim(db, target.output).summary
    shown = None if summary is None else summary.published_token
    return shown is not None and shown[:_HALF] == _token(db, sources, target)[:_HALF]


def has_other_settings(db: Database, sources: Sequence[PublishedFolder], target: AllSourcesTarget) -> bool:
    """Return whether other settings, or another version of this program, published the folder."""
    summary = read_claim(db, target.output).summary
    return summary is None or summary.published_token != _token(db, sources, target)


def _require_claim(db: Database, output: Path, *, take: bool) -> str | None:
    """Check that the folder may be written; return the token of the state that it shows."""
    claim = read_claim(db, output)
    if claim.refusal is not None and not take:
        raise claim.refusal
    if claim.refusal is None and claim.summary is not None and claim.summary.source != ALL_SOURCES:
        raise CombinedFolderTaken(output, claim.summary.source)
    if take:
        return None
    return claim.summary.published_token if claim.summary else None


def _recorded(output: Path, *, take: bool) -> Mapping[str, str | None]:
    try:
        return recorded_digests(output)
    except RecordDamaged:
        if not take:
            raise
        return {}


def _token(db: Database, sources: Sequence[PublishedFolder], target: AllSourcesTarget) -> str:
    """Return a digest of what the sources show, followed by one of the settings and this program."""
    settings = [target.base_url, target.browse, target.hub, target.tombstones, archive_id(db), authority_tag(db)]
    # with topics and names of publications, which entries show
    fingerprints = [of.render_fingerprint for of in sources]
    shown = [[*astuple(of.source), of.tag, of.base_url, of.entries, *astuple(of.cursor)] for of in sources]
    return _digest(shown) + _digest([settings, fingerprints, program_digests()])


def _digest(values: object) -> str:
    return sha256(json.dumps(values).encode()).hexdigest()[:_HALF]


def combined_documents(
    db: Database, sources: Sequence[PublishedFolder], target: AllSourcesTarget
) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the files with the functions that render them; those that link to others come last."""
    folder = CombinedTarget(
        target.base_url, f"{authority_tag(db)}:all/{archive_id(db)}/feed", target.browse, target.hub, target.tombstones
    )
    targets = {of.source.name: PublicationTarget(of.source, of.base_url, of.tag) for of in sources}
    newest = {
        of.source.name: [Candidate(*row) for row in newest_published(db, of, MOST_OF_ONE_SOURCE)] for of in sources
    }
    shown = show_sources(
        PublishedSource(targets[of.source.name], of.entries, newest[of.source.name][0].feed_date)
        for of in sources
        if newest[of.source.name]
    )
    entries = _entries(db, targets, choose_entries(newest.values()))
    feed = compose_combined_feed(folder, entries)
    return [
        *((name, partial(_static, name)) for name in _STATIC_FILES),
        (_OPML, partial(_opml, folder, shown)),
        *((form.file, partial(feed_renderer(form), feed)) for form in reversed(FEED_FORMATS)),
        (FRONT_PAGE, partial(html_pages.all_sources_page, folder, shown, entries[:NEWEST])),
    ]


def _entries(db: Database, targets: Mapping[str, PublicationTarget], entry_ids: Sequence[int]) -> list[CombinedEntry]:
    names, topics = sources_of_entries(db, entry_ids), topics_of(db, entry_ids)
    found = {entry.entry_id: entry for entry in entries_by_id(db, entry_ids)}
    return [
        CombinedEntry(
            targets[names[entry_id]], compose_entry(targets[names[entry_id]], found[entry_id], topics.get(entry_id, ()))
        )
        for entry_id in entry_ids
    ]


def _static(name: str) -> bytes:
    return (resources.files("foreign_eyes.feeds") / "static" / name).read_bytes()


def _opml(folder: CombinedTarget, sources: Sequence[ShownSource]) -> bytes:
    """Return the list of the sources' own feeds.

    The combined feed is not in it: a reader who subscribes to all of the list would get each entry twice.
    """
    feeds = [opml_sitemap.Subscription(source.label, source.urls[ATOM], source.home) for source in sources]
    return opml_sitemap.render_opml(folder.title, feeds, [])


def _write(
    db: Database,
    output: Path,
    target: AllSourcesTarget,
    token: str,
    recorded: Mapping[str, str | None],
    documents: Sequence[tuple[str, Callable[[], bytes]]],
    *,
    anew: bool,
) -> list[str]:
    """Write the files that differ; return their names."""
    mode = target.file_mode
    try:
        make_folder(output, mode)
        if set(recorded) != set(NAMES):
            begin_record(db, output, target.base_url, NAMES, token, mode)
        contents = {name: render() for name, render in documents}
        written = [
            name for name, content in contents.items() if write_file(output, name, content, mode, repair_mode=anew)
        ]
        digests = {name: sha256(content).hexdigest() for name, content in contents.items()}
        end_record(db, output, target.base_url, digests, token, mode)
    except OSError as error:
        raise OutputUnwritable(record_path(output), error) from error
    return written
