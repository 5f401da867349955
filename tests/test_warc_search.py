"""Which responses are the listing's, which page each is, and which of them were one crawl."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.listings import FOLDER, make_entries, make_page, page_name

from foreign_eyes.listing.parser import parse_listing
from foreign_eyes.listing.values import Link, ListedEntry, ListingPage, Pager
from foreign_eyes.warc.crawl_grouping import PageSeen, group_crawls
from foreign_eyes.warc.listing_search import Seen, address_key, may_be_listing, number_pages
from foreign_eyes.warc.responses import Response

HOST = "http://town.example"
ROOT = f"{HOST}{FOLDER}/index.htm"
START = datetime(2020, 5, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seen(page: int, count: int = 8) -> Seen:
    """A page of the column on its old host, whose pager links the first six."""
    url = HOST + page_name(page)
    return Seen(url, parse_listing(make_page(make_entries(5, 5 * page), page, count), url))


def numbers(
    pages: Sequence[Seen], roots: Sequence[str] = (ROOT,), moved: dict[str, str] | None = None
) -> dict[str, int]:
    """The number found for each page's address, by the address."""
    found = number_pages(pages, roots, moved or {})
    return {page.url: found[address_key(page.url)] for page in pages if address_key(page.url) in found}


@pytest.mark.parametrize(
    "other",
    [
        "https://town.example/list/index.htm",
        "http://TOWN.example:80/list/",
        "http://town.example/list/index.html#top",
        "https://town.example:443/list/index.jhtml",
    ],
)
def test_scheme_port_fragment_and_index_make_no_other_address(other: str) -> None:
    assert address_key(other) == address_key("http://town.example/list/index.htm")


def test_both_forms_of_an_international_host_name_are_one_address() -> None:
    assert address_key("http://bücher.example/") == address_key("http://xn--bcher-kva.example/")


@pytest.mark.parametrize(
    "other", ["http://town.example:81/list/", "http://town.example/list/index1.htm", "http://h:8x/"]
)
def test_what_names_another_page_is_another_address(other: str) -> None:
    assert address_key(other) != address_key("http://town.example/list/index.htm")


def test_all_pages_are_found_in_any_order_and_numbered() -> None:
    pages = [seen(page) for page in (7, 3, 8, 1, 5, 2, 6, 4)]
    assert numbers(pages) == {page.url: n for page, n in zip(pages, (7, 3, 8, 1, 5, 2, 6, 4), strict=True)}


@pytest.mark.parametrize("page", range(1, 9))
def test_a_page_alone_is_known_by_its_own_pager(page: int) -> None:
    assert list(numbers([seen(page)]).values()) == [page]


@pytest.mark.parametrize("root", ["https://town.example" + FOLDER + "/", ROOT])
def test_page_one_may_be_called_otherwise(root: str) -> None:
    assert list(numbers([seen(4)], [root]).values()) == [4]


def test_what_page_one_redirects_to_is_page_one() -> None:
    page = seen(1)
    assert numbers([page], ["http://town.example/column"], {"http://town.example/column": page.url}) == {page.url: 1}


def test_another_column_of_the_same_site_is_not_the_listing() -> None:
    other = seen(2)
    other = Seen(
        other.url.replace("chinasip", "other"),
        parse_listing(make_page(make_entries(5), 2, 8), other.url.replace("chinasip", "other")),
    )
    assert numbers([other, seen(1)]) == {ROOT: 1}


def listing(**pager: object) -> ListingPage:
    entry = ListedEntry("An excerpt.", "——A, by B", "A", "B", "A comment.")
    return ListingPage((entry,), None, (), Pager("column", **pager), has_heading=True, encoding="utf-8")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "first", "url", "number"),
    [
        ("http://town.example/l/index_{}.htm", 0, "http://town.example/l/index_3.htm", 4),
        ("http://town.example/l/index_{}.jhtml", 1, "http://town.example/l/index_3.jhtml", 3),
        ("http://town.example/l/index.htm?page={}", 1, "http://town.example/l/?page=3", 3),
        ("http://town.example/l/index.htm?a=1&page={}", 1, "http://town.example/l/index.htm?a=1&page=3", 3),
        ("http://town.example/{{l}}/index{}.htm", 0, "http://town.example/{l}/index3.htm", 4),
    ],
)
@pytest.mark.parametrize("with_page_one", [True, False])
def test_addresses_that_follow_the_pagers_pattern_are_pages(
    template: str, first: int, url: str, number: int, with_page_one: bool
) -> None:
    page = listing(guesses=((template, first),))
    root = url.partition("?")[0].rpartition("/")[0] + "/" + ("?a=1" if "a=1" in url else "")
    pages = [Seen(url, page), *([Seen(root, page)] if with_page_one else [])]
    assert numbers(pages, [root])[url] == number


def test_next_links_lead_on_where_nothing_is_numbered() -> None:
    pages = [
        Seen(f"http://town.example/{name}", listing(next_url=f"http://town.example/{after}" if after else None))
        for name, after in (("c", None), ("b", "c"), ("a", "b"))
    ]
    assert numbers(pages, ["http://town.example/a"]) == {page.url: n for page, n in zip(pages, (3, 2, 1), strict=True)}


def test_a_pager_in_a_circle_comes_to_an_end() -> None:
    pages = [
        Seen("http://town.example/a", listing(next_url="http://town.example/b")),
        Seen("http://town.example/b", listing(next_url="http://town.example/a")),
    ]
    assert set(numbers(pages, ["http://town.example/a"]).values()) == {1, 2}


@pytest.mark.parametrize(
    "body",
    [
        make_page(make_entries(5), 1, 2),
        b"<h1>China's IP in Foreign Eyes</h1>",
        b"<p>An excerpt. (A Title of Words,by CNN.)</p>",
        "<p>An excerpt. （A Title of Words， by CNN）</p>".encode(),
        b"<p>An excerpt. &#40;A Title of Words, <i style='a:b(c)'>by</i> CNN)</p>",
        b"<p>&#8212;&#x2014;Title, CNN</p>",
        b"<p>--Title, CNN</p>",
        "<p>——Title, CNN</p>".encode("gb18030"),
        "<p>——Title, CNN</p>".encode("utf-16"),
    ],
)
def test_whatever_may_list_is_parsed(body: bytes) -> None:
    assert may_be_listing(body)


@pytest.mark.parametrize(
    "body", [b"", b"<!-- a comment --><p>News (of today) by nobody</p>" + b"x" * 4000, b"((((((((" * 100_000]
)
def test_what_has_no_mark_of_the_listing_is_not_parsed(body: bytes) -> None:
    assert not may_be_listing(body.replace(b" by ", b" "))


def response(url: str, at: datetime, **facts: object) -> Response:
    return Response(f"urn:{url}{at}", url, at, 200, (), "0" * 64, **facts)  # type: ignore[arg-type]


def captured(page: int, at: datetime) -> PageSeen:
    one = seen(page)
    return PageSeen(page, response(one.url, at), one.listing)


def test_pages_of_one_pass_are_one_crawl() -> None:
    (crawl,) = group_crawls([captured(page, START + page * MINUTE) for page in (3, 1, 2)], [])
    assert [page.number for page in crawl.pages] == [1, 2, 3]
    assert crawl.doubt is None


def test_a_page_that_comes_again_begins_another_crawl() -> None:
    days = [captured(page, START + number * MINUTE) for number, page in enumerate((1, 2, 1, 2, 3))]
    assert [[page.number for page in crawl.pages] for crawl in group_crawls(days, [])] == [[1, 2], [1, 2, 3]]


def test_an_hours_pause_begins_another_crawl() -> None:
    pages = [captured(1, START), captured(2, START + 60 * MINUTE), captured(3, START + 121 * MINUTE)]
    assert [len(crawl.pages) for crawl in group_crawls(pages, [])] == [2, 1]


def test_a_page_that_is_a_copy_of_another_makes_its_crawl_suspect() -> None:
    first = captured(1, START)
    copy = replace(first, number=2, response=replace(first.response, at=START + MINUTE, url="http://town.example/2"))
    (crawl,) = group_crawls([first, copy], [])
    assert crawl.doubt == "page 2 (http://town.example/2) lists the same entries as page 1"


def test_a_page_that_the_gate_refuses_makes_its_crawl_suspect() -> None:
    page = captured(1, START)
    crawls = group_crawls([replace(page, listing=replace(page.listing, replacements=99))], [])
    assert str(crawls[0].doubt).startswith("page 1 has 99 replacement characters")


def with_link(page: PageSeen, url: str) -> PageSeen:
    return replace(page, listing=replace(page.listing, links=(Link("Patent Search", url),)))


def test_what_answered_behind_a_link_goes_to_the_crawl_nearest_in_time() -> None:
    link = "http://search.example/"
    days = [with_link(captured(1, START + n * timedelta(days=1)), link) for n in range(3)]
    answers = [response(link, START + n * timedelta(days=1) + MINUTE) for n in (0, 2)]
    late = response(link, START + timedelta(days=1, hours=5))
    found = group_crawls(days, [*answers, late, response("http://other.example/", START)])
    assert [[link.response for link in crawl.links] for crawl in found] == [[answers[0]], [], [answers[1]]]


def test_a_link_is_followed_through_its_redirects() -> None:
    moved = response("http://search.example/", START)
    moved = replace(moved, status=302, headers=(("Location", "/login"),))
    end = response("http://search.example/login", START + MINUTE)
    circle = replace(end, status=302, headers=(("Location", "/"),))
    for last in (end, circle):
        (crawl,) = group_crawls([with_link(captured(1, START), "http://search.example/")], [moved, last])
        assert [(one.asked_url, one.response) for one in crawl.links] == [
            ("http://search.example/", moved),
            ("http://search.example/", last),
        ]
