"""Atom and RSS: what their standards ask, and that no text of the source can break them."""

from __future__ import annotations

import os
import runpy
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path

import feedparser
import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from archive.text import clean
from feeds.compose import Feed, FeedEntry, compose_entry, compose_feed
from feeds.markup import entry_html
from feeds.render import render_atom, render_rss

DATA = Path(__file__).parent / "data/feeds"
COLUMN = runpy.run_path(str(DATA / "column.py"))
FEED: Feed = COLUMN["FEED"]
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FORMATS = {"atom": render_atom, "rss": render_rss}
RENDERERS = pytest.mark.parametrize("render", FORMATS.values(), ids=FORMATS)
cleaned = st.text().map(clean)


def atom(feed: Feed = FEED) -> etree._Element:
    return etree.fromstring(render_atom(feed))


def rss(feed: Feed = FEED) -> etree._Element:
    return etree.fromstring(render_rss(feed))


def texts(element: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in element.findall(path, NAMES)]


def hostile_feed(title: str, excerpt: str, commentary: str, publication: str) -> Feed:
    archived = replace(
        COLUMN["ARCHIVED"][0],
        title=title,
        excerpt=excerpt,
        commentary=commentary,
        publication=publication,
        attribution=title,
    )
    entry = compose_entry(COLUMN["SOURCE"], archived, COLUMN["BASE_URL"])
    return compose_feed(COLUMN["SOURCE"], [entry], COLUMN["BASE_URL"], COLUMN["AUTHORITY"])


@pytest.mark.parametrize("name", FORMATS)
def test_the_made_up_column_is_published_as_it_was(name: str) -> None:
    golden = DATA / f"column.{name}.xml"
    rendered = FORMATS[name](FEED)
    if os.environ.get("FOREIGN_EYES_REGENERATE"):
        golden.write_bytes(rendered)

    assert rendered == golden.read_bytes()


@RENDERERS
def test_the_same_feed_gives_the_same_bytes(render) -> None:
    assert render(FEED) == render(FEED)


@RENDERERS
def test_feedparser_finds_no_fault(render) -> None:
    parsed = feedparser.parse(render(FEED))

    assert not parsed.bozo
    assert [entry.id for entry in parsed.entries] == [entry.tag_uri for entry in FEED.entries]
    assert [entry.link for entry in parsed.entries] == [entry.alternate for entry in FEED.entries]
    assert [entry.author for entry in parsed.entries] == [entry.author for entry in FEED.entries]


def test_an_atom_feed_has_what_rfc_4287_section_4_1_1_asks_for() -> None:
    feed = atom()

    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    assert feed.get(XML_LANG) == "en"
    for required in ("id", "title", "updated"):
        assert len(feed.findall(f"a:{required}", NAMES)) == 1
    assert texts(feed, "a:id") == ["tag:eyes.example,2026:made-up/feed"]
    assert texts(feed, "a:generator") == ["Foreign Eyes"]
    assert texts(feed, "a:rights") == [FEED.rights]
    assert {link.get("rel"): (link.get("type"), link.get("href")) for link in feed.findall("a:link", NAMES)} == {
        "self": ("application/atom+xml", "https://eyes.example/column/atom.xml"),
        "alternate": ("text/html", "https://eyes.example/column/"),
        "via": ("text/html", "https://office.example/column/index.htm"),
    }


def test_every_atom_entry_has_what_rfc_4287_section_4_1_2_asks_for() -> None:
    entries = atom().findall("a:entry", NAMES)

    assert len(entries) == len(FEED.entries)
    for entry, composed in zip(entries, FEED.entries, strict=True):
        for single in ("id", "title", "updated", "published", "content", "summary"):
            assert len(entry.findall(f"a:{single}", NAMES)) == 1
        assert texts(entry, "a:author/a:name") == [composed.author]
        assert [category.get("term") for category in entry.findall("a:category", NAMES)] == list(composed.categories)
        assert entry.find("a:content", NAMES).get("type") == "html"
        assert entry.find("a:summary", NAMES).get("type") == "text"
        assert {link.get("rel"): (link.get("type"), link.get("href")) for link in entry.findall("a:link", NAMES)} == {
            "alternate": ("text/html", composed.alternate),
            "via": ("text/html", composed.via),
        }


def test_ids_in_atom_are_unique_and_updates_distinct() -> None:
    feed = atom()
    ids, updates = texts(feed, "a:entry/a:id"), texts(feed, "a:entry/a:updated")

    assert len(set(ids)) == len(ids) == len(set(updates))


def test_atom_dates_are_aware_and_those_of_the_archive() -> None:
    feed = atom()

    assert [datetime.fromisoformat(text) for text in texts(feed, "a:entry/a:published")] == [
        entry.published for entry in FEED.entries
    ]
    assert [datetime.fromisoformat(text) for text in texts(feed, "a:entry/a:updated")] == [
        entry.updated for entry in FEED.entries
    ]
    assert [datetime.fromisoformat(text) for text in texts(feed, "a:updated")] == [FEED.updated]


def test_atom_puts_nothing_outside_its_namespace() -> None:
    assert {etree.QName(element).namespace for element in atom().iter()} == {NAMES["a"]}


def test_an_rss_channel_has_what_rss_2_0_asks_for() -> None:
    root = rss()
    (channel,) = root

    assert root.get("version") == "2.0"
    assert texts(channel, "title") == ["A Made-up Column"]
    assert texts(channel, "link") == ["https://eyes.example/column/"]
    assert texts(channel, "description") == [FEED.subtitle]
    assert texts(channel, "language") == ["en"]
    assert texts(channel, "copyright") == [FEED.rights]
    assert [parsedate_to_datetime(text) for text in texts(channel, "lastBuildDate")] == [FEED.updated]
    (link,) = channel.findall("a:link", NAMES)
    assert dict(link.attrib) == {
        "href": "https://eyes.example/column/rss.xml",
        "rel": "self",
        "type": "application/rss+xml",
    }


def test_every_rss_item_says_the_same_as_its_atom_entry() -> None:
    items = rss().findall("channel/item")

    assert len(items) == len(FEED.entries)
    for item, composed in zip(items, FEED.entries, strict=True):
        assert texts(item, "title") == [composed.title]
        assert texts(item, "link") == [composed.alternate]
        assert [(guid.text, guid.get("isPermaLink")) for guid in item.findall("guid")] == [(composed.tag_uri, "false")]
        assert texts(item, "dc:creator") == [composed.author]
        assert texts(item, "category") == list(composed.categories)
        assert texts(item, "content:encoded") == [entry_html(composed)]
        assert [parsedate_to_datetime(text) for text in texts(item, "pubDate")] == [
            composed.published.replace(microsecond=0)
        ]
        assert not item.findall("author")
        assert not item.findall("source")


def test_no_date_of_the_day_slips_in() -> None:
    today = datetime.now().astimezone()
    for rendered in (render_atom(FEED), render_rss(FEED)):
        assert today.strftime("%Y-%m-%dT").encode() not in rendered
        assert today.strftime("%d %b %Y").encode() not in rendered


@settings(deadline=None)
@given(title=cleaned, excerpt=cleaned, commentary=cleaned, publication=cleaned)
def test_whatever_the_source_writes_both_formats_are_well_formed_and_give_it_back(
    title: str, excerpt: str, commentary: str, publication: str
) -> None:
    feed = hostile_feed(title, excerpt, commentary, publication)
    (composed,) = feed.entries
    (entry,) = atom(feed).findall("a:entry", NAMES)
    (item,) = rss(feed).findall("channel/item")

    assert texts(entry, "a:title") == texts(item, "title") == [composed.title]
    assert texts(entry, "a:author/a:name") == texts(item, "dc:creator") == [composed.author]
    assert composed.summary == (excerpt if excerpt.strip() else commentary if commentary.strip() else composed.title)
    assert texts(entry, "a:summary") == [composed.summary]
    assert [unescape(text) for text in texts(item, "description")] == [composed.summary]
    assert texts(entry, "a:content") == texts(item, "content:encoded") == [entry_html(composed)]
    assert [category.get("term") for category in entry.findall("a:category", NAMES)] == texts(item, "category")
    for render in FORMATS.values():
        assert not feedparser.parse(render(feed)).bozo


@given(title=cleaned, excerpt=cleaned, commentary=cleaned, publication=cleaned)
def test_text_in_the_content_is_never_markup(title: str, excerpt: str, commentary: str, publication: str) -> None:
    (composed,) = hostile_feed(title, excerpt, commentary, publication).entries
    content = lxml.html.fragment_fromstring(entry_html(composed), create_parent="div")

    assert {element.tag for element in content.iter()} <= {"div", "blockquote", "p", "cite", "hr", "strong"}
    quoted = [paragraph.text for paragraph in content.findall("blockquote/p")]
    assert quoted == [line for line in excerpt.split("\n") if line.strip()]
    assert content.find(".//cite").text == composed.title


@pytest.mark.parametrize(
    "text",
    [
        "]]>",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        "<!--",
        "&lt;b&gt;",
        "<![CDATA[",
    ],
)
def test_known_ways_to_break_out_stay_text(text: str) -> None:
    feed = hostile_feed(text, text, text, text)

    (item,) = rss(feed).findall("channel/item")
    assert texts(item, "title") == [text]
    assert [unescape(description) for description in texts(item, "description")] == [text]
    for link in atom(feed).findall(".//a:link", NAMES):
        assert link.get("href").startswith("https://")
    content = lxml.html.fragment_fromstring(texts(item, "content:encoded")[0], create_parent="div")
    assert not [*content.iter("script"), *content.iter("img")]
    assert content.find("blockquote/p").text == text


def test_an_entry_without_an_excerpt_or_an_address_is_still_one() -> None:
    bare: FeedEntry = replace(FEED.entries[0], excerpt="", commentary=" ", via=None)
    feed = replace(FEED, entries=(bare,), source_url=None)

    assert not feedparser.parse(render_atom(feed)).bozo
    assert not feedparser.parse(render_rss(feed)).bozo
    assert [link.get("rel") for link in atom(feed).findall("a:entry/a:link", NAMES)] == ["alternate"]
    assert "<blockquote" not in entry_html(bare)
    assert "Commentary" not in entry_html(bare)
