"""The values that every published document is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.counters import read_counters
from foreign_eyes.archive.feed_state.current_entries import all_entry_ids
from foreign_eyes.archive.feed_state.entry_numbers import count_numbered
from foreign_eyes.archive.feed_state.journal_cursor import find_source_id, update_feed_state
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.errors import NothingToPublish
from foreign_eyes.feeds.plan import Extent, PublishPlan, full_plan
from foreign_eyes.feeds.topic_matching import Topics

Render = Callable[[], bytes]
# a name below the output folder, and the function that makes the bytes
PublishedDocument = tuple[str, Render]


@dataclass(frozen=True, slots=True)
class PublishContext:
    """The values that every document needs."""

    db: Database
    source_id: int
    target: PublicationTarget
    topics: Topics
    extent: Extent


def up_to_date_context(
    db: Database, published: PublicationTarget, topics: Topics, publications: Mapping[str, Sequence[str]]
) -> PublishContext:
    """Update the feed state of a source, and return the context of its documents.

    Raises:
        NothingToPublish: the archive has no entries of the source.
    """
    source_id = find_source_id(db, published.source.name)
    if source_id is None:
        raise NothingToPublish(published.source.name)
    events = update_feed_state(db, source_id, topics.patterns, topics.classify, publications)
    extent = Extent(
        count_numbered(db, source_id),
        events,
        frozenset(read_counters(db, source_id, "publication")),
        frozenset(read_counters(db, source_id, "topic")),
    )
    if not extent.entries:
        raise NothingToPublish(published.source.name)
    return PublishContext(db, source_id, published, topics, extent)


def plan_all(context: PublishContext) -> PublishPlan:
    """Return the plan of all documents."""
    entry_ids = all_entry_ids(context.db, context.source_id)
    published = set(entry_ids)
    redirects = [(merged, into) for merged, into in merged_ids(context.db).items() if into in published]
    return full_plan(context.extent, entry_ids, redirects)
