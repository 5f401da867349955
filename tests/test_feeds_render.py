"""Atom, RSS and JSON Feed: valid by their standards, whatever texts the source has."""

from __future__ import annotations

import json
import os
import re
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
from support.feed_rules import complaints, parse

from foreign_eyes.archive.feed_state.feed_log import LoggedEntry
from foreign_eyes.feeds.compose.change_items import ComposedChange
from foreign_eyes.feeds.compose.feed_items import Tombstone
from foreign_eyes.feeds.compose.feeds import (
    Feed,
    compose_archive_document,
    compose_beginning,
    compose_changes_feed,
    compose_collection_feed,
    compose_column_feed,
)
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import compose_entry
from foreign_eyes.feeds.render.atom_rss import render_atom, render_rss
from foreign_eyes.feeds.render.json_feed import render_json
from foreign_eyes.feeds.render.opml_sitemap import (
    Subscription,
    render_opml,
    render_robots,
    render_sitemap,
    render_sitemap_index,
)
from foreign_eyes.feeds.render.plain_text import unmistakable
from foreign_eyes.feeds.site_map import ATOM, JSON_FEED, RSS
from foreign_eyes.listing.text import clean
from foreign_eyes.listing.values import Link

DATA = Path(__file__).parent / "data/feeds"
COLUMN = runpy.run_path(str(DATA / "column.py"))
FEED: Feed = COLUMN["FEED"]
EDITION: PublicationTarget = COLUMN["EDITION"]
KITE = COLUMN["ARCHIVED"][0]
DOCUMENT = compose_archive_document(EDITION, 2, [LoggedEntry(51, KITE.feed_date, KITE)])
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "fh": "http://purl.org/syndication/history/1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FORMATS = {"atom": render_atom, "rss": render_rss}
RENDERERS = pytest.mark.parametrize("render", FORMATS.values(), ids=FORMATS)
GOLDEN = {
    "column.atom.xml": lambda: render_atom(FEED),
    "column.rss.xml": lambda: render_rss(FEED),
    "column.feed.json": lambda: render_json(FEED),
    "column.archive.xml": lambda: render_atom(DOCUMENT),
    "column.archive.json": lambda: render_json(DOCUMENT),
}
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
    return compose_column_feed(EDITION, [compose_entry(EDITION, archived)], 0)


def told(feed: Feed) -> dict:
    return json.loads(render_json(feed))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_feeds_of_the_invented_column_match_the_golden_files(name: str) -> None:
    golden = DATA / name
    rendered = GOLDEN[name]()
    if os.environ.get("FOREIGN_EYES_REGENERATE"):
        golden.write_bytes(rendered)

    assert rendered == golden.read_bytes()


@RENDERERS
def test_the_same_feed_gives_the_same_bytes(render) -> None:
    assert render(FEED) == render(FEED)


@RENDERERS
def test_feedparser_reads_the_feeds_without_errors(render) -> None:
    parsed = feedparser.parse(render(FEED))

    assert not parsed.bozo
    assert [entry.id for entry in parsed.entries] == [entry.tag_uri for entry in FEED.items]
    assert [entry.link for entry in parsed.entries] == [entry.alternate for entry in FEED.items]
    assert [entry.author for entry in parsed.entries] == [entry.author for entry in FEED.items]
    assert [entry.title for entry in parsed.entries][1:] == [entry.title for entry in FEED.items][1:]


def test_an_atom_feed_has_the_elements_of_rfc_4287_section_4_1_1() -> None:
    feed = atom()

    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    assert feed.get(XML_LANG) == "en"
    for required in ("id", "title", "updated"):
        assert len(feed.findall(f"a:{required}", NAMES)) == 1
    assert texts(feed, "a:id") == ["tag:eyes.example,2026:made-up/feed"]
    assert texts(feed, "a:generator") == ["Foreign Eyes"]
    assert texts(feed, "a:rights") == [FEED.rights]
    assert texts(feed, "a:icon") == ["https://eyes.example/column/icon.png"]
    assert texts(feed, "a:logo") == ["https://eyes.example/column/logo.png"]
    assert texts(feed, "a:author/a:name") == ["Foreign Eyes"]
    assert {link.get("rel"): (link.get("type"), link.get("href")) for link in feed.findall("a:link", NAMES)} == {
        "self": ("application/atom+xml", "https://eyes.example/column/atom.xml"),
        "prev-archive": ("application/atom+xml", "https://eyes.example/column/archive/2.xml"),
        "alternate": ("text/html", "https://eyes.example/column/"),
        "via": ("text/html", "https://office.example/column/index.htm"),
    }


def test_every_atom_entry_has_the_elements_of_rfc_4287_section_4_1_2() -> None:
    entries = atom().findall("a:entry", NAMES)

    assert len(entries) == len(FEED.items)
    for entry, composed in zip(entries, FEED.items, strict=True):
        for single in ("id", "title", "updated", "published", "content", "summary"):
            assert len(entry.findall(f"a:{single}", NAMES)) == 1
        assert texts(entry, "a:author/a:name") == [composed.author]
        assert [(one.get("term"), one.get("scheme")) for one in entry.findall("a:category", NAMES)] == [
            (of.name, f"https://eyes.example/column/{of.kind}s/") for of in composed.collections
        ]
        assert texts(entry, "a:rights") == [FEED.rights]
        assert texts(entry, "a:source/a:id") == [FEED.feed_id]
        assert texts(entry, "a:source/a:title") == [FEED.title]
        assert texts(entry, "a:source/a:updated") == texts(entry, "a:updated")
        assert {link.get("rel"): link.get("href") for link in entry.findall("a:source/a:link", NAMES)} == {
            "self": FEED.urls[ATOM],
            "alternate": FEED.home,
        }
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
        entry.published for entry in FEED.items
    ]
    assert [datetime.fromisoformat(text) for text in texts(feed, "a:entry/a:updated")] == [
        entry.updated for entry in FEED.items
    ]
    assert [datetime.fromisoformat(text) for text in texts(feed, "a:updated")] == [FEED.updated]


def test_atom_puts_nothing_outside_its_namespace() -> None:
    assert {etree.QName(element).namespace for element in atom().iter()} == {NAMES["a"]}


def test_an_rss_channel_has_the_elements_of_rss_2_0() -> None:
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


def test_an_rss_channel_has_an_image_with_a_link_to_the_page() -> None:
    (image,) = rss().findall("channel/image")

    assert {child.tag: child.text for child in image} == {
        "url": "https://eyes.example/column/icon.png",
        "title": "A Made-up Column",
        "link": "https://eyes.example/column/",
    }


def test_every_rss_item_says_the_same_as_its_atom_entry() -> None:
    items = rss().findall("channel/item")

    assert len(items) == len(FEED.items)
    for item, composed in zip(items, FEED.items, strict=True):
        assert texts(item, "title") == [unmistakable(composed.title)]
        assert texts(item, "link") == [composed.alternate]
        assert [(guid.text, guid.get("isPermaLink")) for guid in item.findall("guid")] == [(composed.tag_uri, "false")]
        assert texts(item, "dc:creator") == [composed.author]
        assert texts(item, "category") == [of.name for of in composed.collections]
        assert texts(item, "content:encoded") == [composed.html]
        assert [parsedate_to_datetime(text) for text in texts(item, "pubDate")] == [
            composed.published.replace(microsecond=0)
        ]
        assert not item.findall("author")
        assert [(one.get("url"), one.text) for one in item.findall("source")] == [
            ("https://eyes.example/column/rss.xml", "A Made-up Column")
        ]


def test_no_feed_has_the_current_date() -> None:
    today = datetime.now().astimezone()
    for rendered in (render_atom(FEED), render_rss(FEED), render_json(FEED)):
        assert today.strftime("%Y-%m-%dT").encode() not in rendered
        assert today.strftime("%d %b %Y").encode() not in rendered


# the history of a feed (RFC 5005), hubs and tombstones


def test_an_archive_document_is_marked_and_links_in_both_directions() -> None:
    feed = atom(DOCUMENT)

    assert len(feed.findall("fh:archive", NAMES)) == 1
    links = {link.get("rel"): link.get("href") for link in feed.findall("a:link", NAMES)}
    assert links["self"] == "https://eyes.example/column/archive/2.xml"
    assert links["current"] == "https://eyes.example/column/atom.xml"
    assert links["prev-archive"] == "https://eyes.example/column/archive/1.xml"
    assert "next-archive" not in links
    assert told(DOCUMENT)["next_url"] == "https://eyes.example/column/archive/1.json"


def test_archive_document_0_is_empty_and_links_to_the_next() -> None:
    beginning = compose_beginning(EDITION, KITE.feed_date)
    links = {link.get("rel"): link.get("href") for link in atom(beginning).findall("a:link", NAMES)}

    assert links["next-archive"] == "https://eyes.example/column/archive/1.xml"
    assert "prev-archive" not in links
    assert len(atom(beginning).findall("fh:archive", NAMES)) == 1
    assert atom(beginning).findall("a:entry", NAMES) == []


def test_the_feed_itself_is_not_an_archive_document_and_links_to_the_newest() -> None:
    assert atom().findall("fh:archive", NAMES) == []
    assert told(FEED)["next_url"] == "https://eyes.example/column/archive/2.json"


def test_namespaces_of_history_and_tombstones_are_declared_only_if_used() -> None:
    assert b"syndication/history" in render_atom(DOCUMENT)
    for feed in (FEED, COLUMN["CHANGES_FEED"]):
        assert b"syndication/history" not in render_atom(feed)
        assert b"tombstones" not in render_atom(feed)


def test_rendering_an_archive_document_as_rss_is_an_error() -> None:
    with pytest.raises(ValueError, match="not published as RSS"):
        render_rss(DOCUMENT)


def test_a_hub_is_named_in_atom_and_json_and_not_in_rss() -> None:
    feed = replace(FEED, hub="https://hub.example/?a=1&b=2")

    assert [link.get("href") for link in atom(feed).findall("a:link[@rel='hub']", NAMES)] == [feed.hub]
    assert told(feed)["hubs"] == [{"type": "WebSub", "url": feed.hub}]
    assert b"hub.example" not in render_rss(feed)


def test_a_tombstone_replaces_a_withdrawn_entry() -> None:
    at = FEED.updated
    feed = replace(FEED, tombstones=(Tombstone("tag:x,2026:gone", at),))

    (stone,) = atom(feed).findall("at:deleted-entry", NAMES)
    assert (stone.get("ref"), stone.get("when")) == ("tag:x,2026:gone", at.isoformat())
    assert not feedparser.parse(render_atom(feed)).bozo
    assert b"tombstones" not in render_atom(FEED)


def test_the_column_as_json_says_what_atom_says() -> None:
    feed = told(FEED)

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["feed_url"], feed["home_page_url"]) == (FEED.urls[JSON_FEED], FEED.home)
    assert (feed["title"], feed["language"], feed["description"]) == (FEED.title, "en", FEED.subtitle)
    for item, composed in zip(feed["items"], FEED.items, strict=True):
        assert item["id"] == composed.tag_uri
        assert (item["url"], item["external_url"]) == (composed.alternate, composed.via)
        assert (item["title"], item["content_html"], item["summary"]) == (
            composed.title,
            composed.html,
            composed.summary,
        )
        assert item["authors"] == [{"name": composed.author}]
        assert item.get("tags", []) == [of.name for of in composed.collections]
        assert datetime.fromisoformat(item["date_published"]) == composed.published
        assert datetime.fromisoformat(item["date_modified"]) == composed.updated


def test_the_json_feed_has_its_standard_members_and_an_extension_for_the_rest() -> None:
    feed = told(FEED)

    assert list(feed)[-1] == "items", "what the feed is comes before what it holds"
    assert (feed["icon"], feed["favicon"]) == (FEED.logo, FEED.icon)
    assert feed["_foreign_eyes"] == {
        "about": FEED.home,
        "id": FEED.feed_id,
        "updated": FEED.updated.isoformat(),
        "rights": FEED.rights,
        "source": FEED.source_url,
    }
    assert {item["language"] for item in feed["items"]} == {"en"}
    assert "“turns – unaided –”" in render_json(FEED).decode(), "words stand there as they are read"


def test_the_json_feed_leaves_out_missing_values() -> None:
    edition = replace(EDITION, source=replace(EDITION.source, url=""))
    feed = told(compose_column_feed(edition, [compose_entry(edition, replace(KITE, publication=None))], 0))

    assert not {"next_url", "hubs", "authors", "user_comment", "expired"} & set(feed)
    assert "source" not in feed["_foreign_eyes"]
    assert "tags" not in feed["items"][0]


COLLECTION = COLUMN["ENTRIES"][0].topics[0]
VARIANTS = {
    "atom.xml": FEED,
    "atom.xml with a hub": replace(FEED, hub="https://hub.example/?a=1&b=2"),
    "atom.xml with tombstones": compose_column_feed(replace(EDITION, tombstones=True), COLUMN["ENTRIES"], 2),
    "archive/2.xml": DOCUMENT,
    "archive/0.xml": compose_beginning(EDITION, KITE.feed_date),
    f"{COLLECTION.path}atom.xml": compose_collection_feed(EDITION, COLLECTION, COLUMN["ENTRIES"]),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_kind_of_feed_is_valid_in_all_formats(variant: str) -> None:
    feed = VARIANTS[variant]

    assert feed.urls[ATOM] == EDITION.base_url + variant.partition(" ")[0]
    for address, render in (
        (feed.urls[ATOM], render_atom),
        (feed.urls.get(RSS), render_rss),
        (feed.urls.get(JSON_FEED), render_json),
    ):
        if address:
            name = address.removeprefix(EDITION.base_url)
            assert complaints(parse(name, EDITION.base_url, render(feed))) == []


def test_a_feed_without_items_is_valid_and_dated() -> None:
    feed = compose_changes_feed(EDITION, [], KITE.feed_date)

    assert datetime.fromisoformat(texts(atom(feed), "a:updated")[0]) == KITE.feed_date
    assert texts(atom(feed), "a:author/a:name") == ["Foreign Eyes"]
    assert told(feed)["items"] == []
    assert not feedparser.parse(render_rss(feed)).bozo


def test_a_changed_link_that_is_not_http_is_shown_as_text() -> None:
    change = ComposedChange(
        *(7, "tag:x,2026:y/change/7", KITE.feed_date, "link changed", "Link changed", "Patent Search", "changes/"),
        parts=(),
        note="",
        words=(),
        former_link=Link("Patent Search", "javascript:alert(1)"),
        link=Link("Patent <Search>", "https://search.example/?a=1&b=2"),
    )
    feed = compose_changes_feed(EDITION, [change], KITE.feed_date)

    (item,) = feed.items
    content = lxml.html.fragment_fromstring(item.html, create_parent="div")
    assert content.xpath("//a/@href") == ["https://search.example/?a=1&b=2"]
    assert "javascript:alert(1)" in content.text_content()
    assert item.tag_uri == "tag:x,2026:y/change/7"


# what lists addresses


def test_the_subscription_list_names_every_feed_in_its_folder() -> None:
    groups = [
        ("Topics", [Subscription("A & B <c>", "https://a.example/b/atom.xml", "https://a.example/b/")]),
        ("None", []),
    ]
    opml = etree.fromstring(
        render_opml("T", [Subscription("T", "https://a.example/atom.xml", "https://a.example/")], groups)
    )

    assert opml.get("version") == "2.0"
    outlines = [
        (one.get("type"), one.get("xmlUrl"), one.get("htmlUrl")) for one in opml.iterfind(".//outline[@xmlUrl]")
    ]
    assert outlines == [
        ("rss", "https://a.example/atom.xml", "https://a.example/"),
        ("rss", "https://a.example/b/atom.xml", "https://a.example/b/"),
    ]
    assert [one.get("text") for one in opml.iterfind("body/outline")] == ["T", "Topics"]


def test_sitemaps_list_addresses_in_their_namespace() -> None:
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    for root, each, render in (("urlset", "url", render_sitemap), ("sitemapindex", "sitemap", render_sitemap_index)):
        document = etree.fromstring(render(["https://a.example/?a&b"]))
        assert document.tag == space + root
        assert [one.text for one in document.iterfind(f"{space}{each}/{space}loc")] == ["https://a.example/?a&b"]


@pytest.mark.parametrize(
    ("browse", "rule"),
    [
        ("browse/", "Disallow: /eyes/browse/"),
        ("data/sql/", "Disallow: /eyes/data/sql/"),
        (None, "Disallow:"),
        ("https://data.example/", "Disallow:"),
    ],
)
def test_robots_txt_excludes_datasette_and_names_the_sitemap(browse: str | None, rule: str) -> None:
    assert render_robots("https://a.example/eyes/", browse).decode() == (
        f"User-agent: *\n{rule}\n\nSitemap: https://a.example/eyes/sitemap.xml\n"
    )


# whatever the source writes


@settings(deadline=None)
@given(title=cleaned, excerpt=cleaned, commentary=cleaned, publication=cleaned)
def test_any_text_of_the_source_survives_in_well_formed_feeds(
    title: str, excerpt: str, commentary: str, publication: str
) -> None:
    feed = hostile_feed(title, excerpt, commentary, publication)
    (composed,) = feed.items
    (entry,) = atom(feed).findall("a:entry", NAMES)
    (item,) = rss(feed).findall("channel/item")

    (json_item,) = told(feed)["items"]
    assert texts(entry, "a:title") == texts(item, "title") == [unmistakable(composed.title)]
    assert texts(entry, "a:author/a:name") == texts(item, "dc:creator") == [composed.author]
    assert (json_item["title"], json_item["summary"]) == (composed.title, composed.summary)
    assert (json_item["content_html"], json_item["authors"]) == (composed.html, [{"name": composed.author}])
    assert composed.summary == (excerpt if excerpt.strip() else commentary if commentary.strip() else composed.title)
    assert texts(entry, "a:summary") == [unmistakable(composed.summary)]
    assert [unescape(text) for text in texts(item, "description")] == [composed.summary]
    assert texts(entry, "a:content") == texts(item, "content:encoded") == [composed.html]
    assert [category.get("term") for category in entry.findall("a:category", NAMES)] == texts(item, "category")
    for render in FORMATS.values():
        assert not feedparser.parse(render(feed)).bozo


@settings(deadline=None)
@given(title=cleaned, excerpt=cleaned, commentary=cleaned, publication=cleaned)
def test_text_in_the_content_is_never_markup(title: str, excerpt: str, commentary: str, publication: str) -> None:
    (composed,) = hostile_feed(title, excerpt, commentary, publication).items
    content = lxml.html.fragment_fromstring(composed.html, create_parent="div")

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
def test_known_injections_stay_text(text: str) -> None:
    feed = hostile_feed(text, text, text, text)

    (item,) = rss(feed).findall("channel/item")
    assert texts(atom(feed), "a:entry/a:summary") == [unmistakable(text)]
    assert texts(item, "title") == [unmistakable(text)]
    assert texts(item, "title")[0].replace("\u2060", "") == text
    assert [unescape(description) for description in texts(item, "description")] == [text]
    for link in atom(feed).findall(".//a:link", NAMES):
        assert link.get("href").startswith("https://")
    content = lxml.html.fragment_fromstring(texts(item, "content:encoded")[0], create_parent="div")
    assert not [*content.iter("script"), *content.iter("img")]
    assert content.find("blockquote/p").text == text


@settings(deadline=None)
@given(cleaned)
def test_unmistakable_text_has_no_tag_and_no_reference(text: str) -> None:
    shown = unmistakable(text)

    assert shown.replace("\u2060", "") == text.replace("\u2060", "")
    assert unescape(shown) == shown
    assert not re.search(r"<[A-Za-z/!?]", shown)


def test_an_entry_without_an_excerpt_or_a_url_is_published() -> None:
    bare = replace(KITE, excerpt="", commentary=" ", seen_at_url="")
    edition = replace(EDITION, source=replace(EDITION.source, url=""))
    feed = compose_column_feed(edition, [compose_entry(edition, bare)], 0)

    assert not feedparser.parse(render_atom(feed)).bozo
    assert not feedparser.parse(render_rss(feed)).bozo
    assert [link.get("rel") for link in atom(feed).findall("a:entry/a:link", NAMES)] == ["alternate"]
    (item,) = feed.items
    assert "<blockquote" not in item.html
    assert "Commentary" not in item.html
    assert "external_url" not in told(feed)["items"][0]
