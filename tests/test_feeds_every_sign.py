"""Every code point of Unicode in every text of the source: all formats are well-formed and return it as cleaned."""

from __future__ import annotations

import json
import runpy
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote

import lxml.html
import pytest
from lxml import etree

from foreign_eyes.archive.feed_state.current_entries import CurrentEntry
from foreign_eyes.archive.history import History
from foreign_eyes.feeds.compose.change_items import change_item, compose_change
from foreign_eyes.feeds.compose.entry_pages import compose_entry_page
from foreign_eyes.feeds.compose.feeds import Feed, compose_column_feed
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.sentences import opening
from foreign_eyes.feeds.compose.shown_entries import FeedEntry, compose_entry
from foreign_eyes.feeds.render.atom_rss import render_atom, render_rss
from foreign_eyes.feeds.render.html_pages import entry_page
from foreign_eyes.feeds.render.json_feed import render_json
from foreign_eyes.feeds.render.opml_sitemap import Subscription, render_opml
from foreign_eyes.feeds.render.plain_text import unmistakable
from foreign_eyes.listing.text import clean
from foreign_eyes.listing.values import Link

COLUMN = runpy.run_path(str(Path(__file__).parent / "data/feeds/column.py"))
EDITION: PublicationTarget = COLUMN["EDITION"]
KITE: CurrentEntry = COLUMN["ARCHIVED"][0]
EDIT, LINK_ADDED = COLUMN["CHANGES"][-2:]
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"

LAST = 0x10FFFF
# a feed of so many entries, each of so many code points, in each of its texts
RUN, RUNS = 512, 16
EVERY_FEED = pytest.mark.parametrize("first", range(0, LAST + 1, RUN * RUNS), ids=lambda first: f"U+{first:06X}")
# what can do harm by itself: controls, formats such as bidi controls, separators, surrogates, noncharacters and their neighbours
ALONE = [
    chr(point)
    for point in range(LAST + 1)
    if unicodedata.category(chr(point)) in ("Cc", "Cf", "Zs", "Zl", "Zp")
    or point in (0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFDCF, 0xFDD0, 0xFDEF, 0xFDF0)
    or point & 0xFFFF in (0, 0xFFFD, 0xFFFE, 0xFFFF)
    or chr(point) in "<>&\"'`=/\\-%#;]![?"
]
LOST = {
    *(set(range(0x20)) - {0x09, 0x0A, 0x0D}),
    0x7F,
    *(set(range(0x80, 0xA0)) - {0x85}),
    *range(0xD800, 0xE000),
    *range(0xFDD0, 0xFDF0),
    *(plane + low for plane in range(0, LAST, 0x10000) for low in (0xFFFE, 0xFFFF)),
}


def runs(first: int) -> Iterator[str]:
    """The texts of one feed: code points in a row, an x before each, so that none can hide at an edge or join another."""
    for start in range(first, min(first + RUN * RUNS, LAST + 1), RUN):
        yield "".join(f"x{chr(point)}" for point in range(start, min(start + RUN, LAST + 1)))


def archived(text: str, number: int = 0) -> CurrentEntry:
    """What the archive holds of an entry that says the same everywhere: text enters it through `clean`."""
    return replace(
        KITE,
        entry_id=100_000_000 + number,
        tag_uri=f"tag:eyes.example,2026:made-up/{number}",
        title=clean(text),
        publication=clean(text),
        excerpt=clean(text),
        commentary=clean(text),
        attribution=clean(text),
    )


def feed_of(texts: Iterable[str]) -> tuple[Feed, list[FeedEntry]]:
    entries = [compose_entry(EDITION, archived(text, number)) for number, text in enumerate(texts)]
    return compose_column_feed(EDITION, entries, 0), entries


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def assert_given_back(feed: Feed, entries: list[FeedEntry]) -> None:
    """Every format is read by a parser of its own, and says what was composed."""
    atom = etree.fromstring(render_atom(feed)).findall(f"{ATOM}entry")
    rss = etree.fromstring(render_rss(feed)).findall("channel/item")
    items = json.loads(render_json(feed))["items"]

    for entry, in_atom, in_rss, in_json in zip(entries, atom, rss, items, strict=True):
        shown, author = unmistakable(entry.title), unmistakable(entry.author)
        assert shown.replace("\u2060", "") == entry.title.replace("\u2060", ""), "but for word joiners that nobody sees"
        assert in_atom.findtext(f"{ATOM}title") == in_rss.findtext("title") == shown
        assert in_atom.findtext(f"{ATOM}author/{ATOM}name") == in_rss.findtext(f"{DC}creator") == entry.author
        assert in_atom.find(f"{ATOM}category").get("term") == in_rss.findtext("category") == author
        assert in_atom.findtext(f"{ATOM}summary") == unmistakable(entry.summary)
        assert unescape(in_rss.findtext("description")) == entry.summary == entry.texts.excerpt
        assert (in_json["title"], in_json["summary"], in_json["tags"]) == (entry.title, entry.summary, [entry.author])
        assert in_json["authors"] == [{"name": entry.author}]
        (via,) = (link.get("href") for link in in_atom.findall(f"{ATOM}link") if link.get("rel") == "via")
        assert via == in_json["external_url"] == quote(via, safe="%:/#~=,.?!")
        assert unquote(via.partition(":~:text=")[2]) == opening(entry.texts.excerpt)
        html = in_json["content_html"]
        assert in_atom.findtext(f"{ATOM}content") == in_rss.findtext(f"{CONTENT}encoded") == html
        content = lxml.html.fragment_fromstring(html, create_parent="div")
        assert [line.text for line in content.findall("blockquote/p")] == lines(entry.texts.excerpt)
        assert [line.text for line in content.findall("p")][2:] == lines(entry.texts.commentary)
        assert content.findtext(".//cite") == entry.title


@EVERY_FEED
def test_every_code_point_survives_all_three_formats(first: int) -> None:
    assert_given_back(*feed_of(runs(first)))


def test_dangerous_characters_survive_between_letters_at_edges_and_before_markup() -> None:
    for shape in ("a{}b", "{}b", "a{}", "a{0}{0}b", "a{}lt;b", "&#{};", "<{}i>", "]]{}"):
        assert_given_back(*feed_of(shape.format(sign) for sign in ALONE if clean(shape.format(sign))))


@pytest.mark.parametrize("sign", ALONE, ids=lambda sign: f"U+{ord(sign):04X}")
def test_a_character_between_letters_is_lost_only_if_xml_forbids_it_or_it_controls_direction(sign: str) -> None:
    entry = compose_entry(EDITION, archived(f"a{sign}b"))
    kept = "" if ord(sign) in LOST else "\n" if sign == "\r" else sign

    assert (entry.texts.excerpt, entry.texts.commentary) == (f"a{kept}b", f"a{kept}b")
    in_a_line = "" if unicodedata.bidirectional(sign) in BIDI_CONTROLS or sign in MARKS else kept
    assert entry.title == entry.author == "a" + (" " if in_a_line.isspace() else in_a_line) + "b"


BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
MARKS = "\u200e\u200f\u061c"


def test_only_code_points_that_xml_forbids_or_discourages_are_lost() -> None:
    kept = set(map(ord, clean("".join(map(chr, range(LAST + 1))))))

    assert set(range(LAST + 1)) - kept == LOST | {0x0D}, "a carriage return becomes a line feed"


@EVERY_FEED
def test_every_code_point_survives_on_an_entrys_page(first: int) -> None:
    entry = compose_entry(EDITION, archived("".join(runs(first))), {"Kites"})
    page = entry_page(EDITION, compose_entry_page(EDITION, entry, History({}, 0, (), (), (), ())))
    html = lxml.html.document_fromstring(page.decode())

    assert html.findtext(".//h1") == entry.title
    assert html.findtext("head/title") == f"{entry.title} – {EDITION.title}"
    assert [line.text for line in html.xpath("//article//p[@dir='auto' and not(@class)]")] == [
        *lines(entry.texts.excerpt),
        *lines(entry.texts.commentary),
    ]
    (cited,) = json.loads(html.xpath("//pre[contains(., 'article-newspaper')]")[0].text_content())
    assert (cited["title"], cited["container-title"]) == (entry.title, entry.author)


@EVERY_FEED
def test_every_code_point_survives_in_the_changes_and_the_subscription_list(first: int) -> None:
    text = clean("".join(runs(first)))
    edit = replace(EDIT, after=replace(EDIT.after, title=text, commentary=text))
    edited = change_item(EDITION, compose_change(EDITION, edit))
    linked = change_item(EDITION, compose_change(EDITION, replace(LINK_ADDED, link=Link(text, "https://a.example/"))))
    title = compose_entry(EDITION, archived(text)).title

    assert edited.title == f"Edited: {title}"
    shown = lxml.html.fragment_fromstring(edited.html.replace("<br>", "\n"), create_parent="div").text_content()
    assert f"After: {text}" in shown
    assert linked.title == f"Link changed: {title}"
    label = lxml.html.fragment_fromstring(linked.html, create_parent="div").findtext(".//a")
    assert label == f"{text} (https://a.example/)"
    opml = etree.fromstring(render_opml(title, [Subscription(title, "https://a.example/", "https://a.example/")], ()))
    assert unescape(opml.find("body/outline").get("text")) == unescape(opml.findtext("head/title")) == title
