"""The feeds: their metadata and their items. Pure.

A feed's id is a `tag:` URI (RFC 4151) like those of its entries, not a URL: RFC 4287 section 4.2.6.1 requires it to be
permanent, and the base URL changes when a site moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from foreign_eyes.archive.feed_state.feed_log import LoggedEntry
from foreign_eyes.feeds.compose.change_items import ComposedChange, change_item
from foreign_eyes.feeds.compose.feed_items import Column, FeedUrls, Item, Tombstone, compose_item
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import Collection, FeedEntry, compose_entry
from foreign_eyes.feeds.site_map import FEED_FORMATS

# entries in a feed, and on the front page
NEWEST = 50

SUBTITLE = (
    "What the foreign press writes, as excerpted and commented on by this column. The column dates none of it, so each"
    " entry bears the moment at which it was first seen there."
)
CHANGES_SUBTITLE = (
    "What the column changes without a word: edits, withdrawals, returns and its Patent Search link, each with what was there"
    " before and after."
)
RIGHTS = "Excerpts belong to the publications named with them, commentary to the publisher of the column."


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its metadata, and its items, newest first.

    `home` is the URL of its HTML page, `source_url` that of the column itself. `updated` is that of the newest item, so a
    feed without changes keeps its bytes. `current`, `previous` and `following` are the documents of its history (RFC 5005
    section 4): only a frozen document has a `current`, and only archive document 0 has a `following` one.
    """

    feed_id: str
    title: str
    subtitle: str
    rights: str
    language: str
    home: str
    icon: str
    logo: str
    column: Column
    urls: FeedUrls
    source_url: str | None
    hub: str | None
    updated: datetime
    items: tuple[Item, ...]
    tombstones: tuple[Tombstone, ...] = ()
    current: FeedUrls | None = None
    previous: FeedUrls | None = None
    following: FeedUrls | None = None


def compose_column_feed(target: PublicationTarget, entries: Iterable[FeedEntry], documents: int) -> Feed:
    """Return the feed of a source's newest entries.

    `documents` is the number of its archive documents.
    """
    shown = sorted(entries, key=lambda entry: entry.published, reverse=True)
    withdrawn = [entry for entry in shown if target.tombstones and entry.withdrawn_at]
    feed = _feed(target, column_urls(target.base_url), [compose_item(entry) for entry in shown])
    return replace(
        feed,
        items=tuple(compose_item(entry) for entry in shown if entry not in withdrawn),
        tombstones=tuple(Tombstone(entry.tag_uri, entry.withdrawn_at) for entry in withdrawn if entry.withdrawn_at),
        updated=max([feed.updated, *(entry.withdrawn_at for entry in withdrawn if entry.withdrawn_at)]),
        previous=archive_urls(target.base_url, documents) if documents else None,
    )


def compose_archive_document(target: PublicationTarget, number: int, logged: Sequence[LoggedEntry]) -> Feed:
    """Return archive document `number` with its events, newest first.

    Its items have no topics, because topics can change and the document cannot.
    """
    entries = [replace(compose_entry(target, event.entry), updated=event.at) for event in logged]
    feed = _feed(target, archive_urls(target.base_url, number), [compose_item(entry) for entry in entries])
    return replace(
        feed,
        hub=None,  # a frozen document never changes, so nobody subscribes to it
        current=column_urls(target.base_url),
        previous=archive_urls(target.base_url, number - 1),
    )


def compose_beginning(target: PublicationTarget, since: datetime) -> Feed:
    """Return archive document 0, which is empty and ends the history.

    Its date is `since`, the beginning of the log.

    RFC 5005 requires each archive document to link to another one. Without document 0, document 1 could link only to
    document 2, which does not exist yet when document 1 is frozen.
    """
    feed = _feed(target, archive_urls(target.base_url, 0), [], since)
    current, following = column_urls(target.base_url), archive_urls(target.base_url, 1)
    return replace(feed, hub=None, current=current, following=following)


def compose_collection_feed(target: PublicationTarget, of: Collection, entries: Iterable[FeedEntry]) -> Feed:
    """Return the feed of a publication or a topic: its newest entries, at least one."""
    home = target.base_url + of.path
    feed = _feed(target, _folder_urls(home), [compose_item(entry) for entry in entries])
    scope = f"From {of.name} only" if of.kind == "publication" else f"On {of.name} only"
    return replace(
        feed,
        feed_id=f"{target.tag}/{of.path.rstrip('/')}",
        title=f"{of.name} – {target.title}",
        subtitle=f"{scope}: {SUBTITLE[0].lower()}{SUBTITLE[1:]}",
        home=home,
    )


def compose_changes_feed(target: PublicationTarget, changes: Iterable[ComposedChange], since: datetime) -> Feed:
    """Return the feed of changes, newest first.

    `since` is the date of the feed while it has no items.
    """
    items = [change_item(target, change) for change in changes]
    urls = changes_urls(target.base_url)
    feed_id, title, home = f"{target.tag}/changes", f"Changes – {target.title}", f"{target.base_url}changes/"
    return replace(
        _feed(target, urls, items, since),
        feed_id=feed_id,
        title=title,
        subtitle=CHANGES_SUBTITLE,
        home=home,
        column=Column(feed_id, title, home, urls),  # no other feed has changes
    )


def original_column(target: PublicationTarget) -> Column:
    """Return the feed of a source, which other feeds name as the original of its entries."""
    return Column(f"{target.tag}/feed", target.title, target.base_url, column_urls(target.base_url))


def column_urls(base_url: str) -> FeedUrls:
    """Return the URLs of the column's own feed."""
    return _folder_urls(base_url)


def archive_urls(base_url: str, number: int) -> FeedUrls:
    """Return the URLs of archive document `number`."""
    paths = ((form, form.archive_path(number)) for form in FEED_FORMATS)
    return {form: base_url + path for form, path in paths if path is not None}


def changes_urls(base_url: str) -> FeedUrls:
    """Return the URLs of the feed of changes."""
    return {form: base_url + form.changes_file for form in FEED_FORMATS}


def collection_urls(base_url: str, of: Collection) -> FeedUrls:
    """Return the URLs of the feed of a publication or a topic."""
    return _folder_urls(base_url + of.path)


def _folder_urls(folder: str) -> FeedUrls:
    return {form: folder + form.file for form in FEED_FORMATS}


def _feed(target: PublicationTarget, urls: FeedUrls, items: Sequence[Item], since: datetime | None = None) -> Feed:
    feed_id = f"{target.tag}/feed"
    return Feed(
        feed_id=feed_id,
        title=target.title,
        subtitle=SUBTITLE,
        rights=RIGHTS,
        language=target.language,
        home=target.base_url,
        icon=f"{target.base_url}icon.png",
        logo=f"{target.base_url}logo.png",
        column=original_column(target),
        urls=urls,
        source_url=target.source_url,
        hub=target.hub,
        updated=max([item.updated for item in items] + ([since] if since else [])),
        items=tuple(items),
    )
