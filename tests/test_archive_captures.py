"""Captures: storing responses and reading them again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from sqlite_utils import Database

from foreign_eyes.archive.captures import (
    Validators,
    find_validators,
    headers_of,
    listing_captures,
    load_body,
    record_capture,
)
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.values import Fetched, Source
from foreign_eyes.listing.values import Verdict

AT = datetime(2026, 3, 1, tzinfo=UTC)
URL = "http://town.example/index.htm"
BODY = "<html>——Straße</html>".encode("gb18030", errors="replace") + bytes(range(256))
TAGGED = (("Content-Type", "text/html"), ("ETag", '"1"'), ("Last-Modified", "Sun, 01 Mar 2026 00:00:00 GMT"))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as opened:
        yield opened


def crawl(db: Database, outcome: str | None = None) -> int:
    crawl_id = begin_crawl(db, Source("town", URL, "The column", "en"), "full", AT)
    if outcome:
        settled = Verdict(outcome).settles  # type: ignore[arg-type]
        db.execute("UPDATE crawls SET outcome = ?, settled = ? WHERE crawl_id = ?", (outcome, settled, crawl_id))
    return crawl_id


def page(body: bytes | None = BODY, page: int = 1, headers: tuple[tuple[str, str], ...] = TAGGED) -> Fetched:
    return Fetched("listing", URL, URL, AT, 200, headers, body, pass_number=1, page=page)


def confirmed(capture_id: int) -> Fetched:
    digest = sha256(BODY).hexdigest()
    return Fetched("listing", URL, URL, AT, 304, revalidates=capture_id, body_sha256=digest, pass_number=2, page=1)


def test_a_body_is_stored_byte_for_byte(db: Database) -> None:
    record_capture(db, crawl(db), page())
    assert load_body(db, sha256(BODY).hexdigest()) == BODY


def test_a_digest_that_comes_with_a_body_is_not_computed_again(db: Database) -> None:
    digest = "ab" * 32
    record_capture(db, crawl(db), replace(page(), body_sha256=digest))
    assert [row["body_sha256"] for row in db["captures"].rows] == [digest]
    assert [row["body_sha256"] for row in db["bodies"].rows] == [digest]


def test_an_equal_body_is_stored_once(db: Database) -> None:
    crawl_id = crawl(db)
    first, second = record_capture(db, crawl_id, page()), record_capture(db, crawl_id, page(page=2))
    assert first != second
    assert db.execute("SELECT count(*), min(size) FROM bodies").fetchone() == (1, len(BODY))
    assert db.execute("SELECT count(DISTINCT body_sha256), count(*) FROM captures").fetchone() == (1, 2)


def test_a_304_points_to_the_capture_and_the_body_that_it_confirms(db: Database) -> None:
    crawl_id = crawl(db)
    first = record_capture(db, crawl_id, page())
    record_capture(db, crawl_id, confirmed(first))
    row = db.execute("SELECT status, revalidates, body_sha256 FROM captures ORDER BY capture_id DESC").fetchone()
    assert row == (304, first, sha256(BODY).hexdigest())
    assert db.execute("SELECT count(*) FROM bodies").fetchone() == (1,)


def test_a_confirmed_page_has_the_content_type_of_the_capture_it_confirms(db: Database) -> None:
    crawl_id = crawl(db)
    record_capture(db, crawl_id, confirmed(record_capture(db, crawl_id, page())))
    assert [capture.content_type for capture in listing_captures(db, crawl_id)] == ["text/html", "text/html"]


def test_a_capture_is_durable_at_once(db: Database, tmp_path: Path) -> None:
    record_capture(db, crawl(db), page())
    with open_archive(tmp_path / "archive.db") as another:
        assert another.execute("SELECT count(*) FROM captures").fetchone() == (1,)


@pytest.mark.parametrize(
    "stored",
    [b"", b"not zlib", zlib.compress(BODY)[:-3], zlib.compress(BODY[:-1]), zlib.compress(b"another")],
    ids=["empty", "not compressed", "cut short", "a byte less", "another"],
)
def test_a_damaged_body_is_never_returned(db: Database, stored: bytes) -> None:
    record_capture(db, crawl(db), page())
    db.execute("UPDATE bodies SET zlib = ?", (stored,))
    with pytest.raises(ValueError, match=sha256(BODY).hexdigest()):
        load_body(db, sha256(BODY).hexdigest())


@pytest.mark.parametrize("outcome", ["complete", "unchanged", "partial", "failed"])
def test_validators_come_from_a_settled_or_a_killed_crawl(db: Database, outcome: str) -> None:
    capture_id = record_capture(db, crawl(db, outcome), page())
    assert find_validators(db, URL, crawl(db)) == Validators(
        capture_id, sha256(BODY).hexdigest(), '"1"', "Sun, 01 Mar 2026 00:00:00 GMT", "text/html"
    )


@pytest.mark.parametrize("outcome", ["suspect", "blocked", "unreachable"])
def test_validators_never_come_from_a_refused_crawl(db: Database, outcome: str) -> None:
    record_capture(db, crawl(db, outcome), page())
    assert find_validators(db, URL, crawl(db)) is None


def test_a_refused_crawl_does_not_hide_the_validators_of_an_earlier_settled_one(db: Database) -> None:
    settled = record_capture(db, crawl(db, "complete"), page())
    record_capture(db, crawl(db, "suspect"), page(b"<html>sorry</html>", headers=(("ETag", '"2"'),)))
    found = find_validators(db, URL, crawl(db))
    assert found is not None
    assert found.capture_id == settled


def test_validators_come_from_this_crawls_own_captures(db: Database) -> None:
    record_capture(db, crawl(db, "complete"), page())
    crawl_id = crawl(db)
    newest = record_capture(db, crawl_id, page(b"newer"))
    found = find_validators(db, URL, crawl_id)
    assert found is not None
    assert found.capture_id == newest


@pytest.mark.parametrize(
    "fetched",
    [
        page(headers=()),
        Fetched("listing", URL, URL, AT, 404, TAGGED, BODY),
        Fetched("listing", URL, URL, AT, 200, TAGGED, fault="incomplete", detail="cut"),
        Fetched("listing", "http://elsewhere/", "http://elsewhere/", AT, 200, TAGGED, BODY),
    ],
    ids=["no validators", "not found", "not whole", "another address"],
)
def test_a_capture_that_a_304_cannot_confirm_has_no_validators(db: Database, fetched: Fetched) -> None:
    record_capture(db, crawl(db, "complete"), fetched)
    assert find_validators(db, URL, crawl(db)) is None


def test_only_complete_responses_for_listing_pages_are_listing_captures(db: Database) -> None:
    crawl_id, other = crawl(db), crawl(db)
    whole = [record_capture(db, crawl_id, page(b"1")), record_capture(db, crawl_id, page(b"2", page=2))]
    record_capture(db, crawl_id, Fetched("listing", URL, URL, AT, 404, (), b"no", pass_number=1, page=3))
    record_capture(db, crawl_id, Fetched("listing", URL, URL, AT, 200, (), fault="incomplete", pass_number=1, page=3))
    record_capture(db, crawl_id, Fetched("listing", URL, URL, AT, fault="unreachable", pass_number=1, page=3))
    record_capture(db, crawl_id, Fetched("link", URL, URL, AT, 200, (), b"link"))
    record_capture(db, crawl_id, Fetched("robots", URL, URL, AT, 200, (), b"robots"))
    record_capture(db, other, page(b"other"))
    assert [capture.capture_id for capture in listing_captures(db, crawl_id)] == whole


def test_headers_are_stored_in_order_with_repeats_and_read_case_insensitively(db: Database) -> None:
    headers = (("Set-Cookie", "a"), ("Set-Cookie", "b"), ("CONTENT-TYPE", "text/html"), ("X-Ü", "ü"))
    record_capture(db, crawl(db), page(headers=headers))
    [stored] = db.execute("SELECT headers FROM captures").fetchone()
    assert stored == '[["Set-Cookie", "a"], ["Set-Cookie", "b"], ["CONTENT-TYPE", "text/html"], ["X-Ü", "ü"]]'
    assert headers_of(stored) == {"set-cookie": "b", "content-type": "text/html", "x-ü": "ü"}


def test_a_damaged_body_is_requested_unconditionally_and_repaired_by_the_same_bytes(db: Database) -> None:
    crawl_id = crawl(db)
    record_capture(db, crawl_id, page())
    assert find_validators(db, URL, crawl_id) is not None
    db.execute("UPDATE bodies SET zlib = ?", (zlib.compress(b"other bytes"),))
    assert find_validators(db, URL, crawl_id) is None
    record_capture(db, crawl_id, page())
    assert load_body(db, sha256(BODY).hexdigest()) == BODY
    assert find_validators(db, URL, crawl_id) is not None


def test_an_interrupted_crawl_gives_no_validators(db: Database) -> None:
    crawl_id = crawl(db)
    record_capture(db, crawl_id, page())
    db.execute("UPDATE crawls SET outcome = 'partial', settled = 0 WHERE crawl_id = ?", (crawl_id,))
    assert find_validators(db, URL, crawl(db)) is None
