"""An HTTP response as a WARC record holds it: head, payload, and the entity in it. Pure.

The same strictness as in a crawl: an entity counts only if its length, its last chunk and the end of its coding were there.
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
    """A response: `payload` is what followed the head, in its transfer and content coding."""

    status: int
    headers: Headers
    payload: bytes

    def header(self, name: str) -> str | None:
        """Return the last header of that name."""
        return header_of(self.headers, name)


def header_of(headers: Headers, name: str) -> str | None:
    """Return the last of the `headers` that has that name in any letter case."""
    return next((value for key, value in reversed(headers) if key.lower() == name.lower()), None)


def split_message(block: bytes) -> Message | None:
    """Return the response in a record's block (WARC/1.1 section 6.3.2); None where there is none.

    Headers are kept as a crawl keeps them: bytes as Latin-1.
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
        BadCodingError: it is not whole, or in a coding that we do not undo.
        OversizedError: it is larger than `limit`.
    """
    payload, coding = message.payload, message.header("Content-Encoding") or ""
    if is_chunked(message):
        payload = join_chunks(payload)
    elif (length := message.header("Content-Length")) is not None and length.strip() != str(len(payload)):
        raise BadCodingError(f"{len(payload)} bytes came of the {length.strip()[:20]} that were announced")
    return decode_body(payload, coding, limit)


def may_be_cut(message: Message) -> bool:
    """Tell whether a page ended with its connection (RFC 9112 section 6.3, rule 8) and before its end tag."""
    if is_chunked(message) or any(map(message.header, ("Content-Length", "Content-Encoding"))):
        return False
    tail = message.payload[-_TAIL:].lower()
    return not any(tag in tail for tag in _END_TAGS)


def is_chunked(message: Message) -> bool:
    """Tell whether the payload comes in chunks (RFC 9112 section 7.1)."""
    return "chunked" in (message.header("Transfer-Encoding") or "").lower()


def join_chunks(payload: bytes) -> bytes:
    """Return what the chunks of `payload` hold.

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
