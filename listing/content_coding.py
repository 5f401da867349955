"""Undoing a content coding strictly. Pure.

Scrapy passes a truncated gzip as a whole page, and inflates 900 MB from one. Here a coded body counts only if its end
marker and checksum were reached, nothing follows it, and it is no larger than allowed. Two faults that cannot change
the page's bytes can be tolerated: an unknown coding over plain text, and bytes after a complete stream.
"""

from __future__ import annotations

import re
import zlib

ACCEPTED = "gzip, deflate"
MAX_MEMBERS = 100  # each costs a copy of all that follow it

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's window bits: which wrapper it expects


class BadCodingError(Exception):
    """The body cannot be decoded whole; the text says why."""


class OversizedError(Exception):
    """The decoded body is larger than allowed."""


def decode_body(body: bytes, content_encoding: str, limit: int, let_pass: list[str] | None = None) -> bytes:
    """Return the entity in `body`, whose codings `content_encoding` lists in the order they were applied.

    Args:
        body: the bytes as they came.
        content_encoding: the field's value.
        limit: how many bytes the entity may have.
        let_pass: a list to which each tolerated fault is appended in words; None tolerates none.

    Raises:
        BadCodingError: a coding that was not asked for, a wrong checksum, a missing end or something behind it.
        OversizedError: more than `limit` bytes.
    """
    for coding in reversed([name.strip().lower() for name in content_encoding.split(",") if name.strip()]):
        if coding in ("gzip", "x-gzip"):
            body = _inflate_members(body, limit, let_pass)
        elif coding == "deflate":
            body = _inflate_deflate(body, limit, let_pass)
        elif coding != "identity" and let_pass is not None and is_plain(body):
            let_pass.append(f"content coding {coding[:20]!r} ignored over a plain body")
        elif coding != "identity":
            raise BadCodingError(f"content coding {coding[:20]!r} was not asked for")
    if len(body) > limit:
        raise OversizedError(f"more than {limit} bytes")
    return body


def is_plain(body: bytes) -> bool:
    """Tell whether bytes are text as they are: no compressed stream is free of control characters for long."""
    return not _CONTROL.search(body)


def _inflate_members(body: bytes, limit: int, let_pass: list[str] | None) -> bytes:
    """RFC 1952 section 2.2: a gzip file is a series of members."""
    decoded = b""
    for number in range(MAX_MEMBERS):
        if number and let_pass is not None and not _GZIP_MAGIC.startswith(body[:2]):
            let_pass.append(_tail(body))
            return decoded
        part, body = _inflate(body, _GZIP, limit - len(decoded))
        decoded += part
        if not body:
            return decoded
    raise BadCodingError(f"more than {MAX_MEMBERS} gzip members")


def _inflate_deflate(body: bytes, limit: int, let_pass: list[str] | None) -> bytes:
    """RFC 9110 section 8.4.1.2: zlib's format; some servers send the raw form."""
    has_zlib_header = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    decoded, rest = _inflate(body, _ZLIB if has_zlib_header else _RAW, limit)
    if rest and let_pass is not None and has_zlib_header:  # the raw form has no checksum that proves the end
        let_pass.append(_tail(rest))
    elif rest:
        raise BadCodingError(f"{len(rest)} bytes stand behind the end of the deflate stream")
    return decoded


def _tail(rest: bytes) -> str:
    return f"{len(rest)} byte{'s' * (len(rest) != 1)} behind the end of the coded body ignored"


def _inflate(body: bytes, wrapper: int, limit: int) -> tuple[bytes, bytes]:
    engine = zlib.decompressobj(wrapper)
    try:
        decoded = engine.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadCodingError(f"the coded body is damaged ({error})") from None
    if len(decoded) > limit:
        raise OversizedError(f"more than {limit} bytes")
    if not engine.eof:
        raise BadCodingError("the coded body was cut short before its end")
    return decoded, engine.unused_data
