"""The scope of a publish: which documents the archive's changes can show in. Pure.

Documents are named by what they hold, not by file: entries by id, numbered pages and sitemaps by number, publications and topics
by name. What there is one of (the feeds, the front page, the lists) is in every scope.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from foreign_eyes.archive.feed_state.feed_log import count_full_documents
from foreign_eyes.archive.feed_state.journal_cursor import AffectedParts
from foreign_eyes.feeds.compose.collection_pages import count_volumes, volume_of

# how many pages of entries a sitemap names; the protocol allows 50,000, but one new entry writes one of them anew
SITEMAP_SIZE = 500


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is of what is numbered: entries, events of the log, and names of publications and topics."""

    entries: int
    events: int
    publications: frozenset[str]
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """The documents to render, and the publications and topics of which nothing is left."""

    entry_ids: Collection[int]
    redirects: Collection[tuple[int, int]]
    volumes: Collection[int]
    sitemaps: Collection[int]
    archive_documents: Collection[int]
    publications: Collection[str]
    topics: Collection[str]
    emptied_publications: Collection[str] = ()
    emptied_topics: Collection[str] = ()


def everything(extent: Extent, entry_ids: Collection[int], redirects: Iterable[tuple[int, int]]) -> PublishPlan:
    """Return the scope of a publish that goes by nothing but the archive as it is."""
    return PublishPlan(
        entry_ids=entry_ids,
        redirects=sorted(redirects),
        volumes=range(1, count_volumes(extent.entries) + 1),
        sitemaps=range(1, sitemap_of(extent.entries) + 1),
        archive_documents=range(1, count_full_documents(extent.events) + 1),
        publications=sorted(extent.publications),
        topics=sorted(extent.topics),
    )


def touched(extent: Extent, before: Extent, changes: AffectedParts) -> PublishPlan:
    """Return the scope of a publish that follows the journal, from an extent `before` to the one that there is.

    A volume that has become the last but one says so, so the volume before each new one is in it; and where the front page
    showed all until now, none stood there yet.
    """
    volumes = {volume_of(number) for number in changes.numbers}
    old, new = count_volumes(before.entries), count_volumes(extent.entries)
    volumes |= {number for number in range(max(old, 1), new + 1) if new > old}
    return PublishPlan(
        entry_ids=changes.entry_ids,
        redirects=(),
        volumes=sorted(number for number in volumes if number <= new),
        sitemaps=sorted({sitemap_of(number) for number in changes.numbers if number > before.entries}),
        archive_documents=range(count_full_documents(before.events) + 1, count_full_documents(extent.events) + 1),
        publications=sorted(changes.publications & extent.publications),
        topics=sorted(changes.topics & extent.topics),
        emptied_publications=sorted(changes.publications - extent.publications),
        emptied_topics=sorted(changes.topics - extent.topics),
    )


def sitemap_of(number: int) -> int:
    """Return the sitemap that names the entry of that number."""
    return (number - 1) // SITEMAP_SIZE + 1


def sitemap_span(number: int) -> tuple[int, int]:
    """Return the numbers of the first and the last entry that a sitemap can name."""
    return (number - 1) * SITEMAP_SIZE + 1, number * SITEMAP_SIZE
