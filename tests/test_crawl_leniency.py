"""Faults that do not change the bytes of a response: tolerated, and recorded with the capture."""

from __future__ import annotations

import gzip
import itertools
import zlib
from pathlib import Path

import pytest
from conftest import CommandLine
from hypothesis import given
from hypothesis import strategies as st
from support.listing_server import Answer, Handler, ListingServer
from support.listings import LISTING, make_entries, make_site, page_name

from foreign_eyes.archive.values import ENDED_BY_CLOSE
from foreign_eyes.listing.content_coding import BadCodingError, OversizedError, decode_body
from foreign_eyes.listing.quality_gate import MAX_PASSES, ListingPass, judge_passes

LIMIT = 10_000
PAGE = b"<html>" + b"an excerpt, and then a commentary " * 20 + "专题".encode() + b"</html>"
LENIENCIES = "SELECT page, leniency, fault, body_sha256 IS NOT NULL AS has_body FROM captures WHERE purpose = 'listing'"


def lenient(body: bytes, coding: str) -> tuple[bytes, list[str]]:
    tolerated: list[str] = []
    return decode_body(body, coding, LIMIT, tolerated), tolerated


@pytest.mark.parametrize("coding", ["none", "utf-8", "UTF-8", "text/html", "br", "*", "identity, none", "none, none"])
def test_a_coding_that_says_nothing_is_ignored_over_a_plain_body(coding: str) -> None:
    body, tolerated = lenient(PAGE, coding)
    assert body == PAGE
    assert len(tolerated) == coding.count("none") or len(tolerated) == 1
    assert all("ignored over a plain body" in one for one in tolerated)


@pytest.mark.parametrize(
    "coded",
    [gzip.compress(PAGE, mtime=0), zlib.compress(PAGE), PAGE + b"\0", b"\x0b\x02\x80" + PAGE],
    ids=["gzip", "deflate", "NUL", "control characters"],
)
def test_a_coding_that_says_nothing_is_refused_over_a_body_that_may_be_coded(coded: bytes) -> None:
    with pytest.raises(BadCodingError, match="was not requested"):
        lenient(coded, "none")


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 8, b"<script>", b"\r\n", b"\x1e"])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_tail_behind_a_complete_stream_is_ignored(coding: str, tail: bytes) -> None:
    code = {"gzip": gzip.compress, "deflate": zlib.compress}[coding]
    body, tolerated = lenient(code(PAGE) + tail, coding)
    assert body == PAGE
    assert tolerated == [f"{len(tail)} byte{'s' * (len(tail) > 1)} behind the end of the coded body ignored"]
    with pytest.raises(BadCodingError):
        decode_body(code(PAGE) + tail, coding, LIMIT)


def test_a_stream_cut_at_any_byte_stays_refused() -> None:
    for coding, coded in (("gzip", gzip.compress(PAGE)), ("deflate", zlib.compress(PAGE))):
        for end in range(len(coded)):
            with pytest.raises(BadCodingError):
                lenient(coded[:end], coding)


def test_a_second_member_cut_at_any_byte_stays_refused() -> None:
    first, second = gzip.compress(PAGE), gzip.compress(b"more")
    for end in range(1, len(second)):
        with pytest.raises(BadCodingError):
            lenient(first + second[:end], "gzip")


def test_a_tail_behind_raw_deflate_stays_refused() -> None:
    engine = zlib.compressobj(wbits=-15)
    with pytest.raises(BadCodingError):
        lenient(engine.compress(PAGE) + engine.flush() + b"tail", "deflate")


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "none", "gzip, none", "none, gzip"]))
def test_lenient_and_strict_decoding_agree_if_no_fault_was_tolerated(body: bytes, coding: str) -> None:
    try:
        decoded, tolerated = lenient(body, coding)
    except (BadCodingError, OversizedError):
        return
    if not tolerated:
        assert decoded == decode_body(body, coding, LIMIT)


def over(body: bytes, coding: str) -> Answer:
    return lambda handler: handler.reply(200, body, Content_Type="text/html", Content_Encoding=coding)


def closed(body: bytes) -> Answer:
    return lambda handler: handler.reply_raw(
        'HTTP/1.1 200 OK\nContent-Type: text/html\nETag: "1"\nConnection: close', body
    )


def without_end(body: bytes) -> bytes:
    """Return a page without its end tag."""
    return body.replace(b"</html>", b"").rstrip()


@pytest.mark.parametrize(
    ("coding", "made", "leniency"),
    [
        ("none", bytes, "content coding 'none' ignored over a plain body"),
        ("utf-8", bytes, "content coding 'utf-8' ignored over a plain body"),
        ("gzip", lambda body: gzip.compress(body) + b"\0\0\0", "3 bytes behind the end of the coded body ignored"),
    ],
)
def test_a_listing_with_such_a_fault_is_complete_and_says_what_was_tolerated(
    command: CommandLine, server: ListingServer, coding: str, made: object, leniency: str
) -> None:
    for number in (1, 2, 3):
        server.faults[page_name(number)] = over(made(server.site[page_name(number)]), coding)  # type: ignore[operator]
    assert command.crawl(server)["outcome"] == "complete"
    assert {row["leniency"] for row in command.rows(LENIENCIES)} == {leniency}
    assert command.crawl(server)["outcome"] == "unchanged"


def test_a_page_that_ends_by_close_is_accepted_if_its_bytes_arrive_twice(
    command: CommandLine, server: ListingServer
) -> None:
    server.faults[page_name(2)] = closed(without_end(server.site[page_name(2)]))
    row = command.crawl(server)
    assert (row["outcome"], row["entries"]) == ("complete", 15)
    of_page_2 = [row for row in command.rows(LENIENCIES) if row["page"] == 2]
    assert [one["leniency"] for one in of_page_2] == [ENDED_BY_CLOSE, ENDED_BY_CLOSE]
    assert command.crawl(server)["outcome"] == "unchanged"  # the same bytes again are enough
    asked = [one for one in server.asked if one.path == page_name(2)]
    assert [one.headers.get("If-None-Match") for one in asked] == [None, None, None]  # a 304 would prove nothing


def test_a_page_that_is_cut_once_changes_nothing(command: CommandLine, server: ListingServer) -> None:
    """Its last entry would be shortened."""
    command.crawl(server)
    before = command.derived()
    body = server.site[page_name(3)]
    cut = iter([without_end(body).replace(b" shows how workshop 15 values what it knows about tea.", b"")])
    server.faults[page_name(3)] = lambda handler: (
        closed(part)(handler) if (part := next(cut, None)) else handler.reply(200, body, Content_Type="text/html")
    )
    assert command.crawl(server)["outcome"] in ("complete", "unchanged")
    assert command.derived()["entry_history"] == before["entry_history"]
    assert command.rows("SELECT * FROM changes WHERE kind = 'revised'") == []


def test_a_page_that_is_cut_at_a_different_point_each_time_is_partial_and_settles_nothing(
    command: CommandLine, server: ListingServer
) -> None:
    whole = without_end(server.site[page_name(3)])
    times = itertools.count()

    def answer(handler: Handler) -> None:
        closed(whole + b" " + b"." * next(times))(handler)

    server.faults[page_name(3)] = answer
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (75, "partial")
    assert "page 3 ended with the connection" in row["reason"]
    assert command.rows("SELECT * FROM current_entries WHERE page = 3") == []


def test_a_quick_crawl_does_not_take_a_new_page_that_may_be_cut(command: CommandLine, server: ListingServer) -> None:
    server.faults[LISTING] = closed(without_end(server.site[LISTING]))
    command.crawl(server)
    assert command.crawl(server, "--quick")["exit_code"] == 0  # it has the bytes that settled
    server.faults[LISTING] = closed(without_end(make_site(make_entries(16))[LISTING]))
    row = command.crawl(server, "--quick")
    assert (row["exit_code"], row["outcome"]) == (75, "partial")
    assert "crawl with --full" in row["reason"]


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (ListingPass(("a",), ("A",), None, (1,)), ListingPass(("a",), ("A",), None, (1,)), "complete"),
        (ListingPass(("a",), ("A",), None, (1,)), ListingPass(("b",), ("A",), None, (1,)), None),
        (ListingPass(("a",), ("A",), None, (1,)), ListingPass(("b",), ("A",)), "complete"),
        (ListingPass(("a",), ("A",)), ListingPass(("a",), ("A",), None, (1,)), "complete"),
    ],
    ids=["the same bytes", "other bytes", "whole the second time", "whole the first time"],
)
def test_two_passes_agree_on_a_page_that_may_be_cut_by_its_bytes(
    first: ListingPass, second: ListingPass, outcome: str | None
) -> None:
    verdict = judge_passes([first, second], None)
    assert (verdict and verdict.outcome) == outcome


def test_after_the_last_pass_the_reason_names_the_page() -> None:
    passes = [ListingPass(("a", str(number)), ("A", "B"), None, (2,)) for number in range(MAX_PASSES)]
    verdict = judge_passes(passes, None)
    assert verdict is not None
    assert (verdict.outcome, "page 2" in (verdict.reason or "")) == ("partial", True)


def test_an_export_keeps_what_was_tolerated(command: CommandLine, server: ListingServer, tmp_path: Path) -> None:
    server.faults[page_name(2)] = closed(without_end(server.site[page_name(2)]))
    server.faults[page_name(3)] = over(server.site[page_name(3)], "none")
    command.crawl(server)
    assert command("export", "town.warc.gz").returncode == 0
    (tmp_path / "copy").mkdir()
    copy = CommandLine(tmp_path / "copy")
    done = copy("import", str(command.folder / "town.warc.gz"))
    assert done.returncode == 0, done.stderr
    assert copy.rows(LENIENCIES) == command.rows(LENIENCIES)
    assert copy.derived() == command.derived()
    assert command("reparse", "--check").returncode == 0
