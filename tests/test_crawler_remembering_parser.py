"""The parser's cache: pages in use are parsed once, and the cache does not grow with the archive."""

from __future__ import annotations

import pytest
from support.listings import Entry, make_page

from foreign_eyes.crawler.remembering_parser import ParsedPages, RememberingParser
from foreign_eyes.listing import parser

URL = "http://column.example/index.htm"
PAGES = [make_page([Entry(f"Title {number}", "BBC", "Text. " * 50, "Said.")], 1, 1) for number in range(20)]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the list of the bodies that were parsed."""
    bodies: list[bytes] = []
    parse = parser.parse_listing

    def parse_listing(body: bytes, *arguments: object, **options: object) -> object:
        bodies.append(body)
        return parse(body, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(parser, "parse_listing", parse_listing)
    return bodies


def test_a_page_in_use_is_parsed_once_while_others_pass(parsed: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ParsedPages, "MOST_BYTES", 3 * len(PAGES[0]))
    remembering = RememberingParser()
    for page in PAGES[1:]:
        assert remembering.parse_listing(page, URL).entries != remembering.parse_listing(PAGES[0], URL).entries
    assert parsed.count(PAGES[0]) == 1


def test_pages_that_were_not_used_lately_are_evicted(parsed: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ParsedPages, "MOST_BYTES", 3 * len(PAGES[0]))
    remembering = RememberingParser()
    for page in PAGES:
        remembering.parse_listing(page, URL)
    assert len(remembering._pages._pages) <= 3
    remembering.parse_listing(PAGES[0], URL)
    assert parsed.count(PAGES[0]) == 2


def test_a_page_larger_than_the_cache_is_kept_until_the_next_one(
    parsed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ParsedPages, "MOST_BYTES", 10)
    remembering = RememberingParser()
    for page in (PAGES[0], PAGES[0], PAGES[1]):
        remembering.parse_listing(page, URL)
    assert parsed == [PAGES[0], PAGES[1]]
