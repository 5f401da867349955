"""The documents that list others, and robots.txt and 404.html.

The lists are the pages of publications and topics, the sitemaps and the subscriptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from foreign_eyes.archive.feed_state.counters import read_counters
from foreign_eyes.archive.feed_state.current_entries import entries_by_number
from foreign_eyes.feeds.compose.collection_pages import CollectionCount, count_collections
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import Collection, CollectionKind, entry_path
from foreign_eyes.feeds.plan import PublishPlan, sitemap_of, sitemap_span
from foreign_eyes.feeds.publish_context import PublishContext, PublishedDocument
from foreign_eyes.feeds.render import html_pages, opml_sitemap
from foreign_eyes.feeds.site_map import ATOM, list_pages


def list_documents(context: PublishContext, plan: PublishPlan) -> Iterator[PublishedDocument]:
    """Yield the lists, the sitemaps, robots.txt, 404.html and subscriptions.opml."""
    target = context.target
    publications = cache(partial(read_counts, context, "publication"))
    topics = cache(partial(read_counts, context, "topic"))
    yield "topics/index.html", lambda: html_pages.collections_page(target, "topic", topics())
    yield "publications/index.html", lambda: html_pages.collections_page(target, "publication", publications())
    for number in plan.sitemaps:
        yield f"sitemaps/{number}.xml", partial(_sitemap, context, number)
    yield "sitemaps/lists.xml", lambda: opml_sitemap.render_sitemap(_list_urls(target, topics(), publications()))
    yield "sitemap.xml", partial(_sitemap_index, context)
    yield "robots.txt", partial(opml_sitemap.render_robots, target.base_url, target.browse)
    yield "404.html", partial(html_pages.missing_page, target)
    yield "subscriptions.opml", lambda: _opml(target, topics(), publications())


def read_counts(context: PublishContext, kind: CollectionKind) -> tuple[CollectionCount, ...]:
    """Return the publications or topics of the source with the numbers of their entries."""
    return count_collections(kind, read_counters(context.db, context.source_id, kind))


def _sitemap(context: PublishContext, number: int) -> bytes:
    entries = entries_by_number(context.db, context.source_id, *sitemap_span(number))
    return opml_sitemap.render_sitemap(
        context.target.base_url + entry_path(entry.entry_id) for entry in reversed(entries)
    )


def _sitemap_index(context: PublishContext) -> bytes:
    names = ["lists", *map(str, range(1, sitemap_of(context.extent.entries) + 1))]
    return opml_sitemap.render_sitemap_index(f"{context.target.base_url}sitemaps/{name}.xml" for name in names)


def _list_urls(target: PublicationTarget, *collections: tuple[CollectionCount, ...]) -> list[str]:
    members = sorted(count.of.path for counts in collections for count in counts)
    return [target.base_url + path for path in (*list_pages(), *members)]


def _opml(
    target: PublicationTarget, topics: tuple[CollectionCount, ...], publications: tuple[CollectionCount, ...]
) -> bytes:
    def subscription(of: Collection) -> opml_sitemap.Subscription:
        home = target.base_url + of.path
        return opml_sitemap.Subscription(f"{of.name} – {target.title}", home + ATOM.file, home)

    groups = [
        (name, [subscription(of) for of in sorted((count.of for count in counts), key=lambda of: of.path)])
        for name, counts in (("Publications", publications), ("Topics", topics))
    ]
    column = opml_sitemap.Subscription(target.title, target.base_url + ATOM.file, target.base_url)
    changes = opml_sitemap.Subscription(
        f"Changes – {target.title}", target.base_url + ATOM.changes_file, f"{target.base_url}changes/"
    )
    return opml_sitemap.render_opml(target.title, [column, changes], groups)
