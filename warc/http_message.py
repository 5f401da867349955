"""Parse an HTTP response in a WARC record: head, payload, and the decoded entity.

Pure.

As strict as a crawl: an entity is used only if its length, last chunk and content coding are complete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from foreign_eyes.listing.content_coding import BadCodingError, decode_body

Headers = tuple[tuple[str, str], ...]

_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: [^\r\n]*)?\r?\n", re.IGNORECASE)
_HEAD_END = re.compile(rb"(?:\A|\r?\n)\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_END_TAGS = (b"</html", b"</datastore")
_TAIL = 1024


@dataclass(frozen=True, slots=True)
class Message:
    """A response; `payload` is its body with transfer and content coding."""

    status: int
    headers: Headers
    payload: bytes

    def header(self, name: str) -> str | None:
        """Return the last header field of that name, or None."""
        return header_of(self.headers, name)


def header_of(headers: Headers, name: str) -> str | None:
    """Return the last of the `headers` with that name, ignoring case, or None."""
    return next((value for key, value in reversed(headers) if key.lower() == name.lower()), None)


def split_message(block: bytes) -> Message | None:
    """Return the response in a record's block (WARC/1.1 section 6.3.2).

    Return None if it has no status line.

    Header fields are decoded as Latin-1, as in a crawl.
    """
    start = _STATUS_LINE.match(block)
    if start is None:
        return None
    end = _HEAD_END.search(block, start.end())
    head, payload = (block[start.end() : end.start()], block[end.end() :]) if end else (block[start.end() :], b"")
    lines = _FOLD.sub(b" ", head).splitlines()
    fields = [line.decode("latin-1").partition(":") for line in lines]
    headers = tuple((name.strip(), value.strip()) for name, colon, value in fields if colon and name.strip())
    return Message(int(start[1]), headers, payload)


def entity_of(message: Message, limit: int) -> bytes:
    """Return the decoded entity of a response.

    Raises:
        BadCodingError: it is incomplete, or in a coding that is not supported.
        OversizedError: it has more than `limit` bytes.
    """
    payload, coding = message.payload, message.header("Content-Encoding") or ""
    if is_chunked(message):
        payload = join_chunks(payload)
    elif (length := message.header("Content-Length")) is not None and length.strip() != str(len(payload)):
        raise BadCodingError(f"{len(payload)} bytes of the {length.strip()[:20]} in Content-Length were received")
    return decode_body(payload, coding, limit)


def may_be_cut(message: Message) -> bool:
    """Return whether a page ended with its connection and before its end tag.

    RFC 9112 section 6.3, rule 8, describes bodies that end with the connection.
    """
    if is_chunked(message) or any(map(message.header, ("Content-Length", "Content-Encoding"))):
        return False
    tail = message.payload[-_TAIL:].lower()
    return not any(tag in tail for tag in _END_TAGS)


def is_chunked(message: Message) -> bool:
    """Return whether the payload is chunked (RFC 9112 section 7.1)."""
    return "chunked" in (message.header("Transfer-Encoding") or "").lower()


def join_chunks(payload: bytes) -> bytes:
    """Return the content of a chunked `payload`.

    Raises:
        BadCodingError: a chunk is cut, or the last one is missing.
    """
    pieces: list[bytes] = []
    place = 0
    while match := _CHUNK.match(payload, place):
        size, begin = int(match[1], 16), match.end()
        if size == 0:
            return b"".join(pieces)
        place = begin + size + 2
        if payload[begin + size : place] != b"\r\n":
            raise BadCodingError("a chunk was cut short")
        pieces.append(payload[begin : begin + size])
    raise BadCodingError("the last chunk is missing")
