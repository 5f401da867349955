"""Find the pager of a page: page count, links to other pages, and URL patterns.

A wrong pattern (`index_2` on a site that counts from zero) skips a page. So zero-based patterns are tried before one-based
ones, and the reader compares the pages that it gets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from foreign_eyes.listing.parser.page_content import PageContent
from foreign_eyes.listing.parser.url_resolving import absolute, resolver
from foreign_eyes.listing.values import Pager

Resolve = Callable[[str], str | None]
Guess = tuple[str, int]

_TOTAL = re.compile(r"共\s*(\d{1,18})\d*\s*页")
_TOTAL_ENGLISH = re.compile(r"\bpage\s+\d+\s+of\s+(\d{1,18})\b", re.IGNORECASE)
_NUMBER = re.compile(r"[\[【第\s]*(\d{1,6})[\]】页\s]*")
_NEXT = re.compile(r"[\W_]*(?:下一?页|next(?:\s*page)?)[\W_]*", re.IGNORECASE)
_ARROW = re.compile(r"\s*[>›]\s*")

# a comment, or a string, which is kept (URLs contain "//"); in JavaScript, "<!--" begins a comment to the end of the line
_SCRIPT_COMMENT = re.compile(
    r"""/\*.*?(?:\*/|\Z)|(?://|<!--)[^\n]*+|("(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?)""", re.DOTALL
)
_TRS_CALL = re.compile(
    r"""createPageHTML\s*+\(\s*+(?:["'][^"'\n]{0,80}["']\s*+,\s*+)?(\d{1,18})\d*+\s*+,\s*+\d++\s*+"""
    r"""(?:,\s*+["']([^"'\n]{0,200})["']\s*+,\s*+["'](\w{0,10})["'])?"""
)
_TRS_COUNT = re.compile(r"\bcountPage\s*+=\s*+[\"']?(\d{1,18})")

_FILE = re.compile(r"(?P<stem>index|list|default)_?\d*\Z", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")


class TrsScript(NamedTuple):
    """The pager script of a TRS site: page count, and file name and extension of the pages."""

    total: int
    name: str | None = None
    extension: str | None = None


class PagerResult(NamedTuple):
    """The pager of a page and the page count that it announces."""

    pager: Pager
    page_count: int | None


def find_pager(document: PageContent, outside: Sequence[str], url: str) -> PagerResult:
    """Return the pager of the page at `url`; `outside` are its texts outside all entries."""
    resolve = resolver(url, document.base)
    script = _find_script(document.scripts)
    count = _count(document, outside, script, url)
    numbered = _numbered(document, resolve, count)
    next_url = _store_next(document, resolve) or _next(document, resolve)
    kind = _kind(document, outside, script, url, [*numbered.values(), *([next_url] if next_url else [])])
    usable = kind != "none" and absolute(url, url) is not None
    guesses = tuple(_guesses(kind, url, script, numbered, next_url)) if usable else ()
    return PagerResult(Pager(kind, next_url, numbered, guesses), count)


def _count(document: PageContent, outside: Sequence[str], script: TrsScript | None, url: str) -> int | None:
    """Return the announced page count, also an implausible one; the quality gate checks it."""
    if (total := _store_count(document, url)) is not None:
        return total
    text = "\n".join(outside)
    if match := _TOTAL.search(text) or _TOTAL_ENGLISH.search(text):
        return int(match[1])
    if script:
        return script.total
    return max((len(options) for options in document.selects if _is_jump(options)), default=None)


def _is_jump(options: Sequence[tuple[str, str]]) -> bool:
    """Return whether the options of a select are the pages 1, 2, 3 and so on."""
    numbers = [match[1] if (match := _NUMBER.fullmatch(label)) else "" for _, label in options]
    return bool(numbers) and all(number and int(number) == place for place, number in enumerate(numbers, start=1))


def _store_count(document: PageContent, url: str) -> int | None:
    """Return the number of responses of a Hanweb store.

    One response can have three of the pages that visitors see.

    The last response has fewer records. It has no link to a next group, and its own number is the count.
    """
    store = next((store for store in document.stores if store.total is not None and store.records), None)
    if store is None or store.total is None:
        return None
    own = _DIGITS.search(_query(url).get("page", ""))
    if store.next_href is None and own is not None and len(own[0]) < 10:
        return max(1, int(own[0]))
    return math.ceil(store.total / len(store.records)) or None


def _store_next(document: PageContent, resolve: Resolve) -> str | None:
    hrefs = (store.next_href for store in document.stores if store.next_href)
    return next(filter(None, map(resolve, hrefs)), None)


def _find_script(scripts: Sequence[str]) -> TrsScript | None:
    """Return the call of the TRS pager in the scripts; ignore one that is commented out."""
    for source in scripts:
        if "createPageHTML" not in source and "countPage" not in source:
            continue
        code = _SCRIPT_COMMENT.sub(lambda match: match[1] or " ", source)
        if match := _TRS_CALL.search(code):
            return TrsScript(int(match[1]), match[2], match[3])
        if match := _TRS_COUNT.search(code):
            return TrsScript(int(match[1]))
    return None


def _numbered(document: PageContent, resolve: Resolve, count: int | None) -> dict[int, str]:
    """Return the pages linked by number: from anchors, then from the options of a select."""
    found: dict[int, str] = {}
    links = [(anchor.label, anchor.href) for anchor in document.anchors]
    jumps = [options for options in document.selects if _is_jump(options)]
    links += [(label, value) for options in jumps for value, label in options if not value.strip().isdecimal()]
    for label, href in links:
        match = _NUMBER.fullmatch(label)
        number = int(match[1]) if match else 0
        if number < 1 or number in found or (count is not None and number > count):
            continue
        if (link_url := resolve(href)) is not None:
            found[number] = link_url
    return dict(sorted(found.items()))


def _next(document: PageContent, resolve: Resolve) -> str | None:
    """Return the link with the text "next", else with rel="next", else with an arrow."""
    tests: tuple[Callable[[str, str], object], ...] = (
        lambda label, rel: _NEXT.fullmatch(label),
        lambda label, rel: "next" in rel.lower().split(),
        lambda label, rel: _ARROW.fullmatch(label),
    )
    for test in tests:
        for anchor in document.anchors:
            if len(anchor.label) <= 40 and test(anchor.label, anchor.rel) and (link_url := resolve(anchor.href)):
                return link_url
    return None


def _kind(
    document: PageContent, outside: Sequence[str], script: TrsScript | None, url: str, linked: Sequence[str]
) -> str:
    path = _path(url)
    if document.stores:
        return "jpage"
    if script:
        return "trs"
    if any(link_url.partition("?")[0].endswith(".jhtml") for link_url in (*linked, path)):
        return "jeecms" if linked or _announced(outside) else "none"
    if any("page" in _query(link_url) for link_url in linked):
        return "query"
    if linked or _announced(outside):
        return "column"
    return "none"


def _announced(outside: Sequence[str]) -> bool:
    return any(_TOTAL.search(text) or "下一页" in text for text in outside)


def _guesses(
    kind: str, url: str, script: TrsScript | None, numbered: dict[int, str], next_url: str | None
) -> Iterator[Guess]:
    """Yield URL patterns in the order to try.

    The pattern of the links is first, then those of the kind of pager.
    """
    folder, stem, extension = _split_address(url)
    if script and script.name:
        extension = script.extension or extension
        stem = script.name
    patterns = {
        "column": [(f"{folder}{_escape_braces(stem)}{{}}.{_escape_braces(extension)}", 0)],
        "trs": [(f"{folder}{_escape_braces(stem)}_{{}}.{_escape_braces(extension)}", 0)],
        "jeecms": [(f"{folder}{_escape_braces(stem)}_{{}}.{_escape_braces(extension)}", 1)],
        "query": [(_query_pattern(url), 1)],
        "jpage": [],
    }
    order = {
        "trs": ("trs", "column", "jeecms", "query"),
        "jeecms": ("jeecms",),
        "query": ("query",),
        "jpage": ("jpage",),
    }
    guesses: list[Guess] = []
    if (observed := _observed(numbered, next_url if kind == "jpage" else None)) is not None:
        guesses.append(observed)
    for name in order.get(kind, ("column", "trs", "jeecms", "query")):
        guesses += patterns[name]
    yield from dict.fromkeys(guesses)


def _observed(numbered: dict[int, str], second: str | None) -> Guess | None:
    """Return the pattern that two linked URLs follow, or that of the next group of a store.

    Return None if there is none.
    """
    if second is not None:
        page = re.search(r"(?<=[?&]page=)\d{1,9}", second)
        return (
            (_escape_braces(second[: page.start()]) + "{}" + _escape_braces(second[page.end() :]), 1) if page else None
        )
    patterns = [
        pattern for number in sorted(numbered)[:8] if number > 1 and (pattern := _pattern_of(number, numbered[number]))
    ]
    return next((pattern for pattern in patterns if patterns.count(pattern) > 1), None)


def _pattern_of(number: int, link_url: str) -> Guess | None:
    """Return the pattern in which `link_url` is page `number`, counted from zero or from one."""
    for match in reversed(list(_DIGITS.finditer(link_url[:2000]))):
        if match[0] in (str(number - 1), str(number)):
            template = _escape_braces(link_url[: match.start()]) + "{}" + _escape_braces(link_url[match.end() :])
            return template, int(match[0]) - number + 1
    return None


def _split_address(url: str) -> tuple[str, str, str]:
    """Return folder (as a pattern), file stem without page number, and extension of `url`.

    A URL without a file name has `index` and `htm`.
    """
    folder, _, name = url.partition("#")[0].partition("?")[0].rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return _escape_braces(f"{folder}/{name}/" if name else f"{folder}/"), "index", "htm"
    match = _FILE.match(stem)
    return f"{_escape_braces(folder)}/", match["stem"] if match else stem, extension


def _query_pattern(url: str) -> str:
    base, _, query = url.partition("#")[0].partition("?")
    others = [(name, value) for name, value in parse_qsl(query[:4000], keep_blank_values=True) if name != "page"]
    return f"{_escape_braces(base)}?{_escape_braces(urlencode([*others, ('page', '')]))}{{}}"


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(url.partition("#")[0].partition("?")[2][:4000], keep_blank_values=True))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _escape_braces(text: str) -> str:
    """Return `text` with braces escaped for `str.format`."""
    return text.replace("{", "{{").replace("}", "}}")
