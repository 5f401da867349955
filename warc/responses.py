"""Read HTTP responses from WARC records, and resolve revisits.

A revisit repeats an earlier response.

Bodies are stored on disk; a response itself is a small value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from foreign_eyes.archive.times import to_text
from foreign_eyes.listing.content_coding import BadCodingError, OversizedError
from foreign_eyes.listing.parser import is_html
from foreign_eyes.warc.bodies import Bodies
from foreign_eyes.warc.digest_fields import agrees
from foreign_eyes.warc.errors import BadWarc
from foreign_eyes.warc.http_message import (
    Headers,
    Message,
    entity_of,
    header_of,
    is_chunked,
    join_chunks,
    may_be_cut,
    split_message,
)
from foreign_eyes.warc.record_reader import Record

# a year, month, day or minute (WARC/1.1 section 5.4), which is not precise enough
_SPAN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?:Z|\+00:00))?)?)?", re.ASCII | re.IGNORECASE)
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)", re.IGNORECASE)
_SCHEMES = ("http://", "https://")
_TEXT = ("text", "html", "xml", "json")


@dataclass(frozen=True, slots=True)
class Response:
    """A response with its time, its head and the digest of its body.

    `body_sha256` is the SHA-256 of the decoded body. `unusable` is the reason why the body cannot be used. A 304
    `confirms` an earlier response and has its body. `file` is the name of the WARC file.
    """

    record_id: str
    url: str
    at: datetime
    status: int
    headers: Headers
    body_sha256: str | None = None
    unusable: str | None = None
    may_be_cut: bool = False
    confirms: Response | None = None
    file: str = ""

    @property
    def content_type(self) -> str | None:
        """The content type of the body; for a 304, that of the confirmed response."""
        return header_of((self.confirms or self).headers, "Content-Type")

    @property
    def shows_page(self) -> bool:
        """Whether it shows a page: status 200, or a 304 that confirms one."""
        return (self.confirms or self).status == 200 and self.body_sha256 is not None

    @property
    def moved_to(self) -> str | None:
        """The target URL of a redirect, or None."""
        location = header_of(self.headers, "Location") if 300 <= self.status < 400 else None
        try:
            return urljoin(self.url, location) if location else None
        except ValueError:
            return None


KnownResponses = Mapping[tuple[str, str], Response]


def read_response(record: Record, bodies: Bodies, limit: int) -> Response | None:
    """Return the response in a `response` record and store its body.

    Return None if it is not an HTTP response with a date.

    Raises:
        BadWarc: the payload does not match the record's digest.
    """
    date = record.fields.get("warc-date", "")
    at = timestamp_of(date) or _start_of_span(date)
    if at is None or not _is_web(record.target):
        return None
    bare = Response(record.record_id, record.target, at, 0, (), file=record.file)
    if record.block is None:
        return replace(bare, unusable=f"more than {limit} bytes")
    message = split_message(record.block)
    if message is None:
        return None
    body, why = _body_of(message, limit)
    _check_payload(record, message, body)
    if part := record.fields.get("warc-truncated") or record.fields.get("warc-segment-number"):
        body, why = None, f"the record holds only a part of it ({part})"
    elif timestamp_of(date) is None:
        body, why = None, f"its date {date.strip()} is not a full timestamp"
    elif body is not None and not _is_text(message, body):
        body, why = None, "not a page"
    return replace(
        bare,
        status=message.status,
        headers=message.headers,
        body_sha256=None if body is None else bodies.put(body),
        unusable=why,
        may_be_cut=may_be_cut(message),
    )


def resolve_revisit(record: Record, known: KnownResponses) -> Response | None:
    """Return the response of a `revisit` record (WARC/1.1 section 6.7).

    Return None if its original is not `known`.
    """
    at, original = timestamp_of(record.fields.get("warc-date", "")), _original(record, known)
    if at is None or original is None or not _is_web(record.target):
        return None
    message = split_message(record.block or b"")
    again = replace(original, record_id=record.record_id, url=record.target, at=at, file=record.file)
    not_modified = record.fields.get("warc-profile", "").rstrip("/").endswith("/server-not-modified")
    if not_modified or (message is not None and message.status == 304):
        return replace(again, status=304, headers=message.headers if message else (), confirms=original)
    return replace(again, status=message.status, headers=message.headers) if message else again


def keys_of(response: Response, record: Record) -> list[tuple[str, str]]:
    """Return the keys by which a revisit can refer to a response.

    They are the id, the URL with the date, and the digest of the payload.
    """
    keys = [("id", response.record_id), (response.url, to_text(response.at))]
    if label := record.fields.get("warc-payload-digest"):
        keys.append(("digest", label.strip()))
    return keys


def timestamp_of(text: str) -> datetime | None:
    """Return the timestamp in a WARC-Date.

    Return None if it is less precise (WARC/1.1 section 5.4) or malformed.
    """
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return whole + timedelta(microseconds=int((match[2] or "0").ljust(6, "0")[:6]))


def _start_of_span(text: str) -> datetime | None:
    """Return the start of the span in a WARC-Date that is not a full timestamp.

    The span is a year, month, day or minute.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute = (int(part) if part else None for part in match.groups())
    try:
        return datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, tzinfo=UTC)
    except ValueError:
        return None


def _is_web(target: str) -> bool:
    return target.startswith(_SCHEMES) and "\r" not in target


def _original(record: Record, known: KnownResponses) -> Response | None:
    fields = record.fields
    keys = [("id", fields.get("warc-refers-to", "").strip("<>"))]
    if (date := timestamp_of(fields.get("warc-refers-to-date", ""))) is not None:
        keys.append((fields.get("warc-refers-to-target-uri", record.target).strip("<>"), to_text(date)))
    keys.append(("digest", fields.get("warc-payload-digest", "").strip()))
    return next((known[key] for key in keys if key in known), None)


def _body_of(message: Message, limit: int) -> tuple[bytes | None, str | None]:
    try:
        return entity_of(message, limit), None
    except (BadCodingError, OversizedError) as error:
        return None, str(error)


def _check_payload(record: Record, message: Message, body: bytes | None) -> None:
    """Check the payload's digest.

    Some programs compute it with chunks or content coding, and some without.
    """
    label = record.fields.get("warc-payload-digest")
    if label is None or "warc-segment-number" in record.fields or agrees(message.payload, label):
        return
    if body is not None and agrees(body, label):
        return
    try:
        if is_chunked(message) and agrees(join_chunks(message.payload), label):
            return
    except BadCodingError:
        pass
    raise BadWarc(record.file, f"its payload does not match the digest {label}", offset=record.offset)


def _is_text(message: Message, body: bytes) -> bool:
    kind = (message.header("Content-Type") or "text").lower()
    return any(word in kind for word in _TEXT) or is_html(body, kind)
