"""Renders rows that are entries or changes as Atom, in the form of the published feeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.feed_state.changes import changes_by_id, new_entries_of, tag_of_source
from foreign_eyes.archive.feed_state.current_entries import entries_by_id, sources_of_entries
from foreign_eyes.archive.feed_state.topics import topics_of
from foreign_eyes.archive.overview import first_crawl_start
from foreign_eyes.feeds.compose.change_items import change_item, compose_change
from foreign_eyes.feeds.compose.feed_items import Column, Item, compose_item
from foreign_eyes.feeds.compose.feeds import RIGHTS, Feed, original_column
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import compose_entry
from foreign_eyes.feeds.render import feed_renderer
from foreign_eyes.feeds.site_map import ATOM
from foreign_eyes.web.browse.metadata import DATABASE

# items of a feed; rendering 100 takes about 50 ms
MOST_ITEMS = 200
SUBTITLE = "The rows of a query on this archive that are entries or changes."
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# the authority of tags in an archive without entries
_NO_TAG = "tag:invalid,1970:archive"


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """The rows to show: their title, the addresses of the feed and of its page, and their ids."""

    title: str
    self_url: str
    page_url: str
    # path and query string, from which the id of the feed is derived
    query: str
    origin: str
    entry_ids: tuple[int, ...]
    change_ids: tuple[int, ...]


def can_be_feed(columns: Sequence[str]) -> bool:
    """Return whether rows with these columns are entries or changes."""
    return "entry_id" in columns or "change_id" in columns


def ids_of(rows: Iterable[Any], columns: Sequence[str], column: str) -> tuple[int, ...]:
    """Return the distinct ids in a column, in row order; empty if there is no such column."""
    if column not in columns:
        return ()
    place = list(columns).index(column)
    values = (row[place]["value"] if isinstance(row[place], dict) else row[place] for row in rows)
    return tuple(dict.fromkeys(value for value in values if isinstance(value, int)))[:MOST_ITEMS]


async def render_rows(datasette: Any, asked: RowsAsked) -> bytes:
    """Return an Atom document of the rows; without rows it is a valid empty feed."""
    await datasette.frame.refresh(datasette)
    content: bytes = await datasette.get_database(DATABASE).execute_fn(
        lambda connection: feed_renderer(ATOM)(_compose(_database(connection), datasette.frame, asked))
    )
    return content


def _compose(db: Database, frame: Any, asked: RowsAsked) -> Feed:
    targets = {source.name: _with_tag(db, frame.target(source.name, asked.origin)) for source in frame.sources}
    own = _with_tag(db, frame.target(None, asked.origin))
    new = new_entries_of(db, asked.change_ids)
    items = [
        *_change_items(db, targets, asked.change_ids),
        *_entry_items(db, frame, targets, asked, (*asked.entry_ids, *new) if not asked.change_ids else new),
    ]
    items.sort(key=lambda item: item.updated, reverse=True)
    tag = own.tag or next((target.tag for target in targets.values() if target.tag), _NO_TAG)
    digest = sha256(f"{archive_id(db)} {asked.query}".encode()).hexdigest()[:16]
    feed_id = f"{tag}/browse/{digest}"
    urls = {ATOM: asked.self_url}
    return Feed(
        feed_id=feed_id,
        title=f"{asked.title} – {own.title}",
        subtitle=SUBTITLE,
        rights=RIGHTS,
        language=own.language,
        home=asked.page_url,
        icon=f"{asked.origin}{frame.browse_url}site/icon.png",
        logo=f"{asked.origin}{frame.browse_url}site/logo.png",
        column=Column(feed_id, asked.title, asked.page_url, urls),
        urls=urls,
        source_url=None,
        hub=None,
        updated=max((item.updated for item in items), default=first_crawl_start(db) or _NEVER),
        items=tuple(items),
    )


def _with_tag(db: Database, target: PublicationTarget) -> PublicationTarget:
    return replace(target, tag=tag_of_source(db, target.source.name) or "")


def _change_items(db: Database, targets: dict[str, PublicationTarget], change_ids: Sequence[int]) -> Iterator[Item]:
    for source, change in changes_by_id(db, change_ids):
        yield change_item(targets[source], compose_change(targets[source], change))


def _entry_items(
    db: Database, frame: Any, targets: dict[str, PublicationTarget], asked: RowsAsked, entry_ids: Sequence[int]
) -> Iterator[Item]:
    entries, topics = entries_by_id(db, entry_ids), topics_of(db, list(entry_ids))
    sources = sources_of_entries(db, entry_ids)
    for current in entries:
        target = targets[sources[current.entry_id]]
        entry = compose_entry(target, current, topics.get(current.entry_id, ()))
        folder = frame.folders.get(target.source.name)
        if folder is None or not frame.site.has_page(folder + entry.path):
            page = f"{asked.origin}{frame.browse_url}archive/entries/{entry.entry_id}"
            entry = replace(entry, alternate=page)
        yield replace(compose_item(entry), column=original_column(target))


def _database(connection: sqlite3.Connection) -> Database:
    return Database(connection, recursive_triggers=False)
