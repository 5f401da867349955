"""A published file as it is sent: header fields and body, made once and sent many times. Pure.

An answer is the two messages that an ASGI server is sent for it, so that nothing is put together while readers wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

from foreign_eyes.web.headers import PAGE_HEADERS
from foreign_eyes.web.http_headers import cache_control, media_type

if TYPE_CHECKING:
    from starlette.types import Message

Fields = list[tuple[bytes, bytes]]
Messages = tuple["Message", "Message"]

_SECURITY: Fields = [(name.encode(), value.encode()) for name, value in PAGE_HEADERS.items()]


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: its digest, and its bytes plain and compressed (None: too large to hold; not worth it)."""

    digest: str
    body: bytes | None
    zipped: bytes | None


@dataclass(frozen=True, slots=True)
class Form:
    """One representation of a file (RFC 9110 section 8.8.3.3: plain and compressed ones are two, with an ETag each).

    `whole` answers 200, `unchanged` 304. `whole` is None for a file too large to hold: `fields` are what its answer
    carries, but for a length.
    """

    etag: bytes
    fields: Fields
    whole: Messages | None
    unchanged: Messages


def represent(name: str, content: Content, link: str, modified: int | None) -> tuple[Form, Form | None]:
    """Return the plain form of the file `name`, and the compressed one if there is one.

    Args:
        name: the path below the published folder.
        content: what it holds.
        link: the value of its `Link` field, if any.
        modified: the second at which it was last changed, if that is to be told.
    """
    fields = [(b"content-type", media_type(name).encode())]
    if link:
        fields.append((b"link", link.encode()))
    if modified is not None:
        fields.append((b"last-modified", formatdate(modified, usegmt=True).encode()))
    kept: Fields = [(b"cache-control", cache_control(name).encode())]
    if content.zipped is None:
        return _form(content.digest, content.body, fields, kept), None
    kept.append((b"vary", b"accept-encoding"))
    plain = _form(content.digest, content.body, fields, kept)
    return plain, _form(f"{content.digest}-gzip", content.zipped, [*fields, (b"content-encoding", b"gzip")], kept)


def _form(tag: str, body: bytes | None, fields: Fields, kept: Fields) -> Form:
    """Make a form; `kept` is what a 304 says too (RFC 9110 section 15.4.5).

    So are the fields that protect: a cache takes them over (RFC 9111 section 3.2), and a policy that a new version made
    stricter holds for pages that a browser has from before.
    """
    etag = f'"{tag}"'.encode()
    kept = [(b"etag", etag), *kept, *_SECURITY]
    fields = [*fields, *kept]
    whole = None if body is None else _messages(200, [*fields, (b"content-length", b"%d" % len(body))], body)
    return Form(etag, fields, whole, _messages(304, kept, b""))


def _messages(status: int, fields: Fields, body: bytes) -> Messages:
    start = {"type": "http.response.start", "status": status, "headers": fields}
    return start, {"type": "http.response.body", "body": body}
