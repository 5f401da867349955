"""Rendering: the bytes of each format, from composed values.

Each module writes one kind of file and takes no decisions.

atom_rss             Atom and RSS, by feedgen; feedgen_extensions holds the elements that feedgen lacks
json_feed            JSON Feed
html_pages           the HTML pages, by the Jinja templates in feeds/templates/
opml_sitemap         subscriptions.opml, sitemaps and robots.txt
plain_text           titles and names for formats whose readers may take text for HTML
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from foreign_eyes.feeds.compose.feeds import Feed
    from foreign_eyes.feeds.site_map import FeedFormat


def feed_renderer(feed_format: FeedFormat) -> Callable[[Feed], bytes]:
    """Return the function that renders a feed in this format."""
    module, _, function = feed_format.renderer.partition(":")
    return cast("Callable[[Feed], bytes]", getattr(import_module(f"{__name__}.{module}"), function))
