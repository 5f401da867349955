"""Lists of URLs: subscriptions (OPML 2.0), sitemaps and robots.txt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree
from lxml.etree import SubElement

from foreign_eyes.feeds.render.plain_text import as_html

_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed in the subscription list.

    `feed` is the URL of its Atom document, and `page` that of its HTML page.
    """

    title: str
    feed: str
    page: str


def render_opml(
    title: str, feeds: Iterable[Subscription], groups: Sequence[tuple[str, Sequence[Subscription]]]
) -> bytes:
    """Return the subscription list of `feeds`, with `groups` in folders.

    The list has no dates, so that it is reproducible.
    """
    opml = etree.Element("opml", version="2.0")
    SubElement(SubElement(opml, "head"), "title").text = as_html(title)
    body = SubElement(opml, "body")
    for subscription in feeds:
        _outline(body, subscription)
    for name, members in groups:
        if members:
            folder = SubElement(body, "outline", text=as_html(name))
            for subscription in members:
                _outline(folder, subscription)
    return _document(opml)


def render_sitemap(addresses: Iterable[str]) -> bytes:
    """Return a sitemap of pages (sitemaps.org protocol)."""
    return _locations("urlset", "url", addresses)


def render_sitemap_index(addresses: Iterable[str]) -> bytes:
    """Return a sitemap index (sitemaps.org protocol)."""
    return _locations("sitemapindex", "sitemap", addresses)


def render_robots(base_url: str, browse: str | None) -> bytes:
    """Return robots.txt (RFC 9309), which disallows only Datasette.

    Datasette has an endless number of pages. It is not mentioned if its URL is absolute, or above the base URL.
    """
    below = browse is not None and "//" not in browse and not browse.startswith("../")
    disallowed = f" {urlsplit(base_url).path}{browse}" if below else ""
    return f"User-agent: *\nDisallow:{disallowed}\n\nSitemap: {base_url}sitemap.xml\n".encode()


def _outline(parent: etree._Element, subscription: Subscription) -> None:
    attributes = {
        "type": "rss",
        "text": as_html(subscription.title),
        "title": as_html(subscription.title),
        "xmlUrl": subscription.feed,
        "htmlUrl": subscription.page,
    }
    SubElement(parent, "outline", attributes)


def _locations(root: str, each: str, addresses: Iterable[str]) -> bytes:
    document = etree.Element(f"{{{_SITEMAPS}}}{root}", nsmap={None: _SITEMAPS})  # type: ignore[dict-item] # the stubs know no default namespace
    for address in addresses:
        SubElement(SubElement(document, f"{{{_SITEMAPS}}}{each}"), f"{{{_SITEMAPS}}}loc").text = address
    return _document(document)


def _document(root: etree._Element) -> bytes:
    return etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
