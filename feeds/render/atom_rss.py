"""Atom and RSS by feedgen.

Only this module and `feedgen_extensions` import feedgen. This module works around feedgen 1.0, which
loses the attributes of an entry's links, gives undated elements the current time, takes the RSS channel's link from the
last link, and prepends entries. To write RSS dates, feedgen changes the locale of the whole process for a moment, so
only one thread at a time may render RSS.
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

# without a version, because an upgrade would change every feed
GENERATOR = "Foreign Eyes"


def render_atom(feed: Feed) -> bytes:
    """Return `feed` as an Atom document (RFC 4287).

    The links of RFC 5005 and WebSub are included if the feed has them.
    """
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
    for item in feed.items:
        element = _add(generator, feed, item)
        element.author(name=item.author)
        element.summary(unmistakable(item.summary), type="text")
        element.content(item.html, type="html")
        element.updated(item.updated)
        element.rights(feed.rights)
        element.beyond.item, element.beyond.column = item, item.column or feed.column
    return with_marked_ampersands(generator.atom_str(pretty=True))


def render_rss(feed: Feed) -> bytes:
    """Return `feed` as an RSS 2.0 document, with the full text in `content:encoded`.

    Titles are plain text (RSS Best Practices Profile); a description is HTML, so the summary is escaped. The only
    `atom:link` is `self`; the server sends the other relations in the `Link` header field.

    Raises:
        ValueError: the feed is not published as RSS.
    """
    if RSS not in feed.urls:
        raise ValueError(f"{feed.urls[ATOM]}: this feed is not published as RSS")
    generator = _generator(feed)
    generator.link(href=feed.urls[RSS], rel="self", type=RSS.media_type)
    generator.link(href=feed.home, rel="alternate", type="text/html")
    generator.image(url=feed.icon, title=unmistakable(feed.title), link=feed.home)
    generator.register_extension("beyond", DublinCore, DublinCoreCreator, atom=False)
    for item in feed.items:
        element = _add(generator, feed, item)
        element.link(href=item.alternate, rel="alternate")
        element.description(escape(item.summary, quote=False), isSummary=True)
        element.content(item.html)
        column = item.column or feed.column
        element.source(url=column.urls[RSS], title=unmistakable(column.title))
        element.beyond.item = item
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


def _add(generator: FeedGenerator, feed: Feed, item: Item) -> FeedEntry:
    """Append an item with the elements that both formats have."""
    element = generator.add_entry(order="append")
    element.id(item.tag_uri)
    element.title(unmistakable(item.title))
    element.published(item.published)
    # the scheme tells publications from topics
    home = (item.column or feed.column).home
    schemes = {"publication": f"{home}publications/", "topic": f"{home}topics/"}
    element.category([{"term": unmistakable(of.name), "scheme": schemes[of.kind]} for of in item.collections])
    return element
