"""Decode a content coding strictly. Pure.

Scrapy accepts a truncated gzip stream as a whole page, and inflates one to 900 MB. Here, a coded body is accepted only if
its end marker and checksum were reached, nothing follows them, and the decoded body is not too large. Two faults that
cannot change the bytes of the page may be tolerated: an unknown coding over plain text, and bytes after a complete stream.
"""

from __future__ import annotations

import re
import zlib

ACCEPTED = "gzip, deflate"
MAX_MEMBERS = 100  # each member copies the rest of the body

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # window bits of zlib, which select the format


class BadCodingError(Exception):
    """The body cannot be decoded completely; the message says why."""


class OversizedError(Exception):
    """The decoded body is larger than allowed."""


def decode_body(body: bytes, content_encoding: str, limit: int, tolerated: list[str] | None = None) -> bytes:
    """Return the decoded body.

    Args:
        body: the bytes received.
        content_encoding: the value of the Content-Encoding field: codings in the order in which they were applied.
        limit: the most bytes that the decoded body may have.
        tolerated: a list to which a description of each tolerated fault is appended; None tolerates no fault.

    Raises:
        BadCodingError: the coding was not requested, the checksum is wrong, the end is missing, or data follows it.
        OversizedError: the decoded body has more than `limit` bytes.
    """
    for coding in reversed([name.strip().lower() for name in content_encoding.split(",") if name.strip()]):
        if coding in ("gzip", "x-gzip"):
            body = _inflate_members(body, limit, tolerated)
        elif coding == "deflate":
            body = _inflate_deflate(body, limit, tolerated)
        elif coding != "identity" and tolerated is not None and is_plain(body):
            tolerated.append(f"content coding {coding[:20]!r} ignored over a plain body")
        elif coding != "identity":
            raise BadCodingError(f"content coding {coding[:20]!r} was not requested")
    if len(body) > limit:
        raise OversizedError(f"more than {limit} bytes")
    return body


def is_plain(body: bytes) -> bool:
    """Return whether the bytes are uncompressed text.

    Compressed streams contain control characters.
    """
    return not _CONTROL.search(body)


def _inflate_members(body: bytes, limit: int, tolerated: list[str] | None) -> bytes:
    """Decode a series of gzip members (RFC 1952 section 2.2)."""
    decoded = b""
    for number in range(MAX_MEMBERS):
        if number and tolerated is not None and not _GZIP_MAGIC.startswith(body[:2]):
            tolerated.append(_tail(body))
            return decoded
        part, body = _inflate(body, _GZIP, limit - len(decoded))
        decoded += part
        if not body:
            return decoded
    raise BadCodingError(f"more than {MAX_MEMBERS} gzip members")


def _inflate_deflate(body: bytes, limit: int, tolerated: list[str] | None) -> bytes:
    """Decode the zlib format (RFC 9110 section 8.4.1.2), or the raw format.

    Some servers send the raw format.
    """
    has_zlib_header = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    decoded, rest = _inflate(body, _ZLIB if has_zlib_header else _RAW, limit)
    if rest and tolerated is not None and has_zlib_header:  # the raw format has no checksum that proves the end
        tolerated.append(_tail(rest))
    elif rest:
        raise BadCodingError(f"{len(rest)} bytes follow the end of the deflate stream")
    return decoded


def _tail(rest: bytes) -> str:
    return f"{len(rest)} byte{'s' * (len(rest) != 1)} behind the end of the coded body ignored"


def _inflate(body: bytes, window_bits: int, limit: int) -> tuple[bytes, bytes]:
    decompressor = zlib.decompressobj(window_bits)
    try:
        decoded = decompressor.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadCodingError(f"the coded body is damaged ({error})") from None
    if len(decoded) > limit:
        raise OversizedError(f"more than {limit} bytes")
    if not decompressor.eof:
        raise BadCodingError("the coded body was cut short before its end")
    return decoded, decompressor.unused_data
