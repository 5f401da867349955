"""Redirects: their targets, and the messages for those that cannot be followed."""

from __future__ import annotations

import pytest
from conftest import CommandLine
from hypothesis import given
from hypothesis import strategies as st
from support.listing_server import Answer, ListingServer, page
from support.listings import FOLDER, LISTING, page_name

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.fetchable_urls import printable, url_problem
from foreign_eyes.crawler.redirects import redirect_target

FROM = "http://town.example/column/index.htm"

USELESS: dict[str, tuple[bytes | None, str]] = {
    # what the Location says, and what is said of it
    "none": (None, "without a Location"),
    "empty": (b"  ", "without a Location"),
    "a script": (b"javascript:alert(1)", "only http and https are followed"),
    "a file": (b"file:///etc/passwd", "only http and https are followed"),
    "data": (b"data:text/html,<p>hello", "only http and https are followed"),
    "half an IPv6 address": (b"http://[", "malformed"),
    "a zone": (b"http://[fe80::1%25eth0]/", "zone"),
    "a port of letters": (b"http://town.example:8x/", "port"),
    "port 0": (b"http://town.example:0/", "port"),
    "a port too high": (b"http://town.example:65536/", "port"),
    "a space in the host": (b"http://town exam.ple/", "host name is malformed"),
    "user information": (b"http://me:secret@town.example/", "user information"),
    "an empty label": (b"http://town..example/", "host name is malformed"),
    "a long label": (b"http://" + b"a" * 64 + b".example/", "host name is malformed"),
    "a host in no codec": (b"http://\xff\xfe/", "host name is malformed"),
    "a sign that normalises to a slash": ("http://town℀example/".encode(), "malformed"),
    "too long": (b"/" + b"a" * 5000, "longer than 4096"),
}


@pytest.mark.parametrize("case", USELESS)
def test_a_redirect_that_cannot_be_followed_says_why(case: str) -> None:
    location, why = USELESS[case]
    with pytest.raises(FetchFault, match=why) as fault:
        redirect_target(FROM, 302, location)
    assert "secret" not in fault.value.detail
    assert len(fault.value.detail) < 250


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"other.htm", "http://town.example/column/other.htm"),
        (b"/other.htm?a=1", "http://town.example/other.htm?a=1"),
        (b"//other.example/x", "http://other.example/x"),
        (b"HTTPS://Other.Example:8443/x", "https://other.example:8443/x"),
        (b"\xff\xfe.htm", "http://town.example/column/%FF%FE.htm"),
        ("/专题.htm".encode(), "http://town.example/%E4%B8%93%E9%A2%98.htm"),
        ("http://中国.cn/".encode(), "http://xn--fiqs8s.cn/"),
        ("http://faß.example/".encode(), "http://xn--fa-hia.example/"),
        (b"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/"),
        (b"http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
        (b"%%%", "http://town.example/column/%%%"),
    ],
)
def test_a_usable_redirect_leads_where_it_says(location: bytes, target: str) -> None:
    assert redirect_target(FROM, 301, location) == target


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_location_gives_a_url_that_can_be_requested_or_a_fault(tail: bytes) -> None:
    for location in (tail, b"http://" + tail, b"//" + tail, b"http://town.example" + tail):
        refusal, target = "", ""
        try:
            target = redirect_target(FROM, 302, location)
        except FetchFault as fault:
            refusal = fault.detail
        assert refusal.isprintable()
        assert refusal or (url_problem(target) is None and target.isascii())


def test_a_message_shows_no_password_and_no_control_characters() -> None:
    assert printable("http://me:secret@town.example/\x1b[31m") == "http://…@town.example/?[31m"
    assert len(printable("http://town.example/" + "a" * 500)) == 120


def leads_to(location: bytes | None) -> Answer:
    """Answer a redirect with any bytes in its Location, which `redirect` would not send."""

    def answer(handler: object) -> None:
        line = b"" if location is None else b"Location: " + location + b"\r\n"
        handler.now.status = 302  # type: ignore[attr-defined]
        handler.wfile.write(b"HTTP/1.1 302 Found\r\n" + line + b"Content-Length: 0\r\n\r\n")  # type: ignore[attr-defined]

    return answer


@pytest.mark.parametrize("case", USELESS)
def test_a_page_that_redirects_nowhere_ends_the_crawl_with_a_reason(
    command: CommandLine, server: ListingServer, case: str
) -> None:
    location, why = USELESS[case]
    server.faults[LISTING] = leads_to(location)
    row = command.crawl(server)
    assert row["exit_code"] == 69, row
    assert row["outcome"] == ("blocked" if "followed" in why else "unreachable")
    assert "page 1" in row["reason"]
    assert why in row["reason"]
    assert "Traceback" not in row["stderr"]


@pytest.mark.parametrize("case", ["a script", "half an IPv6 address", "a port of letters", "user information", "none"])
def test_a_robots_txt_that_redirects_nowhere_ends_the_crawl_with_a_reason(
    command: CommandLine, server: ListingServer, case: str
) -> None:
    location, why = USELESS[case]
    server.faults["/robots.txt"] = leads_to(location)
    row = command.crawl(server)
    assert row["exit_code"] == 69, row
    assert "robots.txt of 127.0.0.1" in row["reason"]
    assert why in row["reason"]
    assert [asked.path for asked in server.asked] == ["/robots.txt"]


@pytest.mark.parametrize(
    ("onward", "words"),
    [(lambda n: n, "form a loop"), (lambda n: n + 1, "do not end")],
    ids=["a circle", "on and on"],
)
def test_endless_redirects_are_distinguished_from_a_loop(
    command: CommandLine, server: ListingServer, onward: object, words: str
) -> None:
    for number in range(20):
        path = LISTING if number == 0 else f"/on/{number}.htm"
        to = onward(number)  # type: ignore[operator]
        server.faults[path] = leads_to((LISTING if to == 0 else f"/on/{to}.htm").encode())
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (69, "unreachable")
    assert words in row["reason"]
    assert len(server.asked) == 7  # robots.txt, the page, and five redirects


def test_a_valid_redirect_is_followed(command: CommandLine, server: ListingServer) -> None:
    server.faults[page_name(2)] = leads_to(b"elsewhere.htm")
    server.faults[f"{FOLDER}/elsewhere.htm"] = page(server.site[page_name(2)])
    assert command.crawl(server)["outcome"] == "complete"
