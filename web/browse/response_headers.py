"""Adds security and CORS headers to Datasette's responses, and `base_url` to its redirects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.web.http_headers import SECURITY_HEADERS, content_security_policy

if TYPE_CHECKING:
    from starlette.types import Message, Send

# media types that scripts of other sites may read without credentials, for example in a notebook
_SHARED_TYPES = (b"application/json", b"text/csv", b"application/atom+xml")
# the policy of the published pages: templates here have no scripts and no inline styles, and replace all of Datasette's
_POLICY = content_security_policy()


def with_headers(send: Send, base_url: bytes) -> Send:
    """Return a `send` function that adds the header fields to the response."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = {**SECURITY_HEADERS, "content-security-policy": _POLICY}
            # Datasette writes some names in capitals, and ASGI requires lower case
            headers = [(name.lower(), value) for name, value in message["headers"]]
            headers = [(name, _with_base(value, base_url) if name == b"location" else value) for name, value in headers]
            headers = [(name, value) for name, value in headers if name.decode("latin-1") not in added]
            headers += [(name.encode(), value.encode()) for name, value in added.items()]
            if any(name == b"content-type" and value.startswith(_SHARED_TYPES) for name, value in headers):
                headers.append((b"access-control-allow-origin", b"*"))
            message = {**message, "headers": headers}
        await send(message)

    return send_with_headers


def _with_base(location: bytes, base_url: bytes) -> bytes:
    if location.startswith(b"/") and not location.startswith(base_url):
        return base_url + location.lstrip(b"/")
    return location
