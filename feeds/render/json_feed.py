"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from typing import Any

from foreign_eyes.feeds.compose.feed_items import Column, Item
from foreign_eyes.feeds.compose.feeds import Feed
from foreign_eyes.feeds.site_map import JSON_FEED

JSON_FEED_VERSION = "https://jsonfeed.org/version/1.1"


def render_json(feed: Feed) -> bytes:
    """Return `feed` as a JSON Feed.

    `next_url` links to the history, as `prev-archive` does in Atom. Values for which the format has no member are in
    `_foreign_eyes` (section "Extensions").
    """
    document: dict[str, Any] = {
        "version": JSON_FEED_VERSION,
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.urls[JSON_FEED],
        "description": feed.subtitle,
        **({"next_url": feed.previous[JSON_FEED]} if feed.previous and JSON_FEED in feed.previous else {}),
        "icon": feed.logo,
        "favicon": feed.icon,
        "language": feed.language,
        **({"hubs": [{"type": "WebSub", "url": feed.hub}]} if feed.hub else {}),
        "_foreign_eyes": {
            "about": feed.column.home,
            "id": feed.feed_id,
            "updated": feed.updated.isoformat(),
            "rights": feed.rights,
            **({"source": feed.source_url} if feed.source_url else {}),
        },
        "items": [_item(feed, item) for item in feed.items],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _item(feed: Feed, item: Item) -> dict[str, Any]:
    tags = [of.name for of in item.collections]
    return {
        "id": item.tag_uri,
        "url": item.alternate,
        **({"external_url": item.via} if item.via else {}),
        "title": item.title,
        "content_html": item.html,
        "summary": item.summary,
        "date_published": item.published.isoformat(),
        "date_modified": item.updated.isoformat(),
        "authors": [{"name": item.author}],
        **({"tags": tags} if tags else {}),
        "language": item.language or feed.language,
        **({"_foreign_eyes": _source(item.column)} if item.column else {}),
    }


def _source(column: Column) -> dict[str, Any]:
    """Return the original feed of an item, as `source` in Atom."""
    feed = {
        "id": column.feed_id,
        "title": column.title,
        "home_page_url": column.home,
        "feed_url": column.urls[JSON_FEED],
    }
    return {"about": column.home, "source": feed}
