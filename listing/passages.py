"""Finds the texts of an entry in the bytes of a page. Pure.

    bytes | decode | text between tags, each character with its place | find | places in bytes

Tags, comments, white space and the way characters are written (`&mdash;` or `—`) do not count, because the parser reads them
in the same way.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple

from foreign_eyes.listing.parser.charset import Decoded, decode
from foreign_eyes.listing.text import clean

_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<[/!?]?[A-Za-z][^<>]*>|&#?\w{1,32};|\s+", re.DOTALL)
_BLANK = re.compile(r"[\s\u200b\u2060\ufeff\u00ad]+")
# the most occurrences of one text that are compared; a page can repeat a commentary many times
_MOST_OCCURRENCES = 100


class Span(NamedTuple):
    """A half-open range of bytes."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """The place of a text in a body, with the decoded bytes there and around it."""

    span: Span
    before: str
    text: str
    after: str


def find_passages(
    body: bytes, texts: Mapping[str, str], content_type: str | None = None, around: int = 200
) -> dict[str, Passage]:
    """Return the passages of `body` that show the texts of one entry, by name.

    Args:
        body: the bytes of a page.
        texts: the texts of the entry as listed, by the names of its parts, in the order of the page; empty ones are
            skipped.
        content_type: the header field of the response.
        around: the characters before and after a passage to return with it.

    Returns:
        the passages of the texts that were found. If a text stands on the page several times, the place next to the
        longest text counts, on the side where it belongs.
    """
    decoded = decode(body, content_type)
    page = _project(decoded.text)
    wanted = {name: "".join(_BLANK.split(clean(text))) for name, text in texts.items() if text}
    found = {name: places for name, text in wanted.items() if text and (places := [*_occurrences(page.text, text)])}
    if not found:
        return {}
    chosen = _nearest(found, wanted)
    offsets = _Offsets(body, decoded)
    return {
        name: _passage(offsets, decoded.text, page.starts[place], page.ends[place + len(wanted[name]) - 1], around)
        for name, place in chosen.items()
    }


class _Projection(NamedTuple):
    """The characters between tags, without white space, and the place of each in the source."""

    text: str
    starts: list[int]
    ends: list[int]


def _project(source: str) -> _Projection:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, text in _pieces(source):
        for number, character in enumerate(text):
            if not _BLANK.match(character):
                characters.append(character)
                is_plain = end - start == len(text)
                starts.append(start + number if is_plain else start)
                ends.append(start + number + 1 if is_plain else end)
    return _Projection("".join(characters), starts, ends)


def _pieces(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield the texts between tags with their places; each character reference is a text."""
    position = 0
    for match in _MARKUP.finditer(source):
        yield position, match.start(), source[position : match.start()]
        if match[0].startswith("&"):
            yield match.start(), match.end(), clean(unescape(match[0]))
        position = match.end()
    yield position, len(source), source[position:]


def _occurrences(page: str, text: str) -> Iterator[int]:
    place = page.find(text)
    for _ in range(_MOST_OCCURRENCES):
        if place < 0:
            return
        yield place
        place = page.find(text, place + 1)


def _nearest(found: Mapping[str, list[int]], wanted: Mapping[str, str]) -> dict[str, int]:
    """Return one place for each text, close together and in the order of `found`."""
    anchor = max(found, key=lambda name: len(wanted[name]))
    order = list(found)

    def around(place: int) -> dict[str, int]:
        chosen: dict[str, int] = {}
        for name, places in found.items():
            comes_later = order.index(name) > order.index(anchor)
            in_order = [other for other in places if (other > place) == comes_later]
            chosen[name] = min(in_order or places, key=lambda other: abs(other - place))
        return chosen

    def spread(place: int) -> int:
        return sum(abs(other - place) for other in around(place).values())

    best = min(found[anchor], key=spread)
    return {**around(best), anchor: best}


class _Offsets:
    """Converts places in the decoded text to places in the bytes."""

    def __init__(self, body: bytes, decoded: Decoded):
        self._start = next((len(bom) for bom in _BOMS if body.startswith(bom)), 0)
        self._bytes = body[self._start :]
        self._decoder = codecs.getincrementaldecoder(decoded.encoding)
        self.body = body
        self.encoding = decoded.encoding

    def __getitem__(self, offset: int) -> int:
        """Return the number of bytes before character `offset`, as the codec decoded them."""
        size = len(self._bytes)
        if offset <= 0:
            return self._start
        return self._start + bisect_left(range(size + 1), offset, key=self._count)

    def _count(self, size: int) -> int:
        return len(self._decoder("replace").decode(self._bytes[:size], final=size == len(self._bytes)))


_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _passage(offsets: _Offsets, text: str, start: int, end: int, around: int) -> Passage:
    span = Span(offsets[start], offsets[end])
    return Passage(span, text[max(0, start - around) : start], text[start:end], text[end : end + around])
