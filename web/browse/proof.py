"""Proof of an entry: the bytes of its captures, and the passages of its text in them."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from sqlite_utils import Database

from foreign_eyes.archive.proof import (
    ProvedRevision,
    ProvingBody,
    ProvingCapture,
    find_body,
    find_proofs,
    read_packed,
    unpacked,
)
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.passages import Passage, find_passages
from foreign_eyes.web.browse.metadata import DATABASE

# bytes of the largest body that is searched; a listing page has about 50 KB
LARGEST_SEARCHED = 1_000_000
# bytes of the largest body that is sent; crawls keep at most 10 MB
LARGEST_SENT = 64 * 1024 * 1024
# in the order of the listing; title and publication are parts of the attribution
SHOWN_PARTS = ("excerpt", "attribution", "commentary")
# larger numbers are not integers of SQLite
_LARGEST_ID = 2**63 - 1
_URL_CHARACTERS = "%:/?#[]@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Provenance:
    """A revision of an entry, its capture, and the passages of the bytes with its text.

    `refusal` is the reason if there are no passages: "withheld", "damaged" or "too large".
    """

    entry_id: int
    shown: ProvedRevision
    revisions: tuple[ProvedRevision, ...]
    body: ProvingBody
    passages: dict[str, Passage]
    refusal: str = ""

    @property
    def missing(self) -> list[str]:
        """Return the parts of the entry that were not found."""
        return [part for part in SHOWN_PARTS if getattr(self.shown.texts, part) and part not in self.passages]


async def read_body(datasette: Any, body_sha256: str) -> ProvingBody | None:
    """Return a captured body without its bytes, or None if the archive has no such digest."""
    found: ProvingBody | None = await datasette.get_database(DATABASE).read_unguarded(
        lambda connection: find_body(_database(connection), body_sha256)
    )
    return found


async def read_bytes(datasette: Any, body_sha256: str) -> bytes:
    """Return the compressed bytes of a body.

    Raises:
        ValueError: the stored bytes are damaged.
    """
    packed: bytes = await datasette.get_database(DATABASE).read_unguarded(
        lambda connection: read_packed(_database(connection), body_sha256)
    )
    return packed


async def read_provenance(datasette: Any, entry_id: int, number: int | None) -> Provenance | None:
    """Return the provenance of a revision, by default the last one; None if it is missing."""
    if entry_id > _LARGEST_ID:
        return None
    found: Provenance | None = await datasette.get_database(DATABASE).read_unguarded(
        lambda connection: _read_provenance(_database(connection), entry_id, number)
    )
    return found


def capture_headers(body: ProvingBody, base_url: str) -> dict[str, str]:
    """Return the header fields of a download, with the URL, time and status of the capture."""
    first = body.first
    url = quote(first.url, safe=_URL_CHARACTERS)
    return {
        "Content-Disposition": f'attachment; filename="{body.body_sha256}.bin"',
        "Content-Length": str(body.size),
        # a redaction must take effect at once
        "Cache-Control": "no-cache",
        # RFC 7089, section 2.1.1, and RFC 9530, section 3
        "Memento-Datetime": format_datetime(_whole_second(first.fetched_at), usegmt=True),
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(body.body_sha256)).decode()}:",
        "Link": f'<{url}>; rel="original", <{base_url}captures/{body.body_sha256}/about>; rel="describedby"',
        "Capture-URL": url,
        "Capture-Time": first.fetched_at,
        "Capture-Status": str(first.status or ""),
    }


def body_object(body: ProvingBody, base_url: str) -> dict[str, Any]:
    """Return the JSON object of a body."""
    return {
        "sha256": body.body_sha256,
        "size": body.size,
        "withheld": body.is_withheld,
        "bytes_url": None if body.is_withheld else f"{base_url}captures/{body.body_sha256}",
        "capture_count": body.capture_count,
        "captures": [_capture_object(capture) for capture in body.captures],
    }


def provenance_object(provenance: Provenance, base_url: str) -> dict[str, Any]:
    """Return the JSON object of a provenance; `start` and `end` are byte offsets from 0."""
    shown = provenance.shown
    return {
        "entry_id": provenance.entry_id,
        "revision": shown.number,
        "revisions": [revision.number for revision in provenance.revisions],
        "first_seen": shown.first_seen,
        "page": shown.page,
        "position": shown.position,
        "capture": _capture_object(shown.capture),
        "sha256": provenance.body.body_sha256,
        "size": provenance.body.size,
        "bytes_url": None if provenance.body.is_withheld else f"{base_url}captures/{provenance.body.body_sha256}",
        "refusal": provenance.refusal or None,
        "passages": {
            part: {"start": passage.span.start, "end": passage.span.end, "text": passage.text}
            for part, passage in provenance.passages.items()
        },
        "missing": provenance.missing,
    }


def _read_provenance(db: Database, entry_id: int, number: int | None) -> Provenance | None:
    revisions = tuple(find_proofs(db, entry_id))
    shown = next((one for one in reversed(revisions) if number in (None, one.number)), None)
    if shown is None or (body := find_body(db, shown.capture.body_sha256)) is None:
        return None
    refusal = "withheld" if body.is_withheld or shown.is_redacted else ""
    refusal = refusal or ("too large" if body.size > LARGEST_SEARCHED else "")
    passages: dict[str, Passage] = {}
    if not refusal:
        texts = {part: getattr(shown.texts, part) or "" for part in SHOWN_PARTS}
        try:
            content = b"".join(unpacked(read_packed(db, body.body_sha256)))
            passages = find_passages(content, texts, shown.capture.content_type)
        except ValueError:
            refusal = "damaged"
    return Provenance(entry_id, shown, revisions, body, passages, refusal)


def _capture_object(capture: ProvingCapture) -> dict[str, Any]:
    return {
        "crawl_id": capture.crawl_id,
        "url": capture.url,
        "fetched_at": capture.fetched_at,
        "status": capture.status,
    }


def _whole_second(text: str) -> datetime:
    return from_text(text).replace(microsecond=0)


def _database(connection: sqlite3.Connection) -> Database:
    return Database(connection, recursive_triggers=False)
