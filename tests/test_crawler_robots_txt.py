"""What a response to /robots.txt allows (RFC 9309)."""

from __future__ import annotations

import pytest

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.robots_txt import read_robots

PAGE = "http://town.example/column/index.htm"
HTML = b"<!DOCTYPE html><html><script>$_ts={};</script></html>"


@pytest.mark.parametrize(
    ("status", "body", "content_type", "fault"),
    [
        pytest.param(200, b"", "text/plain", None, id="empty"),
        pytest.param(200, b"User-agent: *\nDisallow: /private/\n", "text/plain", None, id="another folder"),
        pytest.param(200, b"User-agent: *\nDisallow: /\n", "text/plain", "disallowed", id="everything"),
        pytest.param(200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "text/plain", "disallowed", id="after a BOM"),
        pytest.param(200, b"User-agent: *\r\nDisallow: /column\r\n", "", "disallowed", id="the column, with CRLF"),
        pytest.param(200, b"User-agent: *\nDisallow: /\nAllow: /column/\n", "", None, id="the longer rule counts"),
        pytest.param(200, b"User-agent: foreign-eyes\nDisallow: /\n", "", "disallowed", id="us by name"),
        pytest.param(200, b"User-agent: other\nDisallow: /\n", "", None, id="another crawler"),
        pytest.param(
            200, b"User-agent: *\nDisallow: /\n\nUser-agent: Foreign-Eyes\nAllow: /\n", "", None, id="all but us"
        ),
        pytest.param(200, bytes(range(128, 256)), "text/plain", None, id="no text"),
        pytest.param(200, HTML, "text/html", "disallowed", id="the shell of a block"),
        pytest.param(200, HTML, "text/plain", "disallowed", id="the same under another type"),
        pytest.param(404, HTML, "text/html", None, id="none"),
        pytest.param(403, b"", "", None, id="no rules for us"),
        pytest.param(410, b"", "", None, id="gone"),
        pytest.param(500, b"", "", "unreachable", id="server error"),
        pytest.param(503, b"User-agent: *\nAllow: /\n", "", "unreachable", id="server error, whatever it says"),
        pytest.param(302, b"", "", "unreachable", id="a redirect that led nowhere"),
    ],
)
def test_rules_are_obeyed_and_4xx_means_no_rules_and_5xx_nothing_allowed(
    status: int, body: bytes, content_type: str, fault: str | None
) -> None:
    rules = read_robots(status, body, content_type, "town.example")
    if fault is None:
        rules.check(PAGE)
    else:
        with pytest.raises(FetchFault, match=r"town\.example") as refusal:
            rules.check(PAGE)
        assert refusal.value.fault == fault


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        (b"User-agent: TownArchive\nDisallow: /\n", False),
        (b"User-agent: foreign-eyes\nDisallow: /\n", False),
        (b"User-agent: other\nDisallow: /\n", True),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: TownArchive\nAllow: /\n", False),
    ],
)
def test_rules_for_the_configured_user_agent_are_obeyed_as_well(robots: bytes, *, allowed: bool) -> None:
    rules = read_robots(200, robots, "text/plain", "town.example", "Mozilla/5.0 (compatible; TownArchive/1.0)")
    if allowed:
        rules.check(PAGE)
    else:
        with pytest.raises(FetchFault):
            rules.check(PAGE)
