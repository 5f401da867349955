"""Rendering a composed feed as Atom and as RSS: the only module, but for its extensions, that knows feedgen.

feedgen 1.0 loses the attributes of an entry's links, dates with "now" what is not dated, takes the RSS channel's link from
the last one given, and prepends entries: all of that is met here. It writes RSS dates by changing the locale of the whole
process for a moment, so rendering RSS is not for two threads at once.
"""

from __future__ import annotations

from html import escape

from feedgen.entry import FeedEntry  # type: ignore[import-untyped]
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]

from foreign_eyes.feeds.compose.feed_items import Item
from foreign_eyes.feeds.compose.feeds import Feed
from foreign_eyes.feeds.render.feedgen_extensions import AtomEntry, AtomFeed, DublinCore, DublinCoreCreator
from foreign_eyes.feeds.render.plain_text import unmistakable, with_marked_ampersands
from foreign_eyes.feeds.site_map import ATOM, RSS

# Without a version: else an upgrade alone would change every feed
GENERATOR = "Foreign Eyes"


def render_atom(feed: Feed) -> bytes:
    """Return `feed` as an Atom document (RFC 4287), with the links of RFC 5005 and WebSub where it has them."""
    generator = _generator(feed)
    generator.link(href=feed.urls[ATOM], rel="self", type=ATOM.media_type)
    for relation, place in (
        ("current", feed.current),
        ("prev-archive", feed.previous),
        ("next-archive", feed.following),
    ):
        if place:
            generator.link(href=place[ATOM], rel=relation, type=ATOM.media_type)
    if feed.hub:
        generator.link(href=feed.hub, rel="hub")
    if feed.source_url:
        generator.link(href=feed.source_url, rel="via", type="text/html")
    generator.link(href=feed.home, rel="alternate", type="text/html")
    generator.icon(feed.icon)
    generator.logo(feed.logo)
    generator.author(name=GENERATOR)
    generator.register_extension("beyond", AtomFeed, AtomEntry, rss=False)
    generator.beyond.feed = feed
    for one in feed.items:
        element = _add(generator, feed, one)
        element.author(name=one.author)
        element.summary(unmistakable(one.summary), type="text")
        element.content(one.html, type="html")
        element.updated(one.updated)
        element.rights(feed.rights)
        element.beyond.item, element.beyond.column = one, feed.column
    return with_marked_ampersands(generator.atom_str(pretty=True))


def render_rss(feed: Feed) -> bytes:
    """Return `feed` as an RSS 2.0 document, with the full text in `content:encoded`.

    A title is plain text, as the RSS Best Practices Profile has it; a description is HTML, so the summary is escaped. Of
    `atom:link` it has `self` alone: the other relations are for HTTP's `Link` header fields.

    Raises:
        ValueError: the feed is not to be had as RSS.
    """
    if RSS not in feed.urls:
        raise ValueError(f"{feed.urls[ATOM]}: this feed is not published as RSS")
    generator = _generator(feed)
    generator.link(href=feed.urls[RSS], rel="self", type=RSS.media_type)
    generator.link(href=feed.home, rel="alternate", type="text/html")
    generator.image(url=feed.icon, title=unmistakable(feed.title), link=feed.home)
    generator.register_extension("beyond", DublinCore, DublinCoreCreator, atom=False)
    source_url = feed.column.urls[RSS]
    for one in feed.items:
        element = _add(generator, feed, one)
        element.link(href=one.alternate, rel="alternate")
        element.description(escape(one.summary, quote=False), isSummary=True)
        element.content(one.html)
        element.source(url=source_url, title=unmistakable(feed.column.title))
        element.beyond.item = one
    return with_marked_ampersands(generator.rss_str(pretty=True))


def _generator(feed: Feed) -> FeedGenerator:
    generator = FeedGenerator()
    generator.id(feed.feed_id)
    generator.title(unmistakable(feed.title))
    generator.subtitle(unmistakable(feed.subtitle))
    generator.rights(feed.rights)
    generator.language(feed.language)
    generator.generator(GENERATOR)
    generator.updated(feed.updated)
    return generator


def _add(generator: FeedGenerator, feed: Feed, one: Item) -> FeedEntry:
    """Add what both formats say of an item, in the order of the feed."""
    element = generator.add_entry(order="append")
    element.id(one.tag_uri)
    element.title(unmistakable(one.title))
    element.published(one.published)
    # the folder of all publications, or topics, tells what kind of category it is
    schemes = {"publication": f"{feed.column.home}publications/", "topic": f"{feed.column.home}topics/"}
    element.category([{"term": unmistakable(of.name), "scheme": schemes[of.kind]} for of in one.collections])
    return element
