"""Listing pages give the same entries for any markup and encoding, and no bytes raise an exception."""

from __future__ import annotations

import html
import re
from itertools import product
from typing import NamedTuple

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_eyes.listing.parser import parse_listing

URL = "https://ip.example/column/index.htm"


class Told(NamedTuple):
    """An entry with the texts that the test expects."""

    excerpt: str
    attribution: str
    commentary: str


ENTRIES = (
    Told(
        "A port town on the Yellow Sea has taught its cranes to park themselves. Dockers now watch screens —and drink tea.",
        "——Cranes Without Drivers, by The Harbour Courier",
        "Patents for the steering were filed at home and abroad; the town\u00a0 now licenses them.",
    ),
    Told(
        'Every second bicycle in the city knows where it is. "That was not so in 2015," says a repairer.',
        "——Who Owns a Bicycle's Memory? Kvartal",
        "Utility models protect the lock. Design patents protect the frame.",
    ),
    Told(
        "Tea growers in Fujian sell leaves by the gram, with a code on each.Buyers scan it & taste.",
        "——Oolong, Oversold — and Under Seal,Le Courrier du Midi",
        "A geographical indication is worth protecting.",
    ),
    Told(
        "Looms that read sketches are old news in Suzhou; looms that object to them are new.",
        "——Suzhou's looms answer back, Der Morgenkurier",
        "Software copyright and patents go hand in hand (see the guidelines).",
    ),
)
HEAD = "<title>China's IP in Foreign Eyes</title>"
PAGER = (
    '<div class="index_page01"><font>共8页</font>&nbsp;<a href="index.htm">首页</a> <b>1</b> <a href="index1.htm">2</a> '
    '<a href="index2.htm">3</a> <a href="index1.htm">下一页</a> <a href="index7.htm">尾页</a> 转到</div>'
)
FOOT = '<div class="foot"><a href="http://pss.example/search">Patent Search</a><p>Copyright © 2020. All rights reserved</p></div>'


def page(listing: str, head: str = HEAD) -> str:
    return f"<html><head>{head}</head><body><h1>China's IP in Foreign Eyes</h1>{listing}{PAGER}{FOOT}</body></html>"


def marked_up(template: str, *, around: str = "{}", between: str = "", entries: tuple[Told, ...] = ENTRIES) -> str:
    rows = (template.format(*(html.escape(text, quote=False) for text in entry)) for entry in entries)
    return around.format(between.join(rows))


MARKUPS = {
    "paragraphs in list items": ("<li><p>{0}</p>\n<p>{1}</p>\n<p>{2}</p></li>", "<ul>{}</ul>", ""),
    "bullets in list items": ("<li><p>• {0}</p><p>{1}</p><p>{2}</p>", "<ul>{}</ul>", ""),
    "lines in list items": ("<li>{0}<br>{1}<br/>{2}</li>", "<ul>{}</ul>", ""),
    "blocks": ("<div><div>{0}</div><div>{1}</div><div>{2}</div></div>", "<div>{}</div>", ""),
    "flat paragraphs": ("<p>{0}</p><p>{1}</p><p>{2}</p>", "<div>{}</div>", "\n"),
    "flat paragraphs with bullets": ("<p>•&nbsp;{0}</p><p>{1}</p><p>{2}</p>", "<div>{}</div>", ""),
    "lines in one block": ("{0}<br>{1}<br>{2}<br>", "<div>{}</div>", "<br>"),
    "lines in one block with labels": ("• {0}<br>{1}<br>Comment:<br>{2}<br>", "<div>{}</div>", ""),
    "rows of three cells": ("<tr><td>{0}</td><td>{1}</td><td>{2}</td></tr>", "<table>{}</table>", ""),
    "a cell an entry": ("<tr><td><p>{0}<p>{1}<p>{2}</td></tr>", "<table><tbody>{}</tbody></table>", ""),
    "a row a line": ("<tr><td>{0}</td></tr><tr><td>{1}</td></tr><tr><td>{2}</td></tr>", "<table>{}</table>", ""),
    "excerpt outside": ("<p>{0}</p><div>{1}<br>{2}</div>", "<div>{}</div>", ""),
    "commentary outside": ("<li>{0}<br>{1}</li><p>Comment: {2}</p>", "<ul>{}</ul>", ""),
    "inline tags": (
        "<li><p><span><font>{0}</font></span></p><p><strong>——</strong><em>{1}</em></p><p><b>Comment：</b>{2}</p></li>",
        "<ul>{}</ul>",
        "",
    ),
    "dashes alone": ("<li><p>{0}</p><p>——</p><p>{1}</p><p>{2}</p></li>", "<ul>{}</ul>", ""),
    "articles": (
        "<article><blockquote>{0}<footer>{1}</footer></blockquote><p>{2}</p></article>",
        "<main>{}</main>",
        "<hr>",
    ),
    "definitions": ("<dt>{0}</dt><dd>{1}</dd><dd>{2}</dd>", "<dl>{}</dl>", ""),
    "a form round it all": ("<div><p>{0}</p><p>{1}</p><p>{2}</p></div>", "<form>{}</form>", ""),
    "spans": ("<span>{0}<br>{1}<br>{2}</span><br><br>", "<div>{}</div>", ""),
    "a store": (
        "<record><![CDATA[<li><p>{0}</p><p>{1}</p><p>{2}</p></li>]]></record>",
        '<div></div><script type="text/xml"><datastore><recordset>{}</recordset></datastore></script>',
        "",
    ),
    "a store of rows": (
        "<record><![CDATA[<tr><td>{0}</td><td>{1}</td><td>{2}</td></tr>]]></record>",
        '<script type="text/xml"><datastore><totalrecord>41</totalrecord><recordset>{}</recordset></datastore></script>',
        "",
    ),
}
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16")


def told(body: bytes, content_type: str | None = None) -> list[Told]:
    entries = parse_listing(body, URL, content_type).entries
    return [Told(entry.excerpt, entry.attribution, entry.commentary) for entry in entries]


def dashed_once(entries: list[Told]) -> list[Told]:
    """One markup writes the dashes twice; any number of them begins an attribution."""
    return [entry._replace(attribution=re.sub("^—+", "——", entry.attribution)) for entry in entries]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", MARKUPS)
def test_the_same_entries_come_from_any_markup_in_any_encoding(name: str, encoding: str) -> None:
    template, around, between = MARKUPS[name]
    body = page(marked_up(template, around=around, between=between)).encode(encoding)
    parsed = parse_listing(body, URL)
    assert dashed_once(told(body)) == list(ENTRIES)
    assert [(entry.title, entry.publication) for entry in parsed.entries] == [
        ("Cranes Without Drivers", "The Harbour Courier"),
        ("Who Owns a Bicycle's Memory?", "Kvartal"),
        ("Oolong, Oversold — and Under Seal", "Le Courrier du Midi"),
        ("Suzhou's looms answer back", "Der Morgenkurier"),
    ]
    assert all(entry.flags == () for entry in parsed.entries)
    assert parsed.has_heading
    assert [link.url for link in parsed.links] == ["http://pss.example/search"]


@pytest.mark.parametrize("name", MARKUPS)
@pytest.mark.parametrize("entry", ENTRIES[:2])
def test_the_only_entry_of_a_page_has_neither_heading_nor_pager_nor_footer(name: str, entry: Told) -> None:
    template, around, between = MARKUPS[name]
    body = page(marked_up(template, around=around, between=between, entries=(entry,))).encode()
    assert dashed_once(told(body)) == [entry]


@pytest.mark.parametrize("depth", [100, 2047, 5000, 50_000])
def test_entries_survive_any_depth_of_nesting(depth: int) -> None:
    template, around, between = MARKUPS["paragraphs in list items"]
    deep = "<div>" * depth + marked_up(template, around=around, between=between) + "</div>" * depth
    assert told(page(deep).encode()) == list(ENTRIES)


@pytest.mark.parametrize(
    ("opening", "closing"), list(product(("<div>", "<b>", "<ul><li>", "<td>"), ("</span>", "</p>", "</td>")))
)
def test_unmatched_end_tags_take_linear_time(opening: str, closing: str) -> None:
    template, around, between = MARKUPS["paragraphs in list items"]
    listing = marked_up(template, around=around, between=between)
    assert told(page(opening * 60_000 + closing * 60_000 + listing).encode()) == list(ENTRIES)


def test_a_response_that_is_a_hanweb_store_is_read() -> None:
    template, _, _ = MARKUPS["a store"]
    store = marked_up(template, around="<?xml version='1.0'?><datastore><totalrecord>4</totalrecord>{}</datastore>")
    assert told(store.encode(), "text/xml") == list(ENTRIES)


@pytest.mark.parametrize("declared", ["gb2312", "iso-8859-1", "utf-8", "no-such-codec", "zlib", "unicode_escape"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_declared_codec_is_used_only_if_the_text_makes_sense(encoding: str, declared: str) -> None:
    template, around, between = MARKUPS["lines in list items"]
    listing = marked_up(template, around=around, between=between)
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
    body = page(listing, HEAD + meta).encode(encoding)
    assert told(body) == told(page(listing).encode(), f"text/html; charset={declared}") == list(ENTRIES)
    assert parse_listing(body, URL).encoding == encoding


def test_one_broken_byte_costs_one_character() -> None:
    template, around, between = MARKUPS["lines in list items"]
    body = page(marked_up(template, around=around, between=between)).encode().replace(b"A port", b"A \xffport")
    parsed = parse_listing(body, URL)
    assert (parsed.encoding, parsed.replacements) == ("utf-8", 1)
    assert [entry.commentary for entry in parsed.entries] == [entry.commentary for entry in ENTRIES]


def only(listing: str) -> Told:
    (entry,) = told(page(listing).encode())
    return entry


def test_an_older_repost_has_its_attribution_in_parentheses_after_the_excerpt() -> None:
    entry = only("<ul><li><p>Pandas (both) moved in. (Pandas Come Home at Last,by CNN.)</p><p>Good.</p></li></ul>")
    assert entry == Told("Pandas (both) moved in.", "(Pandas Come Home at Last,by CNN.)", "Good.")


@pytest.mark.parametrize("prose", ["It was built in 1998 (by hand).", "It works (see the notes, by and large)."])
def test_parentheses_in_prose_are_not_attributions(prose: str) -> None:
    assert only(f"<ul><li><p>{prose}</p><p>——It Works, CNN</p><p>Good.</p></li></ul>").excerpt == prose
    assert told(page(f"<ul><li><p>{prose}</p></li></ul>").encode()) == []


def test_a_certain_attribution_at_the_end_of_a_paragraph_is_found() -> None:
    assert only("<ul><li>Rice drones fly.——Drones over rice, Reuters</li></ul>") == Told(
        "Rice drones fly.", "——Drones over rice, Reuters", ""
    )


def test_several_paragraphs_of_one_part_are_joined_by_newlines() -> None:
    entry = only("<li><p>• One.</p><p>Two.</p><p>——T is for tea, CNN</p><p>Comments</p><p>Three.</p><p>Four.</p></li>")
    assert entry == Told("One.\nTwo.", "——T is for tea, CNN", "Three.\nFour.")


def test_missing_parts_are_empty_and_flagged() -> None:
    parsed = parse_listing(
        page("<ul><li>——Nothing Round It, CNN</li><li>a<br>——B comes after A, CNN</li></ul>").encode(), URL
    )
    assert [entry.flags for entry in parsed.entries] == [("no excerpt", "no commentary"), ("no commentary",)]


def test_a_guess_at_the_boundary_of_two_entries_is_flagged() -> None:
    flat = "<div><p>a</p><p>——One is first, CNN</p><p>b</p><p>c</p><p>d</p><p>——Two is next, CNN</p><p>e</p></div>"
    first, second = parse_listing(page(flat).encode(), URL).entries
    assert (first.commentary, second.excerpt) == ("b\nc", "d")
    assert first.flags == second.flags == ("boundary guessed",)


@pytest.mark.parametrize(
    "unseen",
    [
        "<!-- <p>x</p> -->",
        "<script>document.write('<p>x</p>')</script>",
        "<style>p{}</style>",
        "<template><p>x</p></template>",
        "<p hidden>x</p>",
        "<div style='display: none'><p>x</p></div>",
        "<select><option>x</option></select>",
    ],
)
def test_hidden_text_is_in_no_entry(unseen: str) -> None:
    assert only(f"<ul><li><p>a</p>{unseen}<p>——One is first, CNN</p>{unseen}<p>b</p></li></ul>") == Told(
        "a", "——One is first, CNN", "b"
    )


def test_texts_have_only_characters_that_xml_allows() -> None:
    entry = only(
        "<li><p>a&#0;&#x1f;\x0bb&#xD800;</p><p>——One\x00 is first, CNN</p><p>c&#xfffe;d&#99999999999999;</p></li>"
    )
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "".join(entry))


def test_a_certain_name_helps_to_split_other_lines_of_the_page() -> None:
    rows = "<li>a<br>——Robots and rice, by Avondblad Review<br>b</li><li>c<br>——Avondblad Review, Silk, Steel<br>d</li>"
    parsed = parse_listing(page(f"<ul>{rows}</ul>").encode(), URL)
    assert [entry.publication for entry in parsed.entries] == ["Avondblad Review"] * 2


@pytest.mark.parametrize("empty", ["\x00", "&#1;", "\u200b", "&#xfffe;"])
def test_a_text_of_removed_characters_only_is_not_a_paragraph(empty: str) -> None:
    assert only(
        f"<ul><li><i>{empty}</i><p>a</p><p>——One is first, CNN</p><b>b</b><u>{empty}</u></li></ul><i>{empty}</i>"
    ) == Told("a", "——One is first, CNN", "b")


def test_numbers_of_any_length_raise_nothing() -> None:
    nines = "9" * 10_000
    body = f"&#{nines};共{nines}页<script>createPageHTML({nines},0,'a','b')</script><a href=x>{nines}</a>——a"
    assert parse_listing(body.encode(), URL).page_count is not None


SNIPPETS = st.sampled_from(
    [b"<li>", b"</li>", b"<p>", b"</p>", b"<br>", b"<!--", b"-->", b"<script>", b"</script>", b"<a href='", b"'>", b"</a>",
     b"<table><tr><td>", b"</table>", "——".encode(), "——T, by P".encode(), b"<select><option value=2>", b"<record>",
     b"<datastore>", b"<![CDATA[", b"]]>", b"&#", b"&#x110000;", "共8页".encode(), "下一页".encode(), b"<base href='http://[x'>",
     b"<a href=http://h:8x/>Patent Search</a>", b"(A b c,by CNN.)", b"Comment:", b"\xff", b"\x00", b"<h1>", b"<title>"]
)  # fmt: skip
URLS = st.sampled_from(
    [URL, "", "http://[", "http://h:8x/{}?page={", "//", "https://e.example/a%20b/{0}.jhtml?page=3#x"]
)


@given(
    st.one_of(st.binary(max_size=300), st.lists(SNIPPETS, max_size=60).map(b"".join)),
    URLS,
    st.none() | st.text(max_size=60),
)
@settings(max_examples=examples(120, in_ci=200), deadline=None)
def test_no_bytes_raise(body: bytes, url: str, content_type: str | None) -> None:
    parsed = parse_listing(body, url, content_type)
    assert all(template.format(2) for template, _ in parsed.pager.guesses)


@given(st.data())
@settings(max_examples=examples(80, in_ci=120), deadline=None)
def test_no_mutation_of_a_listing_raises(data: st.DataObject) -> None:
    template, around, between = MARKUPS[data.draw(st.sampled_from(sorted(MARKUPS)))]
    body = bytearray(page(marked_up(template, around=around, between=between)).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 40))] = data.draw(SNIPPETS)
    parse_listing(bytes(body), URL)


WORDS = st.lists(
    st.sampled_from(["rice", "silk", "tea", "(green)", "5.6", "—", "court", "&", "patent", "“quoted”", "city's"]),
    min_size=2,
    max_size=12,
)


@given(
    st.lists(st.tuples(WORDS, WORDS), min_size=2, max_size=6),
    st.sampled_from([name for name in sorted(MARKUPS) if "dashes" not in name]),
    st.sampled_from(ENCODINGS),
)
@settings(max_examples=examples(60, in_ci=90), deadline=None)
def test_any_entries_read_the_same_from_any_markup(
    rows: list[tuple[list[str], list[str]]], name: str, encoding: str
) -> None:
    entries = tuple(
        Told("Said: " + " ".join(excerpt), f"——Story {number} of a town, CNN", "Noted: " + " ".join(commentary))
        for number, (excerpt, commentary) in enumerate(rows)
    )
    template, around, between = MARKUPS[name]
    assert dashed_once(
        told(page(marked_up(template, around=around, between=between, entries=entries)).encode(encoding))
    ) == list(entries)
