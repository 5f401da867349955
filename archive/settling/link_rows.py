"""Recording the links of a listing and the answers behind them.

The listing of a crawl decides which links exist. They are followed after the crawl has settled; the answers are recorded
in a transaction of their own, which changes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Literal

from sqlite_utils import Database

from foreign_eyes.archive.captures import Capture, headers_of, listing_captures
from foreign_eyes.archive.crawls import Crawl, find_crawl, last_settled_crawls
from foreign_eyes.archive.database import writing
from foreign_eyes.archive.redaction.masking import body_unless_purged, read_page
from foreign_eyes.archive.seals import seal
from foreign_eyes.archive.settling.journal import Change
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.values import Traffic
from foreign_eyes.listing.values import Link, ListingPage, Parser

LinkOutcome = Literal["ok", "blocked", "refused", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link with its last listed address, and the time when the crawl first saw it."""

    link: Link
    first_seen: str


def shown_links(
    state: Iterable[Capture], captures: Iterable[Capture], pages: Mapping[str, ListingPage]
) -> list[ShownLink]:
    """Return the links in a `state` of the listing.

    `captures` are all listing captures of the crawl, `pages` their pages by body.
    """
    first: dict[tuple[str, str], str] = {}
    for capture in captures:
        for link in pages[capture.body_sha256].links:
            first.setdefault((link.label, link.known_by), to_text(capture.fetched_at))
    last: dict[tuple[str, str], Link] = {}
    for capture in state:
        last.update({(link.label, link.known_by): link for link in pages[capture.body_sha256].links})
    return [ShownLink(link, first[name]) for name, link in last.items()]


def settle_links(db: Database, crawl: Crawl, shown: Sequence[ShownLink], *, whole: bool) -> list[Change]:
    """Record the links of the listing, inside the caller's transaction; return the changes.

    `whole` is whether all pages were read, so that a link that is not `shown` is gone. The first links of a source are
    not a change. A link that replaces another is one change, not two.
    """
    had_links = db.execute("SELECT 1 FROM links WHERE source_id = ? LIMIT 1", (crawl.source_id,)).fetchone()
    stored = _StoredLinks.of(db, crawl.source_id)
    recorded: set[int] = set()
    appeared_ids: list[int] = []
    for link in shown:
        link_id, appeared = _record_link(db, crawl.source_id, stored, link)
        recorded.add(link_id)
        if appeared and had_links:
            appeared_ids.append(link_id)
    gone = _retire_missing(db, crawl, recorded) if whole else []
    if not appeared_ids:
        return [Change("link changed", link_id=link_id, former_link_id=link_id) for link_id in gone]
    return [
        Change("link changed", link_id=link_id, former_link_id=former)
        for link_id, former in zip_longest(appeared_ids, gone[: len(appeared_ids)])
    ]


def links_to_follow(db: Database, source_id: int, most: int) -> list[str]:
    """Return the addresses of at most `most` listed links, least recently followed first."""
    rows = db.execute(
        "SELECT key, last_url FROM links WHERE source_id = ? AND gone_at IS NULL ORDER BY capture_id, link_id",
        (source_id,),
    ).fetchall()
    by_key: dict[str, str] = {}
    for key, url in rows:
        by_key.setdefault(key, url)
    return list(by_key.values())[:most]


def settle_answers(db: Database, crawl: Crawl, parser: Parser) -> None:
    """Record the answers behind the listed links in this crawl, within the transaction.

    A link that was not followed gets the outcome `skipped` and keeps its last status. A second call changes nothing.
    """
    rows = db.execute(
        "SELECT link_id, key, last_url, capture_id, status, outcome FROM links WHERE source_id = ? AND gone_at IS NULL",
        (crawl.source_id,),
    ).fetchall()
    if not rows:
        return
    answers = _answers(db, crawl.crawl_id, {url: key for _, key, url, *_ in rows}, parser)
    for link_id, key, _, *before in rows:
        now = answers.get(key, (*before[:2], "skipped"))
        if now != tuple(before):
            db.execute(
                "UPDATE links SET capture_id = ?, status = ?, outcome = ? WHERE link_id = ?",
                (*now, link_id),
            )


def close_links(db: Database, crawl_id: int, parser: Parser, traffic: Traffic, at: datetime) -> None:
    """Record and seal the answers and the traffic of following links, in one transaction."""
    with writing(db):
        settle_answers(db, find_crawl(db, crawl_id), parser)
        db.execute(
            "INSERT INTO link_traffic (crawl_id, requests, not_modified, bytes) VALUES (?, ?, ?, ?)",
            (crawl_id, traffic.requests, traffic.not_modified, traffic.bytes),
        )
        seal(db, at, changed={"link_traffic": [crawl_id]})


def close_killed_links(db: Database, parser: Parser) -> None:
    """Record the answers that a run got before it was killed while following links.

    Each source has a transaction of its own.
    """
    for crawl in last_settled_crawls(db):
        pending = db.execute(
            "SELECT 1 FROM captures WHERE crawl_id = :crawl_id AND purpose = 'link' AND capture_id >"
            " coalesce((SELECT max(capture_id) FROM links WHERE source_id = :source_id AND gone_at IS NULL), 0) LIMIT 1",
            {"crawl_id": crawl.crawl_id, "source_id": crawl.source_id},
        ).fetchone()
        if pending:
            with writing(db):
                settle_answers(db, crawl, parser)


@dataclass(slots=True)
class _StoredLinks:
    """The stored links of a source, by label and key and by label and address.

    Listed links come first.
    """

    by_name: dict[tuple[str, str], tuple[int, str, str | None]]

    @classmethod
    def of(cls, db: Database, source_id: int) -> _StoredLinks:
        rows = db.execute(
            "SELECT label, key, url, last_url, link_id, gone_at FROM links WHERE source_id = ?"
            " ORDER BY gone_at IS NOT NULL, link_id",
            (source_id,),
        ).fetchall()
        by_name: dict[tuple[str, str], tuple[int, str, str | None]] = {}
        # addresses are looked up, too, since another version may compute keys differently
        for place in (1, 2, 3):
            for row in rows:
                by_name.setdefault((row[0], row[place]), (row[4], row[3], row[5]))
        return cls(by_name)

    def find(self, link: Link) -> tuple[int, str, str | None] | None:
        """Return the id, last address and time of removal of a link, or None if it is not stored."""
        return self.by_name.get((link.label, link.known_by)) or self.by_name.get((link.label, link.url))


def _record_link(db: Database, source_id: int, stored: _StoredLinks, shown: ShownLink) -> tuple[int, bool]:
    """Store a link; return its id, and whether it is new on the listing or has returned."""
    link = shown.link
    found = stored.find(link)
    if found is None:
        cursor = db.execute(
            "INSERT INTO links (source_id, label, url, key, last_url, first_seen, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?, 'skipped')",
            (source_id, link.label, link.url, link.known_by, link.url, shown.first_seen),
        )
        return int(cursor.lastrowid or 0), True
    link_id, _, gone_at = found
    db.execute(
        "UPDATE links SET key = ?, last_url = ?, gone_at = NULL WHERE link_id = ?"
        " AND (key != ? OR last_url != ? OR gone_at IS NOT NULL)",
        (link.known_by, link.url, link_id, link.known_by, link.url),
    )
    return link_id, gone_at is not None


def _retire_missing(db: Database, crawl: Crawl, recorded: set[int]) -> list[int]:
    """Mark the listed links that are not in `recorded` as gone; return their ids."""
    listed = db.execute("SELECT link_id FROM links WHERE source_id = ? AND gone_at IS NULL", (crawl.source_id,))
    gone = [link_id for (link_id,) in listed.fetchall() if link_id not in recorded]
    for link_id in gone:
        db.execute(
            "UPDATE links SET gone_at = (SELECT started_at FROM crawls WHERE crawl_id = ?) WHERE link_id = ?",
            (crawl.crawl_id, link_id),
        )
    return gone


LinkAnswer = tuple[int, int | None, LinkOutcome]


def _answers(db: Database, crawl_id: int, keys: dict[str, str], parser: Parser) -> dict[str, LinkAnswer]:
    """Return the answers behind links in this crawl, by key.

    The last exchange after redirects counts.

    `keys` are the keys of the stored addresses. Keys of other addresses, which an older version or another crawler
    followed, are computed from the crawl's own pages and added.
    """
    asked = db.execute(
        "SELECT asked_url, max(capture_id) FROM captures WHERE crawl_id = ? AND purpose = 'link'"
        " GROUP BY asked_url ORDER BY 2",
        (crawl_id,),
    ).fetchall()
    if any(url not in keys for url, _ in asked):
        for capture in listing_captures(db, crawl_id):
            links = read_page(db, parser, capture.body_sha256, capture.url, capture.content_type).links
            keys |= {link.url: link.known_by for link in links if link.url not in keys}
    last = {keys[url]: capture_id for url, capture_id in asked if url in keys}
    return {key: _answer(db, capture_id, parser) for key, capture_id in last.items()}


def _answer(db: Database, capture_id: int, parser: Parser) -> LinkAnswer:
    """Return the status and outcome of a link from a capture."""
    status, fault, body_sha256, headers, confirmed_status = db.execute(
        "SELECT c.status, c.fault, c.body_sha256, coalesce(r.headers, c.headers), r.status"
        " FROM captures c LEFT JOIN captures r ON r.capture_id = c.revalidates WHERE c.capture_id = ?",
        (capture_id,),
    ).fetchone()
    status = confirmed_status or status  # a 304 stands for the response that it confirms
    if fault in ("refused", "disallowed"):
        return capture_id, status, "refused"
    body = body_unless_purged(db, body_sha256) if body_sha256 else b""
    if status and parser.blocking_sign(status, body, headers_of(headers).get("content-type")):
        return capture_id, status, "blocked"
    return capture_id, status, "ok" if not fault and status and 200 <= status < 300 else "error"
