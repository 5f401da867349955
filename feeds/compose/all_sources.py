"""The page and the feeds over all sources: which entries they show, and their metadata. Pure.

The combined feed shows the newest entries of all sources. It has no archive documents: the feed of each source goes back
to its first entry, and the subscription list has them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from foreign_eyes.feeds.compose.feed_items import Column, FeedUrls, Item, Tombstone, compose_item
from foreign_eyes.feeds.compose.feeds import NEWEST, RIGHTS, Feed, original_column
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import FeedEntry
from foreign_eyes.feeds.site_map import ALL_FOLDER, FEED_FORMATS

# its path below the root
FOLDER = f"{ALL_FOLDER}/"
TITLE = "Foreign Eyes: all sources"
SUBTITLE = (
    "The newest entries of every column that this archive keeps. Each column has a feed of its own that goes back to its"
    " first entry."
)
# a reader that asks once a week misses nothing, unless more than MOST entries are new
SPAN = timedelta(days=7)
MOST = 500
# the first crawl of a column finds all its entries at once, and must not displace those of the others
MOST_OF_ONE_SOURCE = NEWEST


@dataclass(frozen=True, slots=True)
class CombinedTarget:
    """The folder over all sources: its base URL, the id of its feed, and settings.

    `base_url` is that of the folder and ends in `all/`. `browse` is the URL of Datasette, absolute or relative to that
    folder, None if there is none. `hub` is the URL of a WebSub hub. With `tombstones` the feed marks withdrawn entries as
    deleted (RFC 6721).
    """

    base_url: str
    feed_id: str
    browse: str | None = None
    hub: str | None = None
    tombstones: bool = False
    title: str = TITLE
    language: str = "en"


@dataclass(frozen=True, slots=True)
class PublishedSource:
    """A source as published: the place, the number of published entries, and the feed date of the newest."""

    target: PublicationTarget
    entries: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source on the page over all sources.

    `label` is its title, with its name if another source has the same title. `urls` are those of its own feed.
    """

    label: str
    name: str
    language: str
    home: str
    urls: FeedUrls
    entries: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class CombinedEntry:
    """An entry with the source that it belongs to."""

    of: PublicationTarget
    entry: FeedEntry


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that the combined feed may show."""

    entry_id: int
    feed_date: datetime


def choose_entries(newest_of_each: Iterable[Sequence[Candidate]]) -> list[int]:
    """Return the ids of the entries that the combined feed shows, newest first.

    They are those of the week before the newest entry, at least `NEWEST` and at most `MOST`. Time is counted from the
    newest entry, not from now, so that the feed changes only if an entry does.

    Args:
        newest_of_each: for each source its newest entries, at most `MOST_OF_ONE_SOURCE`.
    """
    found = [candidate for candidates in newest_of_each for candidate in candidates[:MOST_OF_ONE_SOURCE]]
    found.sort(key=lambda candidate: (candidate.feed_date, candidate.entry_id), reverse=True)
    return [
        candidate.entry_id
        for position, candidate in enumerate(found[:MOST])
        if position < NEWEST or candidate.feed_date > found[0].feed_date - SPAN
    ]


def show_sources(sources: Iterable[PublishedSource]) -> list[ShownSource]:
    """Return the sources as the page and the subscription list show them, by title."""
    listed = list(sources)
    titles = Counter(source.target.title for source in listed)
    shown = [_shown(source, is_shared=titles[source.target.title] > 1) for source in listed]
    return sorted(shown, key=lambda source: (source.label.casefold(), source.name))


def compose_combined_feed(target: CombinedTarget, entries: Sequence[CombinedEntry]) -> Feed:
    """Return the feed of the newest entries of all sources, at least one.

    Each item has the id, texts and URL that it has in the feed of its source, and names that feed.
    """
    urls = combined_urls(target.base_url)
    withdrawn = [shown for shown in entries if target.tombstones and shown.entry.withdrawn_at]
    tombstones = tuple(
        Tombstone(shown.entry.tag_uri, shown.entry.withdrawn_at) for shown in withdrawn if shown.entry.withdrawn_at
    )
    language = _language(target, entries)
    return Feed(
        feed_id=target.feed_id,
        title=target.title,
        subtitle=SUBTITLE,
        rights=RIGHTS,
        language=language,
        home=target.base_url,
        icon=f"{target.base_url}icon.png",
        logo=f"{target.base_url}logo.png",
        column=Column(target.feed_id, target.title, target.base_url, urls),
        urls=urls,
        source_url=None,
        hub=target.hub,
        updated=max([*(shown.entry.updated for shown in entries), *(tombstone.at for tombstone in tombstones)]),
        items=tuple(_item(shown, language) for shown in entries if shown not in withdrawn),
        tombstones=tombstones,
    )


def combined_urls(base_url: str) -> FeedUrls:
    """Return the URLs of the combined feed."""
    return {form: base_url + form.file for form in FEED_FORMATS}


def reference(target: CombinedTarget, url: str) -> str:
    """Return the reference from the page over all sources to a URL.

    It is relative if the URL is in the same output folder, so that links work on any host and port.
    """
    root = target.base_url.removesuffix(FOLDER)
    return f"../{url.removeprefix(root)}" if url.startswith(root) else url


def _item(shown: CombinedEntry, language: str) -> Item:
    own = shown.of.language
    return replace(
        compose_item(shown.entry), column=original_column(shown.of), language=None if own == language else own
    )


def _language(target: CombinedTarget, entries: Iterable[CombinedEntry]) -> str:
    """Return the language of the entries if they share one, else that of the page."""
    languages = {shown.of.language for shown in entries}
    return languages.pop() if len(languages) == 1 else target.language


def _shown(source: PublishedSource, *, is_shared: bool) -> ShownSource:
    of = source.target
    column = original_column(of)
    return ShownSource(
        label=f"{of.title} ({of.source.name})" if is_shared else of.title,
        name=of.source.name,
        language=of.language,
        home=column.home,
        urls=column.urls,
        entries=source.entries,
        newest=source.newest,
    )
