"""Redaction of frozen documents: replace the texts of redacted entries with the notice.

A document keeps its URL, links and dates, and the ids and order of its items; only the texts of redacted items change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from html import escape, unescape
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.feed_log import FrozenFormat
from foreign_eyes.archive.feed_state.frozen_redactions import (
    DocumentKey,
    RedactedTag,
    forget_tallies,
    frozen_content,
    frozen_with,
    keep_item,
    redacted_tags,
    replace_frozen,
    take_kept_items,
)
from foreign_eyes.archive.redaction.notice import notice_of, title_of
from foreign_eyes.feeds import html_text
from foreign_eyes.feeds.compose.shown_entries import REDACTED
from foreign_eyes.listing.values import ListedEntry

_FRAGMENT = "#:~:text="
_TAG = re.compile(r"<[^>]*>")
_PARAGRAPH = re.compile(r'<p dir="auto">.*?</p>', re.DOTALL)


def renew_documents(db: Database) -> int:
    """Apply all redactions to frozen documents, inside the caller's transaction.

    Return the number of changed documents. Redacted entries get the notice; entries whose redaction was undone get
    their texts back. A second call changes nothing.
    """
    changed = set()
    for tag_uri, key, item in take_kept_items(db):
        content = frozen_content(db, key)
        if content is not None:
            replace_frozen(db, key, replace_item(key.format, content, tag_uri, partial(_stored_item, item)))
            changed.add(key)
    for redacted in redacted_tags(db):
        for key, content in frozen_with(db, redacted.source_id, redacted.tag_uri):
            after = replace_item(key.format, content, redacted.tag_uri, partial(_hide, db, redacted, key))
            if after != content:
                replace_frozen(db, key, after)
                changed.add(key)
    forget_tallies(db)
    return len(changed)


def _stored_item(item: str, _: str) -> str:
    return item


def _hide(db: Database, redacted: RedactedTag, key: DocumentKey, item: str) -> str:
    """Return an item with the notice in place of its texts, and store the item for an undo."""
    if not redacted.covers(words_of_item(key.format, item)):
        return item
    cut = redacted_item(key.format, item, redacted.tag_uri, redacted.reason)
    if cut != item:
        keep_item(db, redacted, key, item)
    return cut


def replace_item(kind: FrozenFormat, content: bytes, tag_uri: str, change: Callable[[str], str]) -> bytes:
    """Return a document with one item changed and all other bytes the same. Pure."""
    text = content.decode()
    if kind == "atom":
        marker = f"    <id>{escape(tag_uri, quote=False)}</id>\n"
        at = text.find(f"  <entry>\n{marker}")
        if at < 0:
            return content
        end = text.index("  </entry>\n", at) + len("  </entry>\n")
        return (text[:at] + change(text[at:end]) + text[end:]).encode()
    document = json.loads(text)
    document["items"] = [
        json.loads(change(_dumps(item))) if item["id"] == tag_uri else item for item in document["items"]
    ]
    return (_dumps(document) + "\n").encode()


def words_of_item(kind: FrozenFormat, item: str) -> ListedEntry:
    """Return the texts of an item, without markup. Pure."""
    if kind == "json":
        value = json.loads(item)
        title, publication, content = (
            value["title"],
            value.get("authors", [{}])[0].get("name", ""),
            value["content_html"],
        )
    else:
        title, publication, content = (
            unescape(item.partition(opening)[2].partition("</")[0])
            for opening in ("<title>", "<name>", '<content type="html">')
        )
    excerpt, _, rest = content.partition("</blockquote>")
    paragraphs = "".join(_PARAGRAPH.findall(rest))
    return ListedEntry(_plain(excerpt), "", title, publication, _plain(paragraphs))


def _plain(html: str) -> str:
    return unescape(_TAG.sub(" ", html))


def redacted_item(kind: FrozenFormat, item: str, tag_uri: str, reason: str | None) -> str:
    """Return an item with the notice in place of its texts. Pure."""
    entry_id = int(tag_uri.rpartition("/")[2])
    title, text = title_of(entry_id), notice_of(reason)
    html = html_text.paragraphs(text)
    if kind == "json":
        return _dumps(_redacted_json(json.loads(item), title, text, html))
    for start, end, words in (
        ("<title>", "</title>", title),
        ("<name>", "</name>", REDACTED),
        ('<content type="html">', "</content>", html),
        ('<summary type="text">', "</summary>", text),
    ):
        before, opening, rest = item.partition(start)
        _, closing, after = rest.partition(end)
        item = before + opening + escape(words, quote=False) + closing + after if closing else item
    item = re.sub(r"    <category [^>]*/>\n", "", item)
    return re.sub(rf'(<link rel="via"[^>]*href="[^"]*?){re.escape(_FRAGMENT)}[^"]*(")', r"\1\2", item)


def _redacted_json(item: dict[str, Any], title: str, text: str, html: str) -> dict[str, Any]:
    changed = {**item, "title": title, "content_html": html, "summary": text, "authors": [{"name": REDACTED}]}
    if "external_url" in changed:
        changed["external_url"] = changed["external_url"].partition(_FRAGMENT)[0]
    changed.pop("tags", None)
    return changed


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
