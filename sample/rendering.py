"""Render the pages of the sample for a day of its story, always as the same bytes.

Pure except for reading the story.

The texts are in TOML files (see `sample.story`). Pages as files would repeat the pager eight times, and the page in GBK
would be a binary file without readable diffs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import NamedTuple

from foreign_eyes.sample.source import LISTING_PATH, ROBOTS_PATH
from foreign_eyes.sample.story import Day, Entry, PageFormat, days, page_formats

_FOLDER = LISTING_PATH.removesuffix("index.htm")
_GAP = "&nbsp;&nbsp; "
_LINKED_NUMBERS = 6  # the maximum that the column's pager links

_LISTING = Template("""\
<!DOCTYPE html>
<html lang="en"><head>
<meta http-equiv="Content-Type" content="text/html; charset=$declared">
<meta name="description" content="A sample written for the Foreign Eyes project; its excerpts quote no newspaper.">
<title>China's IP in Foreign Eyes</title>
</head><body><div class="content"><h1>China's IP in Foreign Eyes</h1>
$entries
$pager</div>
<div class="foot"><a href="$patent_search">Patent Search</a></div></body></html>
""")

_PATENT_SEARCH = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Patent Search</title></head>
<body><h1>Patent Search</h1><p>Search by number, title or applicant. (A sample page: it finds nothing.)</p>
</body></html>
"""

_ROBOTS = """\
User-agent: *
Disallow: /admin/
"""


class _Markup(NamedTuple):
    """The tags around the list, around each entry and between the lines of an entry."""

    list_start: str
    entry_start: str
    between_lines: str
    entry_end: str
    list_end: str


_MARKUPS: Mapping[str, _Markup] = {
    "paragraphs": _Markup("<ul>", "<li><p>", "</p>\n<p>", "</p>\n</li>", "</ul>"),
    "bullets": _Markup("<ul>", "<li><p>•&nbsp;", "</p>\n<p>", "</p>\n</li>", "</ul>"),
    "breaks": _Markup("<ul>", "<li>", "<br>\n", "</li>", "</ul>"),
    "divisions": _Markup('<div class="list">', '<div class="item"><div>', "</div>\n<div>", "</div>\n</div>", "</div>"),
    "table": _Markup("<table>", "<tr><td><p>", "</p>\n<p>", "</p>\n</td></tr>", "</table>"),
}


def render_pages(day: int = 1) -> dict[str, bytes]:
    """Return the body of every page of the sample on a day, by path.

    Listing pages come first, in order.

    Days count from 1; after the last day of the story the listing does not change.
    """
    state = days()[min(day, len(days())) - 1]
    contents = _paginated(state)
    rendered = {
        _FOLDER + _file_name(number): _render(page_format, entries, number, state)
        for number, (page_format, entries) in enumerate(zip(page_formats(), contents, strict=True), start=1)
    }
    return rendered | {state.patent_search_path: _PATENT_SEARCH.encode(), ROBOTS_PATH: _ROBOTS.encode()}


def content_type(path: str) -> str:
    """Return the Content-Type for `path`.

    As in the column, that of a listing page has no charset.
    """
    if path == ROBOTS_PATH:
        return "text/plain; charset=utf-8"
    return "text/html" if path.startswith(_FOLDER) else "text/html; charset=utf-8"


def _file_name(number: int) -> str:
    return "index.htm" if number == 1 else f"index{number - 1}.htm"


def _paginated(day: Day) -> list[Sequence[Entry]]:
    """Return the entries of each page.

    As in the column, new entries push others to the next page.
    """
    found: list[Sequence[Entry]] = []
    start = 0
    for page_format in page_formats():
        found.append(day.entries[start : start + page_format.size])
        start += page_format.size
    found[-1] = (*found[-1], *day.entries[start:])
    return found


def _render(page_format: PageFormat, entries: Sequence[Entry], number: int, day: Day) -> bytes:
    markup = _MARKUPS[page_format.markup]
    page = _LISTING.substitute(
        declared=page_format.declared,
        entries="\n".join([markup.list_start, *(_entry(entry, markup) for entry in entries), markup.list_end]),
        pager=_pager(number, len(page_formats())),
        patent_search=day.patent_search_path,
    )
    return page.encode(page_format.encoding, errors="xmlcharrefreplace")


def _entry(entry: Mapping[str, str], markup: _Markup) -> str:
    lines = [entry[part] for part in ("excerpt", "attribution", "label", "commentary") if part in entry]
    return markup.entry_start + markup.between_lines.join(map(_line, lines)) + markup.entry_end


def _line(text: str) -> str:
    return escape(text.strip("\n").replace("\n", " "), quote=False).replace("\u00a0", "&nbsp;")


def _pager(number: int, count: int) -> str:
    def link(target: int, label: str) -> str:
        return f'<a href="{_file_name(target)}">{label}</a>'

    numbers = " ".join(
        f"<b>{each}</b>" if each == number else link(each, str(each))
        for each in range(1, min(count, _LINKED_NUMBERS) + 1)
    )
    previous_page = link(number - 1, "上一页") if number > 1 else "上一页"
    next_page = link(number + 1, "下一页") if number < count else "下一页"
    options = "".join(f'<option value="{_file_name(each)}">{each}</option>' for each in range(1, count + 1))
    return (
        f'<div class="index_page01"><font>共{count}页</font>{_GAP}{link(1, "首页")}{_GAP}{previous_page}{_GAP}'
        f"{numbers} {next_page}{_GAP}{link(count, '尾页')}{_GAP}转到"
        f'<form name="pageForm"><select>{options}</select></form></div>'
    )
