"""The URL to request for the next listing page."""

from __future__ import annotations

import pytest

from foreign_eyes.listing.pagination import next_urls
from foreign_eyes.listing.values import ListingPage, Pager

ZERO_BASED, ONE_BASED = ("index_{}.htm", 0), ("index_{}.htm", 1)


def page(
    next_url: str | None = None, numbered: dict[int, str] | None = None, guesses: tuple[tuple[str, int], ...] = ()
) -> ListingPage:
    return ListingPage((), 9, (), Pager("any", next_url, numbered or {}, guesses), True, "utf-8")


@pytest.mark.parametrize(
    ("pages", "visited", "linked", "guessed"),
    [
        pytest.param([page("2")], {"1"}, ["2"], [], id="the next link"),
        pytest.param([page("2", {2: "two"})], {"1"}, ["2", "two"], [], id="the next link before the number"),
        pytest.param([page("2", {2: "2"})], {"1"}, ["2"], [], id="the same address once"),
        pytest.param([page("1", {2: "two"})], {"1"}, ["two"], [], id="not back to a page that was read"),
        pytest.param([page("1#top", {2: "2#top"})], {"1"}, ["2"], [], id="a fragment is no other page"),
        pytest.param([page(None, {3: "three"}), page()], {"1", "2"}, ["three"], [], id="a number on an earlier page"),
        pytest.param(
            [page(None, {3: "old"}), page(None, {3: "new"})],
            {"1", "2"},
            ["new", "old"],
            [],
            id="the newest page's first",
        ),
        pytest.param([page(None, {3: "three"})], {"1"}, [], [], id="another page's number is no help"),
        pytest.param(
            [page("2", guesses=(ZERO_BASED, ONE_BASED))],
            {"1"},
            ["2"],
            ["index_1.htm", "index_2.htm"],
            id="made-up ones apart",
        ),
        pytest.param(
            [page(guesses=(ZERO_BASED, ONE_BASED)), page()],
            {"1", "index_2.htm"},
            [],
            ["index_3.htm"],
            id="made up for page 3",
        ),
        pytest.param(
            [page("index_1.htm", guesses=(ZERO_BASED,))], {"1"}, ["index_1.htm"], [], id="a linked one is not made up"
        ),
        pytest.param([page(), page(guesses=(ZERO_BASED,))], {"1"}, [], [], id="only the first page's pattern counts"),
    ],
)
def test_next_links_come_before_numbered_links_and_guesses_come_last(
    pages: list[ListingPage], visited: set[str], linked: list[str], guessed: list[str]
) -> None:
    assert next_urls(len(pages) + 1, pages, visited) == (linked, guessed)
