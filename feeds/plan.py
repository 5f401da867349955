"""The plan of a publish: the documents that changes in the archive can affect. Pure.

A plan names documents by their content, not by file: entries by id, numbered pages and sitemaps by number, publications and
topics by name. The singletons (feeds, front page, lists) are checked by every publish, so a plan does not name them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from foreign_eyes.archive.feed_state.feed_log import count_full_documents
from foreign_eyes.archive.feed_state.journal_cursor import AffectedParts
from foreign_eyes.feeds.compose.collection_pages import count_volumes, volume_of

# entry pages per sitemap; the protocol allows 50,000, but each new entry rewrites one sitemap
SITEMAP_SIZE = 500


@dataclass(frozen=True, slots=True)
class Extent:
    """The size of a publication: the numbers of its entries and events, and its collections.

    The events are those in the log. Collections are listed by name.
    """

    entries: int
    events: int
    publications: frozenset[str]
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """The documents to render, and the publications and topics that have no entries any more.

    `redirects` are pairs of a merged id and the entry that it was merged into.
    """

    entry_ids: Collection[int]
    redirects: Collection[tuple[int, int]]
    volumes: Collection[int]
    sitemaps: Collection[int]
    archive_documents: Collection[int]
    publications: Collection[str]
    topics: Collection[str]
    emptied_publications: Collection[str] = ()
    emptied_topics: Collection[str] = ()


def full_plan(extent: Extent, entry_ids: Collection[int], redirects: Iterable[tuple[int, int]]) -> PublishPlan:
    """Return the plan of a full publish, which checks every document."""
    return PublishPlan(
        entry_ids=entry_ids,
        redirects=sorted(redirects),
        volumes=range(1, count_volumes(extent.entries) + 1),
        sitemaps=range(1, sitemap_of(extent.entries) + 1),
        archive_documents=range(1, count_full_documents(extent.events) + 1),
        publications=sorted(extent.publications),
        topics=sorted(extent.topics),
    )


def incremental_plan(extent: Extent, before: Extent, changes: AffectedParts) -> PublishPlan:
    """Return the plan of an incremental publish, from the extent `before` to `extent`.

    The last volume gets a link to a new volume that follows it, so the plan contains the volume before each new one.
    There are no volumes while the front page shows all entries, so the first volumes are all new together.
    """
    volumes = {volume_of(number) for number in changes.numbers}
    count_before, count = count_volumes(before.entries), count_volumes(extent.entries)
    volumes |= {number for number in range(max(count_before, 1), count + 1) if count > count_before}
    return PublishPlan(
        entry_ids=changes.entry_ids,
        redirects=(),
        volumes=sorted(number for number in volumes if number <= count),
        sitemaps=sorted({sitemap_of(number) for number in changes.numbers if number > before.entries}),
        archive_documents=range(count_full_documents(before.events) + 1, count_full_documents(extent.events) + 1),
        publications=sorted(changes.publications & extent.publications),
        topics=sorted(changes.topics & extent.topics),
        emptied_publications=sorted(changes.publications - extent.publications),
        emptied_topics=sorted(changes.topics - extent.topics),
    )


def sitemap_of(number: int) -> int:
    """Return the number of the sitemap that lists entry `number`; both count from 1."""
    return (number - 1) // SITEMAP_SIZE + 1


def sitemap_span(number: int) -> tuple[int, int]:
    """Return the numbers of the first and the last entry that sitemap `number` can list."""
    return (number - 1) * SITEMAP_SIZE + 1, number * SITEMAP_SIZE
