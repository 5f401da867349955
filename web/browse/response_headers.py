"""Header fields of Datasette's responses: security, who may read them, and redirects that stay under `base_url`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.web.http_headers import SECURITY_HEADERS, content_security_policy

if TYPE_CHECKING:
    from starlette.types import Message, Send

# what scripts of other sites may read, for example a notebook in a browser: data for programs, without credentials
_SHARED_TYPES = (b"application/json", b"text/csv", b"application/atom+xml")
# the pages have no scripts and no inline styles, like the published ones; our templates replace all those of Datasette
_POLICY = content_security_policy()


def with_headers(send: Send, base_url: bytes) -> Send:
    """Return `send` with the header fields added to the response."""

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
