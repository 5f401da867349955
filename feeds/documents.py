"""Every document of an edition, by name, with what renders it: read from the archive, composed, rendered, one at a time.

What is linked to stands before what links to it; nothing is read or rendered before its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache, partial
from importlib import resources

from sqlite_utils import Database

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
from foreign_eyes.archive.feed_state.shown_names import renamed_publications
from foreign_eyes.archive.feed_state.topics import topics_of
from foreign_eyes.archive.history import entry_history
from foreign_eyes.feeds.compose.change_items import ComposedChange, compose_change
from foreign_eyes.feeds.compose.collection_pages import (
    CollectionCount,
    Volume,
    compose_chart,
    count_collections,
    count_volumes,
    volume_span,
)
from foreign_eyes.feeds.compose.entry_pages import compose_entry_page
from foreign_eyes.feeds.compose.feed_entries import CollectionKind, FeedEntry, collection, compose_entry, entry_path
from foreign_eyes.feeds.compose.feeds import (
    NEWEST,
    Feed,
    compose_archive_document,
    compose_beginning,
    compose_changes_feed,
    compose_collection_feed,
    compose_column_feed,
)
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.plan import Extent, PublishPlan, sitemap_of, sitemap_span
from foreign_eyes.feeds.render import feed_renderer, html_pages, opml_sitemap
from foreign_eyes.feeds.site_map import ATOM, FEED_FORMATS, FRONT_PAGE, JSON_FEED, FeedFormat, list_pages
from foreign_eyes.feeds.topic_matching import Topics

Render = Callable[[], bytes]
PublishedDocument = tuple[str, Render]

STATIC_FILES = ("style.css", "icon.svg", "icon.png", "favicon.ico", "logo.png")
# the names of the formats in the archive, in the order in which documents are frozen
_FROZEN_FORMATS: Mapping[FrozenFormat, FeedFormat] = {"atom": ATOM, "json": JSON_FEED}


@dataclass(frozen=True, slots=True)
class PublishContext:
    """What all documents are made from: an edition, the archive it is of, what topics mean, and how much there is."""

    db: Database
    source_id: int
    edition: PublicationTarget
    topics: Topics
    extent: Extent


def documents(desk: PublishContext, scope: PublishPlan) -> list[PublishedDocument]:
    """Return the documents of a scope, and those that there is one of."""
    return [
        *((name, partial(_static, name)) for name in STATIC_FILES),
        *((f"{entry_path(entry_id)}index.html", partial(_entry, desk, entry_id)) for entry_id in scope.entry_ids),
        *_redirects(desk, scope),
        *_archive_documents(desk, scope),
        *((html_pages.volume_path(number), partial(_volume, desk, number)) for number in scope.volumes),
        *_collections(desk, "topic", scope.topics),
        *_collections(desk, "publication", scope.publications),
        *_renamed_publications(desk),
        *_changes(desk),
        *_lists(desk, scope),
        *_column(desk),
    ]


def names_of_emptied(scope: PublishPlan) -> list[str]:
    """Return the files of publications and topics of which nothing is left."""
    emptied = [
        *(collection("publication", name) for name in scope.emptied_publications),
        *(collection("topic", name) for name in scope.emptied_topics),
    ]
    return [one.path + file for one in emptied for file in (FRONT_PAGE, *(form.file for form in FEED_FORMATS))]


def freeze_documents(desk: PublishContext) -> None:
    """Freeze every archive document that is full and was not frozen yet for this base URL."""
    first = last_frozen(desk.db, desk.source_id, desk.edition.base_url) + 1
    for number in range(first, count_full_documents(desk.extent.events) + 1):
        _beginning(desk)
        for kind in _FROZEN_FORMATS:
            _archived(desk, number, kind)


def _compose_all(desk: PublishContext, entries: list[CurrentEntry]) -> list[FeedEntry]:
    topics = topics_of(desk.db, [entry.entry_id for entry in entries])
    return [compose_entry(desk.edition, entry, topics.get(entry.entry_id, ())) for entry in entries]


def _static(name: str) -> bytes:
    return (resources.files("foreign_eyes.feeds") / "static" / name).read_bytes()


def _entry(desk: PublishContext, entry_id: int) -> bytes:
    (entry,) = _compose_all(desk, entries_by_id(desk.db, [entry_id]))
    page = compose_entry_page(desk.edition, entry, entry_history(desk.db, entry_id))
    return html_pages.entry_page(desk.edition, page)


def _redirects(desk: PublishContext, scope: PublishPlan) -> Iterator[PublishedDocument]:
    for entry_id, survivor in scope.redirects:
        page = partial(html_pages.redirect_page, desk.edition, entry_path(survivor), html_pages.MERGED)
        yield f"{entry_path(entry_id)}index.html", page


def _archive_documents(desk: PublishContext, scope: PublishPlan) -> Iterator[PublishedDocument]:
    for number in scope.archive_documents:
        if number == 1 and (path := ATOM.archive_path(0)) is not None:
            yield path, partial(_beginning, desk)
        for kind, feed_format in _FROZEN_FORMATS.items():
            if (path := feed_format.archive_path(number)) is not None:
                yield path, partial(_archived, desk, number, kind)


def _archived(desk: PublishContext, number: int, kind: FrozenFormat) -> bytes:
    """Return an archive document as it was frozen, and freeze it where it was not."""

    def render() -> bytes:
        logged = logged_entries(desk.db, desk.source_id, number)
        note_frozen(desk.db, desk.source_id, logged)
        feed = compose_archive_document(desk.edition, number, logged)
        return feed_renderer(_FROZEN_FORMATS[kind])(feed)

    return _frozen(desk, number, kind, render)


def _beginning(desk: PublishContext) -> bytes:
    """Return archive document 0, likewise."""
    return _frozen(desk, 0, "atom", lambda: feed_renderer(ATOM)(compose_beginning(desk.edition, _since(desk))))


def _frozen(desk: PublishContext, number: int, kind: FrozenFormat, render: Render) -> bytes:
    content = find_frozen(desk.db, desk.source_id, desk.edition.base_url, number, kind)
    if content is None:
        content = render()
        freeze(desk.db, desk.source_id, desk.edition.base_url, number, kind, content)
    return content


def _since(desk: PublishContext) -> datetime:
    """Return the date of the oldest entry."""
    (oldest,) = entries_by_number(desk.db, desk.source_id, 1, 1)
    return oldest.feed_date


def _volume(desk: PublishContext, number: int) -> bytes:
    first, last = volume_span(number, desk.extent.entries)
    entries = _compose_all(desk, entries_by_number(desk.db, desk.source_id, first, last))
    volumes = count_volumes(desk.extent.entries)
    return html_pages.volume_page(desk.edition, Volume(number, first, last, tuple(entries)), volumes)


def _collections(desk: PublishContext, kind: CollectionKind, names: Iterable[str]) -> Iterator[PublishedDocument]:
    read = entries_of_publication if kind == "publication" else entries_of_topic
    counts = cache(lambda: read_counters(desk.db, desk.source_id, kind))

    # the documents of one publication follow each other: what they share is composed once
    @lru_cache(maxsize=1)
    def entries(name: str) -> list[FeedEntry]:
        return _compose_all(desk, read(desk.db, desk.source_id, name, NEWEST))

    @lru_cache(maxsize=1)
    def feed(name: str) -> Feed:
        return compose_collection_feed(desk.edition, collection(kind, name), entries(name))

    def page(name: str) -> bytes:
        return html_pages.collection_page(
            desk.edition, CollectionCount(collection(kind, name), counts()[name]), entries(name)
        )

    for name in names:
        path = collection(kind, name).path
        yield path + FRONT_PAGE, partial(page, name)
        yield from _feeds(((path + one.file, one) for one in FEED_FORMATS), partial(feed, name))


def _renamed_publications(desk: PublishContext) -> Iterator[PublishedDocument]:
    """Yield a redirect page and the feeds for each former name of a publication: subscribers keep their address."""
    for former, name in renamed_publications(desk.db, desk.source_id).items():
        old_path, new_path = collection("publication", former).path, collection("publication", name).path
        if old_path != new_path:
            yield old_path + FRONT_PAGE, partial(html_pages.redirect_page, desk.edition, new_path, html_pages.RENAMED)
            for file, render in _collections(desk, "publication", [name]):
                if file != new_path + FRONT_PAGE:
                    yield old_path + file.removeprefix(new_path), render


def _changes(desk: PublishContext) -> Iterator[PublishedDocument]:
    changes = cache(lambda: _newest_changes(desk))
    feed = cache(lambda: compose_changes_feed(desk.edition, changes(), _since(desk)))
    yield "changes/index.html", lambda: html_pages.changes_page(desk.edition, changes())
    yield from _feeds(((one.changes_file, one) for one in FEED_FORMATS), feed)


def _newest_changes(desk: PublishContext) -> list[ComposedChange]:
    return [compose_change(desk.edition, change) for change in newest_changes(desk.db, desk.source_id, NEWEST)]


def _lists(desk: PublishContext, scope: PublishPlan) -> Iterator[PublishedDocument]:
    edition = desk.edition
    publications = cache(partial(_counted, desk, "publication"))
    topics = cache(partial(_counted, desk, "topic"))
    yield "topics/index.html", lambda: html_pages.collections_page(edition, "topic", topics())
    yield "publications/index.html", lambda: html_pages.collections_page(edition, "publication", publications())
    for number in scope.sitemaps:
        yield f"sitemaps/{number}.xml", partial(_sitemap, desk, number)
    yield "sitemaps/lists.xml", lambda: opml_sitemap.render_sitemap(_list_addresses(edition, topics(), publications()))
    yield "sitemap.xml", partial(_sitemap_index, desk)
    yield "robots.txt", partial(opml_sitemap.render_robots, edition.base_url, edition.browse)
    yield "404.html", partial(html_pages.missing_page, edition)
    yield "subscriptions.opml", lambda: _opml(edition, topics(), publications())


def _counted(desk: PublishContext, kind: CollectionKind) -> tuple[CollectionCount, ...]:
    return count_collections(kind, read_counters(desk.db, desk.source_id, kind))


def _sitemap(desk: PublishContext, number: int) -> bytes:
    entries = entries_by_number(desk.db, desk.source_id, *sitemap_span(number))
    return opml_sitemap.render_sitemap(desk.edition.base_url + entry_path(one.entry_id) for one in reversed(entries))


def _sitemap_index(desk: PublishContext) -> bytes:
    names = ["lists", *map(str, range(1, sitemap_of(desk.extent.entries) + 1))]
    return opml_sitemap.render_sitemap_index(f"{desk.edition.base_url}sitemaps/{name}.xml" for name in names)


def _list_addresses(edition: PublicationTarget, *counted: tuple[CollectionCount, ...]) -> list[str]:
    members = sorted(one.of.path for each in counted for one in each)
    return [edition.base_url + path for path in (*list_pages(), *members)]


def _opml(
    edition: PublicationTarget, topics: tuple[CollectionCount, ...], publications: tuple[CollectionCount, ...]
) -> bytes:
    def subscription(one: CollectionCount) -> opml_sitemap.Subscription:
        home = edition.base_url + one.of.path
        return opml_sitemap.Subscription(f"{one.of.name} – {edition.title}", home + ATOM.file, home)

    groups = [
        (name, [subscription(one) for one in sorted(counted, key=lambda one: one.of.path)])
        for name, counted in (("Publications", publications), ("Topics", topics))
    ]
    column = opml_sitemap.Subscription(edition.title, edition.base_url + ATOM.file, edition.base_url)
    changes = opml_sitemap.Subscription(
        f"Changes – {edition.title}", edition.base_url + ATOM.changes_file, f"{edition.base_url}changes/"
    )
    return opml_sitemap.render_opml(edition.title, [column, changes], groups)


def _column(desk: PublishContext) -> Iterator[PublishedDocument]:
    """The feeds themselves and the front page, which everybody starts from, come last."""
    newest = cache(lambda: newest_of_log(desk.db, desk.source_id, desk.extent.events, NEWEST))
    entries = cache(lambda: _compose_all(desk, entries_by_id(desk.db, newest())))
    feed = cache(lambda: compose_column_feed(desk.edition, entries(), count_full_documents(desk.extent.events)))
    yield from _feeds(((one.file, one) for one in FEED_FORMATS), feed)
    yield FRONT_PAGE, partial(_front, desk)


def _front(desk: PublishContext) -> bytes:
    total = desk.extent.entries
    entries = _compose_all(desk, entries_by_number(desk.db, desk.source_id, total - NEWEST + 1, total))
    chart = compose_chart(read_counters(desk.db, desk.source_id, "month"))
    counted = _counted(desk, "publication"), _counted(desk, "topic")
    return html_pages.front_page(desk.edition, entries, total, *counted, chart)


def _feeds(files: Iterable[tuple[str, FeedFormat]], feed: Callable[[], Feed]) -> Iterator[PublishedDocument]:
    """Yield a feed in each format, the first one of the site map last: an error before it leaves it unchanged."""
    for path, feed_format in reversed(list(files)):
        yield path, partial(_rendered, feed_format, feed)


def _rendered(feed_format: FeedFormat, feed: Callable[[], Feed]) -> bytes:
    return feed_renderer(feed_format)(feed())
