"""Content that readers do not see neither makes nor hides entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.listing.parser import normalise_publication, parse_listing
from foreign_eyes.listing.parser.html_tokens import attributes
from foreign_eyes.listing.parser.invisible_characters import without_invisible
from foreign_eyes.listing.parser.visibility import declarations, visibility

URL = "https://ip.example/column/index.htm"
HEADING = "<h1>China's IP in Foreign Eyes</h1>"
ENTRIES = [("Lamps That Listen", "The Guardian"), ("Oars of Carbon", "CNN"), ("Paper Goes East", "Kvartal")]
LISTING = "".join(
    f"<li><p>Excerpt {number} of a page.</p><p>——{title}, by {name}</p><p>Comment {number}.</p></li>"
    for number, (title, name) in enumerate(ENTRIES)
)


def read(body: str) -> list[tuple[str | None, str | None]]:
    page = parse_listing(body.encode(), URL)
    assert all(entry.commentary.startswith("Comment ") and not entry.flags for entry in page.entries)
    return [(entry.title, entry.publication) for entry in page.entries]


def listing(before: str = "", between: str = "", after: str = "") -> str:
    return f"<html><body>{before}{HEADING}<ul>{between}{LISTING}</ul>{after}</body></html>"


@pytest.mark.parametrize(
    "icon",
    [
        '<svg class="icon"><title/><path d="M0 0"/></svg>',
        "<svg><style/><path/></svg>",
        "<svg><script/></svg>",
        "<svg><textarea/><xmp/><iframe/></svg>",
        "<svg><title>An icon</title><desc>——Not a Title, by CNN</desc></svg>",
        "<svg><path d='M0 0'>",
        "<svg><g><text>——Not a Title, by CNN",
        "<svg><style>.a{}</style>",
        "<svg><![CDATA[ <p>——Not a Title, by CNN</p> ]]></svg>",
        "<math><mi>x</mi><annotation>——Not a Title, by CNN</annotation></math>",
        "<math><mi/><mo>",
        "<svg><a href='#'><image/></a></svg>",
        "<SVG><TITLE/></SVG>",
    ],
)
@pytest.mark.parametrize("place", ["before", "between"])
def test_a_drawing_hides_no_entry_and_makes_none(icon: str, place: str) -> None:
    assert read(listing(**{place: icon})) == ENTRIES


def test_html_inside_a_drawing_is_read() -> None:
    assert read(f"{HEADING}<svg><foreignObject><ul>{LISTING}</ul></foreignObject></svg>") == ENTRIES


@pytest.mark.parametrize(
    "rest",
    [
        "<!-- <li>x<!-- y --></li> -->",
        "<!-- a --!>",
        "<!-->",
        "<!--->",
        "<!- ——Not a Title, by CNN ->",
        "<![CDATA[ ——Not a Title, by CNN ]>",
        "<?php echo '——Not a Title, by CNN' ?>",
        "</ ——Not a Title, by CNN>",
        "<!DOCTYPE ——Not a Title, by CNN>",
        "<script><!--<script></script>--></script>",
        "<script><!-- <p>——Not a Title, by CNN</p> --></script>",
        "<script>var a = '<!--<script>——Not a Title, by CNN</script>-->';</script>",
        "<p>--&gt;</p>",
        "<p>——</p><hr>",
        "<p>——→</p>",
        "<p>--!&gt;</p>",
        "<p>—— ——</p><p>——&gt;</p>",
        "<p>— — —</p><p>-- 2 --</p>",
        "<p>===&gt;</p><p>——.</p>",
    ],
)
@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_comments_scripts_and_lines_without_a_word_make_no_entry(rest: str, place: str) -> None:
    assert read(listing(**{place: rest})) == ENTRIES


HIDDEN = [
    "hidden",
    "hidden=until-found",
    "HIDDEN=''",
    'style="display:none"',
    'style="DISPLAY : None ! important"',
    'style="display:/* x */none"',
    'style="display:none;display:nonsense"',
    'style="display:none !important;display:block"',
    r'style="d\69 splay:none"',
    'style="display:&#110;one"',
    'style="visibility:hidden"',
    'style="visibility:collapse"',
    'style="color:red;;visibility : HIDDEN ;"',
    'style="background:url(a;display:block);visibility:hidden"',
    'style="opacity:0"',
    'style="opacity:.0"',
    'style="opacity:0%"',
    'style="content-visibility:hidden"',
    'style="position:absolute;left:-9999px"',
    'style="position:fixed; top:-200em; top:-1000px"',
    'style="text-indent:-9999px"',
    'style="height:0;overflow:hidden"',
    'style="position:absolute;clip:rect(0,0,0,0)"',
    'style="transform:scale(0)"',
]
SHOWN = [
    'class="hidden"',
    'data-hidden="1"',
    'aria-hidden="true"',
    'style="display:block"',
    'hidden style="display:block"',
    'style="display:none;display:block"',
    'style="display:nonsense"',
    'style="visibility:visible"',
    'style="/* display:none */"',
    "style=\"content:'display:none'\"",
    'style="overflow:hidden"',
    'style="opacity:0.01"',
    'style="opacity:none"',
    'style="x-display:none"',
    'style="position:absolute;left:-10px"',
    'style="text-indent:2em"',
    'title="style=display:none"',
]


@pytest.mark.parametrize("attribute", HIDDEN)
@pytest.mark.parametrize(
    "copy",
    [
        "<div {}><ul>" + LISTING + "</ul></div>",
        "<ul {}>" + LISTING + "</ul>",
        "<a {} href='#'>——Hidden, by CNN</a>",
        "<p {}>——Hidden, by CNN</p>",
        "<table><tr {}><td>——Hidden, by CNN</td></tr></table>",
        "<p><b {}>——Hidden, by CNN</p><p>——Hidden, by CNN</b></p>",
        "<div {}><div style='color:red'><p>——Hidden, by CNN</div><svg><p>——Hidden, by CNN</div>",
    ],
)
def test_hidden_elements_are_not_read(attribute: str, copy: str) -> None:
    assert read(listing(before=copy.format(attribute))) == ENTRIES


@pytest.mark.parametrize("attribute", SHOWN)
def test_elements_that_only_seem_hidden_are_read(attribute: str) -> None:
    assert read(f"{HEADING}<div {attribute}><ul>{LISTING}</ul></div>") == ENTRIES


@pytest.mark.parametrize(
    "hider",
    [
        "template",
        "noscript",
        "iframe",
        "noframes",
        "noembed",
        "object",
        "audio",
        "video",
        "canvas",
        "datalist",
        "dialog",
    ],
)
def test_elements_that_a_browser_does_not_show_are_not_read(hider: str) -> None:
    assert read(listing(before=f"<{hider}><ul>{LISTING}</ul></{hider}>")) == ENTRIES


def test_a_visible_element_inside_an_invisible_one_is_read() -> None:
    inside = f"<ul style='visibility:visible'>{LISTING}</ul>"
    assert read(f"{HEADING}<div style='visibility:hidden'>——Hidden, by CNN{inside}</div>") == ENTRIES
    assert read(f"{HEADING}<div style='display:none'>{inside}</div>") == []


@pytest.mark.parametrize("attribute", ["hidden", "style='visibility:hidden'", "style='opacity:0'"])
def test_a_page_hidden_until_a_script_runs_is_read(attribute: str) -> None:
    assert read(f"<html {attribute}><body {attribute}>{HEADING}<ul>{LISTING}</ul>") == ENTRIES


@pytest.mark.parametrize("attribute", ["hidden", "style='display:none'", "style='visibility:hidden'"])
def test_hidden_links_are_not_followed(attribute: str) -> None:
    links = (
        f"<a {attribute} href=trap.htm title='Patent Search'>Patent Search</a><div {attribute}><a href=t>2</a></div>"
    )
    page = parse_listing(listing(after=links).encode(), URL)
    assert (page.links, page.pager.numbered) == ((), {})


# Signs that show nothing


INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u2060\u2064\ufeff\u00ad\u034f\u061c\u180e\u202a\u202c\u202e\u2066\u2069\ufe0f"
    "\U000e0020\U000e0100"
)


@pytest.mark.parametrize("sign", INVISIBLE, ids=lambda sign: f"U+{ord(sign):04X}")
def test_invisible_characters_neither_make_a_second_publication_nor_hide_a_marker(sign: str) -> None:
    rows = (
        f"<li><p>Ex{sign}cerpt.</p><p>{sign}—{sign}—{sign}A T{sign}itle, by{sign} The{sign} Guar{sign}dian{sign}</p>"
        f"<p>Com{sign}ment{sign}:{sign} Noted.</p></li>"
    )
    page = parse_listing(f"<h1>China's I{sign}P in Foreign{sign} Eyes</h1><ul>{rows}</ul>".encode(), URL)
    (entry,) = page.entries
    assert (entry.excerpt, entry.title, entry.publication) == ("Excerpt.", "A Title", "The Guardian")
    assert entry.commentary == "Noted."
    assert page.has_heading


@pytest.mark.parametrize(
    "kept", ["❤\ufe0f", "👩\u200d💻", "می\u200cخواهم", "क\u094d\u200dष", "1\ufe0f\u20e3", "葛\U000e0100", "©\ufe0f"]
)
def test_joiners_and_selectors_that_change_the_display_stay(kept: str) -> None:
    assert without_invisible(kept) == kept


def test_a_filler_becomes_a_space() -> None:
    assert without_invisible("The\u3164Guardian") == "The Guardian"


def test_normalise_publication_removes_invisible_characters() -> None:
    assert normalise_publication("The\u200b Guar\u00addian") == "The Guardian"


@given(st.text(max_size=60))
def test_removing_invisible_characters_is_idempotent(text: str) -> None:
    once = without_invisible(text)
    assert without_invisible(once) == once


# Attributes


def test_character_references_in_urls_are_resolved_as_in_browsers() -> None:
    source = ' href="?a=1&copy=2&amp;b=3&lt;&notit;&#38;x&copy" title=&quot;x&quot;'
    assert attributes(source) == {"href": "?a=1&copy=2&b=3<&notit;&x©", "title": '"x"'}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (' ="a" b=c', {'="a"': "", "b": "c"}),
        (" a==b", {"a": "=b"}),
        (" a = b/c d/e", {"a": "b/c", "d": "", "e": ""}),
        (" a=1 A=2", {"a": "1"}),
    ],
)
def test_attributes_are_read_as_browsers_do(source: str, found: dict[str, str]) -> None:
    assert attributes(source) == found


@given(st.text(alphabet="display:none;!important/*\\'\"() visbltyhd0.-%px", max_size=80))
def test_no_style_raises(style: str) -> None:
    declarations(style)
    visibility("p", {"style": style})
