"""Link keys ignore session ids, timestamps and campaign tags, and nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.listings import make_entries, make_page
from w3lib.url import canonicalize_url

from foreign_eyes.listing.parser import parse_listing
from foreign_eyes.listing.parser.link_keys import link_key

PLAIN = "http://search.example/patents"
URL = "http://town.example/column/index.htm"


@pytest.mark.parametrize(
    "noisy",
    [
        f"{PLAIN};jsessionid=1F2E3D4C",
        f"{PLAIN};JSESSIONID=1F2E3D4C!-772",
        f"{PLAIN}?t=1",
        f"{PLAIN}?t=1770000000",
        f"{PLAIN}?_=1770000000123",
        f"{PLAIN}?_t=0.7712354",
        f"{PLAIN}?timestamp=2026-03-01T09:00:00Z",
        f"{PLAIN}?ts=&nocache=7",
        f"{PLAIN}?PHPSESSID=u1kq8c",
        f"{PLAIN}?sid=8f14e45fceea167a5a36",
        f"{PLAIN}?ASPSESSIONIDCQ=AB&CFID=1&CFTOKEN=2",
        f"{PLAIN}?utm_source=feed&utm_medium=rss&gclid=x1",
        "http://search.example/(S(lit3py55t21z5v55vlm25s55))/patents",
        f"{PLAIN}#top",
        "HTTP://SEARCH.example/%70atents?",
    ],
)
def test_noise_in_a_url_does_not_change_the_key(noisy: str) -> None:
    assert link_key(noisy) == link_key(PLAIN) == PLAIN


@pytest.mark.parametrize(
    "other",
    [
        f"{PLAIN}/",
        f"{PLAIN};v=2",
        f"{PLAIN}?t=design",
        f"{PLAIN}?sid=5",
        f"{PLAIN}?id=1770000000",
        f"{PLAIN}?lang=en",
        f"{PLAIN}?time=latest",
        "https://search.example/patents",
        "http://search.example:8080/patents",
        "http://search.example/Patents",
        "http://search.example/jsessionid=1/patents",
        "http://search.example/(patents)",
    ],
)
def test_a_difference_that_may_lead_elsewhere_changes_the_key(other: str) -> None:
    assert link_key(other) != link_key(PLAIN)


def test_parts_of_a_url_beside_noise_are_kept() -> None:
    assert link_key(f"{PLAIN};jsessionid=1/all?id=7&t=99&lang=en&id=8") == f"{PLAIN}/all?id=7&id=8&lang=en"
    assert link_key(f"{PLAIN}?id=7;jsessionid=1F2E") == link_key(f"{PLAIN}?id=7")


SIGNS = "abT_tz09;=&?/%.()-~+:@é史 "
WORDS = st.sampled_from(
    ["t", "_", "sid", "id", "jsessionid", "PHPSESSID", "utm_source", "time", "1", "x", "%3B", ";", "=", "(S(a1))"]
)
ADDRESSES = st.builds(
    lambda scheme, parts: f"{scheme}://search.example/{''.join(parts)}",
    st.sampled_from(["http", "https"]),
    st.lists(WORDS | st.text(SIGNS, max_size=4) | st.sampled_from("/?&;="), max_size=12),
)


@given(ADDRESSES)
@example("http://search.example/a;jsess\tionid=1")
def test_link_key_is_idempotent(address: str) -> None:
    assert link_key(link_key(address)) == link_key(address)


@given(st.text(max_size=60))
@example("http://[")
@example("http://h:8x/")
@example("http://\ud800/")
def test_link_key_never_raises(text: str) -> None:
    assert isinstance(link_key(text), str)


PATHS = st.lists(st.text("ab;=().~é", min_size=1, max_size=5) | st.sampled_from(["t=1", "sid=1", "_"]), max_size=5)


@given(PATHS, PATHS, st.sampled_from(["", "?t=1", "?utm_source=x", "?id=1", "?_=2&id=1"]))
def test_different_paths_have_different_keys(one: list[str], other: list[str], query: str) -> None:
    addresses = [f"http://search.example/{'/'.join(parts)}" for parts in (one, other)]
    if canonicalize_url(addresses[0]) == canonicalize_url(addresses[1]):
        return
    assert link_key(addresses[0] + query) != link_key(addresses[1] + query)


@given(ADDRESSES)
def test_only_noise_is_removed(address: str) -> None:
    before, after = urlsplit(canonicalize_url(address)), urlsplit(link_key(address))
    assert (after.scheme, after.netloc) == (before.scheme, before.netloc)
    assert set(after.query.split("&")) - {""} <= set(before.query.split("&")) or "%3B" in before.query


def test_a_link_with_a_timestamp_is_listed_once() -> None:
    page = make_page(make_entries(3), 1, 1, "/search?t=1").replace(
        b"</body>", b'<a href="/search?t=2">Patent Search</a><a href="/search?id=2">Patent Search</a></body>'
    )
    found = [(link.label, link.url, link.key) for link in parse_listing(page, URL).links]
    assert found == [
        ("Patent Search", "http://town.example/search?t=1", "http://town.example/search"),
        ("Patent Search", "http://town.example/search?id=2", "http://town.example/search?id=2"),
    ]
