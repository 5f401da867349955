"""The links that the listing carries and what answered behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from sqlite_utils import Database

from archive.captures import headers_of, load_body
from archive.crawls import Crawl
from archive.settling.journal import Change
from archive.values import Link, Parser

LinkOutcome = Literal["ok", "blocked", "refused", "error"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The last exchange of following a link: a capture with a status, or with the fault that came in its stead."""

    capture_id: int
    fetched_at: str
    status: int | None
    outcome: LinkOutcome


def settle_links(db: Database, crawl: Crawl, links: Sequence[Link], parser: Parser, *, whole: bool) -> list[Change]:
    """Record the listing's links and what answered in this crawl, inside the caller's transaction; return the changes.

    `whole` tells that all pages were read, so that a link that is not among `links` is gone. The first links of a source
    are no change; a link that makes way for another is one change, not two.
    """
    had_links = db.execute("SELECT 1 FROM links WHERE source_id = ? LIMIT 1", (crawl.source_id,)).fetchone()
    appeared_ids: list[int] = []
    for link in links:
        answer = _answer(db, crawl.crawl_id, link.url, parser)
        if answer is not None:
            link_id, appeared = _record_link(db, crawl.source_id, link, answer)
            if appeared and had_links:
                appeared_ids.append(link_id)
    gone = _retire_missing(db, crawl, links) if whole else []
    if not appeared_ids:
        return [Change("link changed", link_id=link_id, former_link_id=link_id) for link_id in gone]
    return [
        Change("link changed", link_id=link_id, former_link_id=former)
        for link_id, former in zip_longest(appeared_ids, gone[: len(appeared_ids)])
    ]


def listed_links(db: Database, source_id: int) -> list[Link]:
    """Return the links that stood on the listing when it was last read whole."""
    rows = db.execute(
        "SELECT label, url FROM links WHERE source_id = ? AND gone_at IS NULL ORDER BY link_id", (source_id,)
    )
    return [Link(*row) for row in rows]


def _record_link(db: Database, source_id: int, link: Link, answer: Answer) -> tuple[int, bool]:
    """Store a link and its answer; return its id, and whether it is new on the listing or back on it."""
    known = db.execute(
        "SELECT link_id, gone_at FROM links WHERE source_id = ? AND label = ? AND url = ?",
        (source_id, link.label, link.url),
    ).fetchone()
    if known is None:
        cursor = db.execute(
            "INSERT INTO links (source_id, label, url, first_seen, capture_id, status, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (source_id, link.label, link.url, answer.fetched_at, answer.capture_id, answer.status, answer.outcome),
        )
        return int(cursor.lastrowid or 0), True
    db.execute(
        "UPDATE links SET capture_id = ?, status = ?, outcome = ?, gone_at = NULL"
        " WHERE link_id = ? AND (status IS NOT ? OR outcome != ? OR gone_at IS NOT NULL)",
        (answer.capture_id, answer.status, answer.outcome, known[0], answer.status, answer.outcome),
    )
    return int(known[0]), known[1] is not None


def _retire_missing(db: Database, crawl: Crawl, links: Sequence[Link]) -> list[int]:
    """Note that listed links are no longer among `links`; return their ids."""
    present = {(link.label, link.url) for link in links}
    listed = db.execute(
        "SELECT link_id, label, url FROM links WHERE source_id = ? AND gone_at IS NULL", (crawl.source_id,)
    )
    gone = [link_id for link_id, label, url in listed.fetchall() if (label, url) not in present]
    for link_id in gone:
        db.execute(
            "UPDATE links SET gone_at = (SELECT started_at FROM crawls WHERE crawl_id = ?) WHERE link_id = ?",
            (crawl.crawl_id, link_id),
        )
    return gone


def _answer(db: Database, crawl_id: int, url: str, parser: Parser) -> Answer | None:
    """Return what came of following `url` in this crawl, after its redirects; None where it was not followed."""
    row = db.execute(
        "SELECT c.capture_id, c.fetched_at, c.status, c.fault, c.body_sha256, coalesce(r.headers, c.headers), r.status"
        " FROM captures c LEFT JOIN captures r ON r.capture_id = c.revalidates"
        " WHERE c.crawl_id = ? AND c.purpose = 'link' AND c.asked_url = ? ORDER BY c.capture_id DESC LIMIT 1",
        (crawl_id, url),
    ).fetchone()
    if row is None:
        return None
    capture_id, fetched_at, status, fault, body_sha256, headers, confirmed_status = row
    status = confirmed_status or status  # a 304 says that what it confirms would have been the answer
    if fault in ("refused", "disallowed"):
        return Answer(capture_id, fetched_at, status, "refused")
    body = load_body(db, body_sha256) if body_sha256 else b""
    if status and parser.blocking_sign(status, body, headers_of(headers).get("content-type")):
        return Answer(capture_id, fetched_at, status, "blocked")
    return Answer(capture_id, fetched_at, status, "ok" if not fault and status and 200 <= status < 300 else "error")
