"""Reads the proof of a text: the captures that show it, and their bytes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.captures import headers_of
from foreign_eyes.archive.redaction.notice import redacted_id
from foreign_eyes.archive.redaction.withholding import is_withheld
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.listing.values import TEXT_PARTS, ListedEntry

# the most captures of one body that are listed; an unchanged page is captured every day
MOST_CAPTURES = 100
_CHUNK = 64 * 1024
# the time as corrected by an operator, or as observed
_TIME = "coalesce((SELECT d.fetched_at FROM redated_captures d WHERE d.capture_id = c.capture_id), c.fetched_at)"
_COLUMNS = (
    f"c.capture_id, c.crawl_id, c.purpose, c.url, {_TIME}, c.status, coalesce(r.headers, c.headers), c.body_sha256"
)
_FROM = "captures c LEFT JOIN captures r ON r.capture_id = c.revalidates"


@dataclass(frozen=True, slots=True)
class ProvingCapture:
    """A response as captured; a 304 confirms a body of an earlier response."""

    capture_id: int
    crawl_id: int
    purpose: str
    url: str
    fetched_at: str
    status: int | None
    content_type: str | None
    body_sha256: str


@dataclass(frozen=True, slots=True)
class ProvingBody:
    """A stored body with its captures, the earliest first.

    `is_withheld` says that it shows redacted text, and must not be given out.
    """

    body_sha256: str
    size: int
    is_withheld: bool
    captures: tuple[ProvingCapture, ...]
    capture_count: int

    @property
    def first(self) -> ProvingCapture:
        """Return the response that contained the bytes."""
        return next((capture for capture in self.captures if capture.status != 304), self.captures[0])


@dataclass(frozen=True, slots=True)
class ProvedRevision:
    """A revision of an entry, and the capture that first showed it."""

    number: int
    first_seen: str
    page: int
    position: int
    is_redacted: bool
    texts: ListedEntry
    capture: ProvingCapture


def find_body(db: Database, body_sha256: str) -> ProvingBody | None:
    """Return a captured body by its SHA-256, or None."""
    row = db.execute("SELECT size FROM bodies WHERE body_sha256 = ?", (body_sha256,)).fetchone()
    of_body = "c.body_sha256 = ?"
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {of_body} ORDER BY c.fetched_at LIMIT {MOST_CAPTURES}",  # noqa: S608 - our own names
        (body_sha256,),
    ).fetchall()
    if row is None or not rows:
        return None
    (count,) = db.execute("SELECT count(*) FROM captures WHERE body_sha256 = ?", (body_sha256,)).fetchone()
    return ProvingBody(body_sha256, row[0], is_withheld(db, body_sha256), tuple(map(_capture, rows)), count)


def read_packed(db: Database, body_sha256: str) -> bytes:
    """Return the compressed bytes of a body, after a check of their digest.

    Raises:
        ValueError: the stored bytes do not match the digest.
    """
    (packed,) = db.execute("SELECT zlib FROM bodies WHERE body_sha256 = ?", (body_sha256,)).fetchone()
    digest = sha256()
    try:
        for chunk in unpacked(packed):
            digest.update(chunk)
    except zlib.error as error:
        raise ValueError(f"body {body_sha256}: {error}") from error
    if digest.hexdigest() != body_sha256:
        raise ValueError(f"body {body_sha256}: its bytes have another digest")
    return bytes(packed)


def unpacked(packed: bytes) -> Iterator[bytes]:
    """Yield the bytes of a compressed body in pieces, so that a large body takes little memory."""
    inflater = zlib.decompressobj()
    rest = packed
    while rest and not inflater.eof:
        yield inflater.decompress(rest, _CHUNK)
        rest = inflater.unconsumed_tail
    if not inflater.eof:
        raise zlib.error("the compressed bytes end too early")


def find_proofs(db: Database, entry_id: int) -> list[ProvedRevision]:
    """Return the revisions of an entry, oldest first; empty if there is no such entry.

    If the parser changed, the last reading of each wording counts.
    """
    rows = db.execute(
        f"SELECT v.number, v.first_seen, v.page, v.position, v.flags, {text_columns('v')}, {_COLUMNS}"  # noqa: S608
        " FROM revisions v JOIN captures c ON c.capture_id = v.capture_id LEFT JOIN captures r ON r.capture_id = c.revalidates"
        " WHERE v.entry_id = ? ORDER BY v.revision_id",
        (entry_id,),
    ).fetchall()
    return list({row[0]: _revision(row) for row in rows}.values())


def _revision(row: tuple[Any, ...]) -> ProvedRevision:
    number, first_seen, page, position, flags, *rest = row
    texts = replace(ListedEntry(*rest[: len(TEXT_PARTS)]), flags=tuple(json.loads(flags)))
    capture = _capture(tuple(rest[len(TEXT_PARTS) :]))
    return ProvedRevision(number, first_seen, page, position, redacted_id(texts) is not None, texts, capture)


def _capture(row: tuple[Any, ...]) -> ProvingCapture:
    capture_id, crawl_id, purpose, url, fetched_at, status, headers, body_sha256 = row
    content_type = headers_of(headers).get("content-type") if headers else None
    return ProvingCapture(capture_id, crawl_id, purpose, url, fetched_at, status, content_type, body_sha256)
