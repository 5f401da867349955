"""The published documents by name, each with the function that makes its bytes.

A document comes before the documents that link to it. The publisher calls the functions one at a time, when it writes
the file, so only one document is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from importlib import resources

from foreign_eyes.archive.feed_state.changes import newest_changes
from foreign_eyes.archive.feed_state.counters import read_counters
from foreign_eyes.archive.feed_state.current_entries import (
    CurrentEntry,
    entries_by_id,
    entries_by_number,
    entries_of_publication,
    entries_of_topic,
)
from foreign_eyes.archive.feed_state.feed_log import (
    FrozenFormat,
    count_full_documents,
    find_frozen,
    freeze,
    last_frozen,
    logged_entries,
    newest_of_log,
    note_frozen,
)
from foreign_eyes.archive.feed_state.shown_names import former_names, renamed_publications
from foreign_eyes.archive.feed_state.topics import topics_of
from foreign_eyes.archive.history import entry_history
from foreign_eyes.feeds.compose.change_items import ComposedChange, compose_change
from foreign_eyes.feeds.compose.collection_pages import (
    CollectionCount,
    Volume,
    compose_chart,
    count_volumes,
    volume_span,
)
from foreign_eyes.feeds.compose.entry_pages import compose_entry_page
from foreign_eyes.feeds.compose.feeds import (
    NEWEST,
    Feed,
    compose_archive_document,
    compose_beginning,
    compose_changes_feed,
    compose_collection_feed,
    compose_column_feed,
)
from foreign_eyes.feeds.compose.shown_entries import CollectionKind, FeedEntry, collection, compose_entry, entry_path
from foreign_eyes.feeds.index_documents import list_documents, read_counts
from foreign_eyes.feeds.plan import PublishPlan
from foreign_eyes.feeds.publish_context import PublishContext, PublishedDocument, Render
from foreign_eyes.feeds.render import feed_renderer, html_pages
from foreign_eyes.feeds.site_map import ATOM, FEED_FORMATS, FRONT_PAGE, JSON_FEED, FeedFormat

STATIC_FILES = ("style.css", "icon.svg", "icon.png", "favicon.ico", "logo.png")
# the names of the formats in the archive, in the order in which documents are frozen
_FROZEN_FORMATS: Mapping[FrozenFormat, FeedFormat] = {"atom": ATOM, "json": JSON_FEED}


def documents(context: PublishContext, plan: PublishPlan) -> list[PublishedDocument]:
    """Return the documents in `plan`, plus the singletons (front page, feeds, lists, sitemap)."""
    return [
        *((name, partial(_static, name)) for name in STATIC_FILES),
        *((f"{entry_path(entry_id)}index.html", partial(_entry, context, entry_id)) for entry_id in plan.entry_ids),
        *_redirects(context, plan),
        *_archive_documents(context, plan),
        *((html_pages.volume_path(number), partial(_volume, context, number)) for number in plan.volumes),
        *_collections(context, "topic", plan.topics),
        *_collections(context, "publication", plan.publications),
        *_renamed_publications(context),
        *_changes(context),
        *list_documents(context, plan),
        *_column(context),
    ]


def names_of_emptied(context: PublishContext, plan: PublishPlan) -> list[str]:
    """Return the files of publications and topics that have no entries any more, and of their former names."""
    former = former_names(context.db, context.source_id, plan.emptied_publications)
    emptied = [
        *(collection("publication", name) for name in (*plan.emptied_publications, *former)),
        *(collection("topic", name) for name in plan.emptied_topics),
    ]
    files = (FRONT_PAGE, *(feed_format.file for feed_format in FEED_FORMATS))
    return [folder.path + file for folder in emptied for file in files]


def freeze_documents(context: PublishContext) -> None:
    """Store every archive document that is full and not yet frozen for this base URL."""
    first = last_frozen(context.db, context.source_id, context.target.base_url) + 1
    for number in range(first, count_full_documents(context.extent.events) + 1):
        _beginning(context)
        for kind in _FROZEN_FORMATS:
            _archived(context, number, kind)


def _compose_all(context: PublishContext, entries: list[CurrentEntry]) -> list[FeedEntry]:
    topics = topics_of(context.db, [entry.entry_id for entry in entries])
    return [compose_entry(context.target, entry, topics.get(entry.entry_id, ())) for entry in entries]


def _static(name: str) -> bytes:
    return (resources.files("foreign_eyes.feeds") / "static" / name).read_bytes()


def _entry(context: PublishContext, entry_id: int) -> bytes:
    (entry,) = _compose_all(context, entries_by_id(context.db, [entry_id]))
    page = compose_entry_page(context.target, entry, entry_history(context.db, entry_id))
    return html_pages.entry_page(context.target, page)


def _redirects(context: PublishContext, plan: PublishPlan) -> Iterator[PublishedDocument]:
    for entry_id, survivor in plan.redirects:
        page = partial(html_pages.redirect_page, context.target, entry_path(survivor), html_pages.MERGED)
        yield f"{entry_path(entry_id)}index.html", page


def _archive_documents(context: PublishContext, plan: PublishPlan) -> Iterator[PublishedDocument]:
    for number in plan.archive_documents:
        if number == 1 and (path := ATOM.archive_path(0)) is not None:
            yield path, partial(_beginning, context)
        for kind, feed_format in _FROZEN_FORMATS.items():
            if (path := feed_format.archive_path(number)) is not None:
                yield path, partial(_archived, context, number, kind)


def _archived(context: PublishContext, number: int, kind: FrozenFormat) -> bytes:
    """Return the frozen bytes of an archive document; render and freeze it first if needed."""

    def render() -> bytes:
        logged = logged_entries(context.db, context.source_id, number)
        note_frozen(context.db, context.source_id, logged)
        feed = compose_archive_document(context.target, number, logged)
        return feed_renderer(_FROZEN_FORMATS[kind])(feed)

    return _frozen(context, number, kind, render)


def _beginning(context: PublishContext) -> bytes:
    """Return the frozen bytes of archive document 0; render and freeze it first if needed."""
    return _frozen(
        context, 0, "atom", lambda: feed_renderer(ATOM)(compose_beginning(context.target, _oldest_date(context)))
    )


def _frozen(context: PublishContext, number: int, kind: FrozenFormat, render: Render) -> bytes:
    content = find_frozen(context.db, context.source_id, context.target.base_url, number, kind)
    if content is None:
        content = render()
        freeze(context.db, context.source_id, context.target.base_url, number, kind, content)
    return content


def _oldest_date(context: PublishContext) -> datetime:
    """Return the feed date of the oldest entry."""
    (oldest,) = entries_by_number(context.db, context.source_id, 1, 1)
    return oldest.feed_date


def _volume(context: PublishContext, number: int) -> bytes:
    first, last = volume_span(number, context.extent.entries)
    entries = _compose_all(context, entries_by_number(context.db, context.source_id, first, last))
    volumes = count_volumes(context.extent.entries)
    return html_pages.volume_page(context.target, Volume(number, first, last, tuple(entries)), volumes)


def _collections(context: PublishContext, kind: CollectionKind, names: Iterable[str]) -> Iterator[PublishedDocument]:
    read = entries_of_publication if kind == "publication" else entries_of_topic
    counts = cache(lambda: read_counters(context.db, context.source_id, kind))

    # the documents of one publication follow each other, so a cache of one is enough to compose the entries once
    @lru_cache(maxsize=1)
    def entries(name: str) -> list[FeedEntry]:
        return _compose_all(context, read(context.db, context.source_id, name, NEWEST))

    @lru_cache(maxsize=1)
    def feed(name: str) -> Feed:
        return compose_collection_feed(context.target, collection(kind, name), entries(name))

    def page(name: str) -> bytes:
        return html_pages.collection_page(
            context.target, CollectionCount(collection(kind, name), counts()[name]), entries(name)
        )

    for name in names:
        path = collection(kind, name).path
        yield path + FRONT_PAGE, partial(page, name)
        yield from _feeds([(path + form.file, form) for form in FEED_FORMATS], partial(feed, name))


def _renamed_publications(context: PublishContext) -> Iterator[PublishedDocument]:
    """Yield a redirect page and the feeds for each former name of a publication.

    The feeds keep their old URLs, so subscribers do not lose them.
    """
    # names that differ only in letter case or white space have one folder
    taken = {collection("publication", name).path for name in context.extent.publications}
    for former, name in renamed_publications(context.db, context.source_id).items():
        old_path, new_path = collection("publication", former).path, collection("publication", name).path
        if old_path not in taken:
            taken.add(old_path)
            yield old_path + FRONT_PAGE, partial(html_pages.redirect_page, context.target, new_path, html_pages.RENAMED)
            for file, render in _collections(context, "publication", [name]):
                if file != new_path + FRONT_PAGE:
                    yield old_path + file.removeprefix(new_path), render


def _changes(context: PublishContext) -> Iterator[PublishedDocument]:
    changes = cache(lambda: _newest_changes(context))
    feed = cache(lambda: compose_changes_feed(context.target, changes(), _oldest_date(context)))
    yield "changes/index.html", lambda: html_pages.changes_page(context.target, changes())
    yield from _feeds([(form.changes_file, form) for form in FEED_FORMATS], feed)


def _newest_changes(context: PublishContext) -> list[ComposedChange]:
    return [compose_change(context.target, change) for change in newest_changes(context.db, context.source_id, NEWEST)]


def _column(context: PublishContext) -> Iterator[PublishedDocument]:
    """Yield the column's feeds and the front page.

    They come last because they link to all other documents.
    """
    newest = cache(lambda: newest_of_log(context.db, context.source_id, context.extent.events, NEWEST))
    entries = cache(lambda: _compose_all(context, entries_by_id(context.db, newest())))
    feed = cache(lambda: compose_column_feed(context.target, entries(), count_full_documents(context.extent.events)))
    yield from _feeds([(form.file, form) for form in FEED_FORMATS], feed)
    yield FRONT_PAGE, partial(_front, context)


def _front(context: PublishContext) -> bytes:
    total = context.extent.entries
    entries = _compose_all(context, entries_by_number(context.db, context.source_id, total - NEWEST + 1, total))
    chart = compose_chart(read_counters(context.db, context.source_id, "month"))
    publications, topics = read_counts(context, "publication"), read_counts(context, "topic")
    return html_pages.front_page(context.target, entries, total, publications, topics, chart)


def _feeds(files: Sequence[tuple[str, FeedFormat]], feed: Callable[[], Feed]) -> Iterator[PublishedDocument]:
    """Yield a feed in each format, Atom last.

    Most readers follow the Atom feed and its archive documents.
    """
    for path, feed_format in reversed(files):
        yield path, partial(_rendered, feed_format, feed)


def _rendered(feed_format: FeedFormat, feed: Callable[[], Feed]) -> bytes:
    return feed_renderer(feed_format)(feed())
