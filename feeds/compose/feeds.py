"""The feeds: what each says about itself, and which items it holds. Pure.

A feed's id is a `tag:` URI beside those of its entries (RFC 4151), not an address: RFC 4287 section 4.2.6.1 wants it to last,
and a base URL changes when a site moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from foreign_eyes.archive.feed_state.feed_log import LoggedEntry
from foreign_eyes.feeds.compose.change_items import ComposedChange, change_item
from foreign_eyes.feeds.compose.feed_entries import Collection, FeedEntry, compose_entry
from foreign_eyes.feeds.compose.feed_items import Item, Tombstone, compose_item
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.site_map import FEED_FORMATS, FeedFormat

# how many entries a feed holds, and a front page shows
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


# the URL of a feed by format; a format in which the feed is not published is missing
FeedUrls = Mapping[FeedFormat, str]


@dataclass(frozen=True, slots=True)
class Column:
    """The feed that an entry stands in first, of which others hold copies (RFC 4287 section 4.2.11)."""

    feed_id: str
    title: str
    home: str
    urls: FeedUrls


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its items newest first, and what it says about itself.

    `home` is its page for people, `source_url` where the column itself is. `updated` is the newest of its items', so that a
    feed in which nothing changed does not change. `current` and `previous` are the documents before and behind it in its
    history (RFC 5005 section 4); only a frozen one has a `current`, and only the very first a `following` one.
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


def compose_column_feed(edition: PublicationTarget, entries: Iterable[FeedEntry], documents: int) -> Feed:
    """Return the feed of a source's newest entries; behind it stand so many archive documents."""
    shown = sorted(entries, key=lambda entry: entry.published, reverse=True)
    gone = [entry for entry in shown if edition.tombstones and entry.withdrawn_at]
    feed = _feed(edition, column_urls(edition.base_url), [compose_item(entry) for entry in shown])
    return replace(
        feed,
        items=tuple(compose_item(entry) for entry in shown if entry not in gone),
        tombstones=tuple(Tombstone(entry.tag_uri, entry.withdrawn_at) for entry in gone if entry.withdrawn_at),
        updated=max([feed.updated, *(entry.withdrawn_at for entry in gone if entry.withdrawn_at)]),
        previous=archive_urls(edition.base_url, documents) if documents else None,
    )


def compose_archive_document(edition: PublicationTarget, number: int, logged: Sequence[LoggedEntry]) -> Feed:
    """Return archive document `number`: the events that it holds, the newest first, without topics, which can change."""
    entries = [replace(compose_entry(edition, event.entry), updated=event.at) for event in logged]
    feed = _feed(edition, archive_urls(edition.base_url, number), [compose_item(entry) for entry in entries])
    return replace(
        feed,
        hub=None,  # nobody subscribes to what stays as it is
        current=column_urls(edition.base_url),
        previous=archive_urls(edition.base_url, number - 1),
    )


def compose_beginning(edition: PublicationTarget, since: datetime) -> Feed:
    """Return archive document 0, behind which there is nothing, dated `since` the log begins.

    It holds nothing itself. RFC 5005 has each archive document lead to another: without this one, document 1 could lead only to
    one that is not there yet when it is frozen.
    """
    feed = _feed(edition, archive_urls(edition.base_url, 0), [], since)
    current, following = column_urls(edition.base_url), archive_urls(edition.base_url, 1)
    return replace(feed, hub=None, current=current, following=following)


def compose_collection_feed(edition: PublicationTarget, of: Collection, entries: Iterable[FeedEntry]) -> Feed:
    """Return the feed of a publication or a topic: its newest entries, one at least."""
    home = edition.base_url + of.path
    feed = _feed(edition, _folder_urls(home), [compose_item(entry) for entry in entries])
    told = f"From {of.name} only" if of.kind == "publication" else f"On {of.name} only"
    return replace(
        feed,
        feed_id=f"{edition.tag}/{of.path.rstrip('/')}",
        title=f"{of.name} – {edition.title}",
        subtitle=f"{told}: {SUBTITLE[0].lower()}{SUBTITLE[1:]}",
        home=home,
    )


def compose_changes_feed(edition: PublicationTarget, changes: Iterable[ComposedChange], since: datetime) -> Feed:
    """Return the feed of what was changed, newest first; `since` is its date while there is nothing in it."""
    items = [change_item(edition, change) for change in changes]
    urls = changes_urls(edition.base_url)
    feed_id, title, home = f"{edition.tag}/changes", f"Changes – {edition.title}", f"{edition.base_url}changes/"
    return replace(
        _feed(edition, urls, items, since),
        feed_id=feed_id,
        title=title,
        subtitle=CHANGES_SUBTITLE,
        home=home,
        column=Column(feed_id, title, home, urls),  # a change stands in no other feed
    )


def column_urls(base_url: str) -> FeedUrls:
    """Return the URLs of the column's own feed."""
    return _folder_urls(base_url)


def archive_urls(base_url: str, number: int) -> FeedUrls:
    """Return the URLs of archive document `number`."""
    paths = ((one, one.archive_path(number)) for one in FEED_FORMATS)
    return {one: base_url + path for one, path in paths if path is not None}


def changes_urls(base_url: str) -> FeedUrls:
    """Return the URLs of the feed of changes."""
    return {one: base_url + one.changes_file for one in FEED_FORMATS}


def collection_urls(base_url: str, of: Collection) -> FeedUrls:
    """Return the URLs of the feed of a publication or a topic."""
    return _folder_urls(base_url + of.path)


def _folder_urls(folder: str) -> FeedUrls:
    return {one: folder + one.file for one in FEED_FORMATS}


def _feed(edition: PublicationTarget, urls: FeedUrls, items: Sequence[Item], since: datetime | None = None) -> Feed:
    feed_id = f"{edition.tag}/feed"
    return Feed(
        feed_id=feed_id,
        title=edition.title,
        subtitle=SUBTITLE,
        rights=RIGHTS,
        language=edition.language,
        home=edition.base_url,
        icon=f"{edition.base_url}icon.png",
        logo=f"{edition.base_url}logo.png",
        column=Column(feed_id, edition.title, edition.base_url, column_urls(edition.base_url)),
        urls=urls,
        source_url=edition.source_url,
        hub=edition.hub,
        updated=max([item.updated for item in items] + ([since] if since else [])),
        items=tuple(items),
    )
