"""The parser's text compared with that of a browser-grade parser (lexbor) for the same pages.

Each difference that changes what is read stands in DIFFERENCES with its reason. lexbor is quadratic on unmatched end tags,
so the pages are short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT, examples
from hypothesis import given, settings
from hypothesis import strategies as st
from support.browser_view import STYLES, shown_by_browser, shown_by_us
from support.programs import lacking
from test_parser_listing_page import MARKUPS, marked_up, page

from foreign_eyes import sample

# The tree construction tests of html5lib, which Debian ships with Go's parser (golang-golang-x-net-dev)
HTML5LIB = Path("/usr/share/gocode/src/golang.org/x/net/html/testdata")


class Difference(NamedTuple):
    """Pages that the parser reads differently from a browser, the reason, and whether the characters are equal."""

    reason: str
    pages: re.Pattern[str]
    same_signs: bool = False


DIFFERENCES = (
    Difference(
        "text directly in a table: a browser moves it before the table, and we read it where it is written",
        re.compile("<table", re.IGNORECASE),
        same_signs=True,
    ),
    Difference(
        "noscript: lexbor parses it as a browser without scripts; we leave it out, as a browser with scripts does",
        re.compile("<noscript", re.IGNORECASE),
    ),
    Difference(
        "frameset: a browser shows the frames and no text; the text of such a page is the listing for browsers without frames",
        re.compile("<frameset", re.IGNORECASE),
    ),
    Difference(
        "a select that is not closed: it ends at the next block, so that a forgotten end tag hides no entries",
        re.compile("<select(?!.*</select)", re.IGNORECASE | re.DOTALL),
    ),
)
# Known differences of pages that the strategies below do not make:
# - rows and cells without any table break paragraphs and group them, since a script puts such an answer into a table (a page
#   with a table is read as a browser does, but for the breaks);
# - an end tag of a formatting element moves the blocks in it out of what is hidden between the two, text included that came
#   before that end tag: `<b><span hidden><p>text</b>` shows the text;
# - a formatting element that hides nothing, and was closed by a block round it, is not opened again;
# - text directly in a table inside a hidden link, after another link began in that table, is shown;
# - a fifth hidden formatting element that is closed by a block round it does not go on after it.
LOOSE_PARTS = re.compile("<(?:caption|colgroup|col|tbody|thead|tfoot|tr|td|th)[ />]", re.IGNORECASE)


def compare(source: str) -> None:
    """Compare the lines, or only the characters if the difference says so."""
    browser, ours = shown_by_browser(source), shown_by_us(source)
    if browser == ours:
        return
    known = [difference for difference in DIFFERENCES if difference.pages.search(source)]
    if known and all(difference.same_signs for difference in known):
        assert sorted("".join(ours)) == sorted("".join(browser))
    elif not known:
        assert ours == browser


# html5lib's pages


def html5lib_pages() -> Iterator[str]:
    for file in sorted(HTML5LIB.rglob("*.dat")):
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        for test in re.split(r"(?:\A|\n)#data\n", text)[1:]:
            source, _, rest = test.partition("\n#errors")
            if "#document-fragment" not in rest:
                yield source


def test_the_pages_of_html5lib_read_as_a_browser_shows_them() -> None:
    pages = list(html5lib_pages())
    if not pages:
        lacking("golang-golang-x-net-dev, with html5lib's tests, is not installed")
    assert len(pages) > 1000
    for source in pages:
        compare(source)
    needed = {
        difference.reason
        for source in pages
        for difference in DIFFERENCES
        if difference.pages.search(source) and shown_by_browser(source) != shown_by_us(source)
    }
    assert needed == {difference.reason for difference in DIFFERENCES}


# The project's own pages


@pytest.mark.parametrize("path", sample.pages())
def test_the_pages_of_the_sample_read_as_a_browser_shows_them(path: str) -> None:
    encoding = "gbk" if b"gb2312" in sample.pages()[path][:600] else "utf-8"
    source = sample.pages()[path].decode(encoding, "replace")
    assert shown_by_us(source) == shown_by_browser(source)


@pytest.mark.parametrize("name", [name for name in MARKUPS if "store" not in name])
def test_each_markup_of_a_listing_reads_as_a_browser_shows_it(name: str) -> None:
    template, around, between = MARKUPS[name]
    source = page(marked_up(template, around=around, between=between))
    assert shown_by_us(source) == shown_by_browser(source)


@pytest.mark.parametrize("file", sorted((ROOT / "tests" / "data").rglob("*.html")), ids=lambda file: file.name)
def test_published_pages_read_as_a_browser_shows_them(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert shown_by_us(source) == shown_by_browser(source)


# Pages that hypothesis makes


def words(text: str) -> list[str]:
    return text.split()


PLAIN = ["span", "abbr", "label"]
FORMATTING = ["a", "b", "i", "em", "font", "nobr", "u", "code"]
BLOCKS = words(
    """
    div p ul ol li dl dt dd h1 h2 section article blockquote pre form center address main details summary header fieldset
    figure
    """
)
TABLES = ["table", "tbody", "thead", "tr", "td", "th", "caption", "colgroup"]
DRAWINGS = words(
    """
    svg math path g title desc foreignObject mi mtext annotation-xml style script mo defs text
    """
)
ODD = [
    "button",
    "object",
    "marquee",
    "template",
    "ruby",
    "rt",
    "listing",
    "hr",
    "br",
    "img",
    "input",
    "body",
    "html",
    "head",
]
WHOLE = [
    "<script><!--<script></script>--></script>",
    "<script><!-- </script>",
    "<script>var a = '<p>';</script>",
    "<style>p{}</style>",
    "<title>t</title>",
    "<!-- c -->",
    "<!-- <p>x<!-- y --></p> -->",
    "<!-->",
    "<!--->",
    "<!-- x --!>",
    "<!x>",
    "<?x>",
    "<![CDATA[q1]]>",
    "<![CDATA[<p>]]>",
    "</>",
    "</ x>",
    "<textarea>z</textarea>",
    "<xmp><b>k</xmp>",
    "<select><option>o</option></select>",
    "<iframe>f</iframe>",
    "<span hidden>h</span>",
    "<a href=# style='display:none'>h</a>",
    "&lt;p&gt;",
    "&amp",
    "&copy=",
    "< p",
]
ATTRIBUTES = [
    "",
    "",
    "",
    "",
    " color=red",
    " class=x",
    " a='>'",
    ' b=">"',
    " =x",
    ' ="',
    " /",
    " open",
    ' encoding="text/html"',
]
HIDING = [*ATTRIBUTES, " hidden", *(f' style="{style}"' for style in STYLES)]


def soup(names: list[str]) -> st.SearchStrategy[str]:
    """Return a strategy for pages of tags and text in any order, about half of them with a doctype."""
    starts = st.sampled_from(names).flatmap(
        lambda name: st.builds(
            "<{}{}{}>".format,
            st.just(name),
            st.sampled_from(HIDING if name in (*BLOCKS, *TABLES, "button", "marquee", "listing") else ATTRIBUTES),
            st.sampled_from(["", "", "", "/"]),
        )
    )
    ends = st.sampled_from(names).map("</{}>".format)
    texts = st.integers(0, 99).map("t{}".format)
    pieces = st.lists(st.one_of(texts, starts, ends, st.sampled_from(WHOLE)), max_size=30)
    return st.builds(lambda doctype, parts: doctype + "".join(parts), st.sampled_from(["", "<!doctype html>"]), pieces)


@pytest.mark.parametrize(
    "names",
    [FORMATTING + PLAIN + BLOCKS, PLAIN + BLOCKS[:4] + DRAWINGS, PLAIN + BLOCKS[:6] + ODD],
    ids=["text", "drawings", "odd"],
)
@given(st.data())
@settings(max_examples=examples(100, in_ci=150))
def test_pages_of_any_tags_read_as_a_browser_shows_them(names: list[str], data: st.DataObject) -> None:
    source = data.draw(soup(names))
    assert shown_by_us(source) == shown_by_browser(source)


@given(soup(FORMATTING[:4] + BLOCKS[:4] + TABLES), st.booleans())
@settings(max_examples=examples(100, in_ci=150))
def test_broken_tables_show_the_characters_that_a_browser_shows(source: str, late: bool) -> None:
    if late or not LOOSE_PARTS.search(source):
        compare(f"<table></table>{source}")


CELL = st.lists(st.sampled_from(["<p>t</p>", "t<br>u", "<div>t", "<b>t</b>", "<ul><li>t<li>u</ul>"]), max_size=3).map(
    "".join
)


@given(st.lists(st.lists(st.tuples(st.sampled_from(["td", "th"]), st.sampled_from(HIDING), CELL), max_size=3)))
def test_tables_with_text_in_cells_read_line_by_line(rows: list[list[tuple[str, str, str]]]) -> None:
    source = "".join("<tr>" + "".join(f"<{name}{extra}>{cell}" for name, extra, cell in row) for row in rows)
    source = f"a<table>{source}</table>b"
    assert shown_by_us(source) == shown_by_browser(source)


# Formatting elements that hide something: what is open in them, and what goes on after them


@pytest.mark.parametrize(
    "source",
    [
        "<p><b hidden>x</p><p>y</p>z",
        "<p><b hidden>x</b></p><p>y</p>",
        "<b hidden>x<p>y</p></b>z",
        "<b hidden><p></b>y</p>z",
        "<b><i hidden><p></b>y</p>z",
        "<p><a href=# style='display:none'>x<p>y<a href=#>z",
        "<table><td><b hidden>x</table>y",
        "<b hidden><table><td>x</table>y</b>z",
        "<div><b hidden>x</div>y</b>z",
        "<p><b hidden>x<b>y</b>z</b>a</p>b",
        "<form hidden>x<div></form>y</div>z",
        "<a hidden>x<table><a></table>z",
        "<ul hidden><li>x</ul>y<li>z",
        "<div hidden><svg><p>x</div>y",
        "<p hidden>x<table>y</table>z",
        "<!doctype html><p hidden>x<table><td>y</table>z",
    ],
)
def test_a_hidden_element_ends_where_it_ends_in_a_browser(source: str) -> None:
    compare(source)


# Nothing raises, and no input costs more than its length


@given(st.text(alphabet="<>/!-='\" abpstdliv&#;[]CDATA\x00\u200b", max_size=200))
@settings(max_examples=examples(120, in_ci=200))
def test_no_text_raises(source: str) -> None:
    shown_by_us(source)


@pytest.mark.parametrize(
    "source",
    [
        "<p><b hidden>x" * 20_000,
        "<b hidden>" * 20_000 + "<div>" * 20_000 + "</b>" * 20_000,
        "<b hidden>" * 20_000 + "<span>" * 20_000 + "<p>" + "</b>" * 20_000,
        "<svg>" + "<g>" * 40_000 + "</x>" * 40_000,
        "<svg><g>" * 20_000 + "<p>" * 20_000,
        "<svg>" + "<![CDATA[" * 100_000,
        "<![CDATA[" * 100_000,
        "<script>" + "<!--<script>" * 100_000,
        "<!--" * 100_000,
        "<a b='" * 100_000,
        "<p " + "= " * 500_000,
        "<p a" + " " * 1_000_000 + ">",
        "<table><td hidden>x" * 20_000,
        "<a hidden><table>" * 20_000,
        "<form><div></form>" * 20_000,
        "<p style='" + "a:b;" * 200_000 + "'>",
        "<p style='" + "(" * 200_000 + "'>",
        "<p style='" + "/*" * 200_000 + "'>",
        "a\u200d" * 300_000,
        "\u200b" * 300_000,
    ],
    ids=lambda source: source[:24],
)
def test_hostile_nesting_takes_linear_time(source: str) -> None:
    shown_by_us(source)  # with anything quadratic in it the test would run into the limit of the suite
