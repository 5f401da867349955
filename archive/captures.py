"""Store each response as a capture, at once and durably, and find captures again."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.times import from_text, to_text
from foreign_eyes.archive.values import ENDED_BY_CLOSE, Fetched


@dataclass(frozen=True, slots=True)
class Capture:
    """A stored capture; `body_sha256` of a 304 is the body that it confirms."""

    capture_id: int
    pass_number: int
    page: int
    url: str
    fetched_at: datetime
    status: int
    content_type: str | None
    body_sha256: str


_CAPTURE = (
    "SELECT c.capture_id, c.pass, c.page, c.url, c.fetched_at, c.status, coalesce(r.headers, c.headers), c.body_sha256"
    " FROM captures c LEFT JOIN captures r ON r.capture_id = c.revalidates"
)

_CAME_TWICE = (
    "EXISTS (SELECT 1 FROM captures o WHERE o.body_sha256 = c.body_sha256 AND o.capture_id != c.capture_id"
    " AND o.status = 200 AND (o.crawl_id = c.crawl_id OR o.capture_id < c.capture_id))"
)


@dataclass(frozen=True, slots=True)
class Validators:
    """The validators of a conditional request, and the capture that a 304 would confirm.

    See RFC 9110 section 13.1.
    """

    capture_id: int
    body_sha256: str
    etag: str | None
    last_modified: str | None
    content_type: str | None


def record_capture(db: Database, crawl_id: int, fetched: Fetched) -> int:
    """Store a response or a failed request, and its body unless it is stored already.

    Return the capture's id. The transaction is committed.
    """
    body_sha256 = fetched.body_sha256
    with writing(db):
        if fetched.body is not None:
            body_sha256 = store_body(db, fetched.body, body_sha256)
        cursor = db.execute(
            "INSERT INTO captures (crawl_id, purpose, pass, page, asked_url, url, fetched_at, status, headers, body_sha256,"
            " revalidates, fault, detail, asked_fresh, leniency)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                crawl_id,
                fetched.purpose,
                fetched.pass_number,
                fetched.page,
                fetched.asked_url,
                fetched.url,
                to_text(fetched.at),
                fetched.status,
                json.dumps(fetched.headers, ensure_ascii=False),
                body_sha256,
                fetched.revalidates,
                fetched.fault,
                fetched.detail,
                fetched.asked_fresh,
                fetched.leniency,
            ),
        )
        return int(cursor.lastrowid or 0)


def find_exchanges(db: Database, crawl_id: int) -> list[dict[str, Any]]:
    """Return all captures of a crawl in the order in which they were made."""
    columns = ("purpose", "url", "status", "headers", "fetched_at", "detail")
    rows = db.execute(f"SELECT {', '.join(columns)} FROM captures WHERE crawl_id = ? ORDER BY capture_id", (crawl_id,))  # noqa: S608 - names of columns
    return [dict(zip(columns, row, strict=True)) for row in rows]


def store_body(db: Database, body: bytes, digest: str | None = None) -> str:
    """Store `body` unless the archive has it undamaged; return its SHA-256 in hexadecimal.

    A caller that has computed the digest passes it on as `digest`.
    """
    digest = digest or sha256(body).hexdigest()
    if not has_intact_body(db, digest):  # the same bytes repair a damaged copy
        db.execute(
            "INSERT INTO bodies VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, zlib = excluded.zlib",
            (digest, len(body), zlib.compress(body, 9)),
        )
    return digest


def has_intact_body(db: Database, body_sha256: str) -> bool:
    """Return whether the archive has a body, with bytes that match its digest."""
    if not db.execute("SELECT 1 FROM bodies WHERE body_sha256 = ?", (body_sha256,)).fetchone():
        return False
    try:
        load_body(db, body_sha256)
    except ValueError:
        return False
    return True


def load_body(db: Database, body_sha256: str) -> bytes:
    """Return the bytes of a body.

    Raises:
        ValueError: the stored bytes no longer match the digest.
    """
    row = db.execute("SELECT zlib FROM bodies WHERE body_sha256 = ?", (body_sha256,)).fetchone()
    try:
        body = zlib.decompress(row[0])
    except zlib.error as error:
        raise ValueError(f"body {body_sha256}: {error}") from error
    if sha256(body).hexdigest() != body_sha256:
        raise ValueError(f"body {body_sha256}: its bytes have another digest")
    return body


def find_validators(db: Database, url: str, crawl_id: int) -> Validators | None:
    """Return validators for `url` from its newest usable capture, or None.

    Usable are complete captures of a settled crawl, of this crawl, and of a killed one. Captures of a refused crawl are
    skipped: otherwise the refused page would come back as 304 and look unchanged. Captures of a killed crawl were never
    checked, so a crawl that revalidates them checks the body again. The clock of a killed crawl was not checked either, so
    captures dated in the future are not used. A page that may be truncated has no validators, since a 304 cannot confirm that
    the copy is complete.
    """
    time = "c.fetched_at"
    if db.execute("SELECT 1 FROM redated_captures LIMIT 1").fetchone():  # otherwise an index finds the capture
        time = "coalesce((SELECT d.fetched_at FROM redated_captures d WHERE d.capture_id = c.capture_id), c.fetched_at)"
    row = db.execute(
        "SELECT c.capture_id, c.body_sha256, c.headers, c.leniency FROM captures c JOIN crawls w USING (crawl_id)"  # noqa: S608
        " WHERE c.url = :url AND c.status = 200 AND c.body_sha256 IS NOT NULL AND c.fault IS NULL"
        " AND (w.crawl_id = :id OR w.settled = 1 OR (w.outcome = 'failed'"
        "  AND c.fetched_at <= (SELECT started_at FROM crawls WHERE crawl_id = :id)))"
        f" ORDER BY {time} DESC, c.capture_id DESC LIMIT 1",
        {"url": url, "id": crawl_id},
    ).fetchone()
    if row is None or ENDED_BY_CLOSE in (row[3] or ""):
        return None
    headers = headers_of(row[2])
    etag, last_modified = headers.get("etag"), headers.get("last-modified")
    if not (etag or last_modified) or not has_intact_body(db, row[1]):
        return None  # no validators, or a damaged body, which an unconditional response repairs
    return Validators(row[0], row[1], etag, last_modified, headers.get("content-type"))


def listing_captures(db: Database, crawl_id: int) -> list[Capture]:
    """Return the crawl's complete captures of listing pages, in the order of capture.

    A page that may be truncated counts only if the same bytes were captured twice, in this crawl or before it.
    """
    rows = db.execute(
        f"{_CAPTURE} WHERE c.crawl_id = :crawl AND c.purpose = 'listing' AND c.page IS NOT NULL"
        " AND c.status IN (200, 304) AND c.body_sha256 IS NOT NULL AND c.fault IS NULL"
        f" AND (instr(coalesce(c.leniency, ''), :cut) = 0 OR {_CAME_TWICE}) ORDER BY c.capture_id",
        {"crawl": crawl_id, "cut": ENDED_BY_CLOSE},
    )
    return [_capture(row) for row in rows]


def find_capture(db: Database, capture_id: int) -> Capture:
    """Return a capture of a listing page."""
    return _capture(db.execute(f"{_CAPTURE} WHERE c.capture_id = ?", (capture_id,)).fetchone())


def headers_of(stored: str) -> dict[str, str]:
    """Return stored headers by lower-case name; the last value of a repeated header."""
    return {name.lower(): value for name, value in json.loads(stored)}


def _capture(row: tuple[Any, ...]) -> Capture:
    capture_id, pass_number, page, url, fetched_at, status, headers, body_sha256 = row
    content_type = headers_of(headers).get("content-type")
    return Capture(capture_id, pass_number, page, url, from_text(fetched_at), status, content_type, body_sha256)
