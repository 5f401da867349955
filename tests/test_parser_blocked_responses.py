"""Responses that block us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.listing.parser import blocking_sign, is_html

LISTING = "<li>a<br>——One is first, CNN<br>b</li>"


@pytest.mark.parametrize("status", [202, 403, 405, 412, 429, 521])
def test_some_statuses_are_a_block_for_any_body(status: int) -> None:
    sign = blocking_sign(status, LISTING.encode())
    assert sign is not None
    assert str(status) in sign


@pytest.mark.parametrize(
    "script",
    [
        "$_ts=window['$_ts'];if(!$_ts)$_ts={};",
        "document.cookie='__jsl_clearance=1'",
        "x();go({'bts':[1]})",
        "document.cookie = 'a=b'; location.reload()",
    ],
)
def test_a_script_challenge_is_a_block_unless_the_page_is_a_listing(script: str) -> None:
    page = f"<html><script>{script}</script>"
    assert blocking_sign(200, page.encode()) is not None
    assert blocking_sign(200, (page + LISTING).encode()) is None
    assert blocking_sign(200, (page + LISTING).encode("gb18030"), "text/html; charset=iso-8859-1") is None


@pytest.mark.parametrize(
    "body", [b"", b"<html><p>Nothing new</p>", b"if (document.cookie == location) {}", LISTING.encode()]
)
def test_other_responses_are_not_blocks(body: bytes) -> None:
    assert blocking_sign(200, body) is None


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"User-agent: *\nDisallow: /x", "text/plain", False),
        (b"User-agent: *\nDisallow: /x", "text/html", False),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><html>", "text/plain", True),
        (b"<script>go()</script>", None, True),
        (b"oops <html><body>", "text/html", True),
        (b"", "text/html", False),
    ],
)
def test_html_is_distinguished_from_a_robots_file_by_its_body(
    body: bytes, content_type: str | None, expected: bool
) -> None:
    assert is_html(body, content_type) is expected


@given(st.integers(), st.binary(max_size=200), st.none() | st.text(max_size=40))
def test_no_response_raises(status: int, body: bytes, content_type: str | None) -> None:
    blocking_sign(status, body, content_type)
    is_html(body, content_type)
