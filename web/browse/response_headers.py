"""Header fields of Datasette's responses: security, and redirects that stay under `base_url`."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from textwrap import dedent
from typing import TYPE_CHECKING

from foreign_eyes.web.http_headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from starlette.types import Message, Send

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def datasette_policy() -> str:
    """Return the Content-Security-Policy for Datasette's pages.

    It allows Datasette's script files, and the inline scripts of its templates by their digests, so a value from the
    archive never runs. Datasette has inline styles in many places, so all styles are allowed.
    """
    scripts = {"DATASETTE_ALLOW_FACET = true;", "DATASETTE_ALLOW_FACET = false;"}
    for template in files("datasette").joinpath("templates").iterdir():
        if template.name.endswith(".html"):
            scripts.update(_INLINE_SCRIPT.findall(template.read_text(encoding="utf-8")))
    # the page for a statement that took too long; some versions send its script dedented
    for script in _INLINE_SCRIPT.findall(files("datasette").joinpath("views/base.py").read_text(encoding="utf-8")):
        scripts |= {script, dedent(script)}
    digests = sorted(b64encode(sha256(script.encode()).digest()).decode() for script in scripts if "{{" not in script)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {allowed}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def with_headers(send: Send, base_url: bytes) -> Send:
    """Return `send` with the header fields added to the response."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = {**SECURITY_HEADERS, "content-security-policy": datasette_policy()}
            # Datasette writes some names in capitals, and ASGI requires lower case
            headers = [(name.lower(), value) for name, value in message["headers"]]
            headers = [(name, _with_base(value, base_url) if name == b"location" else value) for name, value in headers]
            headers = [(name, value) for name, value in headers if name.decode("latin-1") not in added]
            headers += [(name.encode(), value.encode()) for name, value in added.items()]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_headers


def _with_base(location: bytes, base_url: bytes) -> bytes:
    if location.startswith(b"/") and not location.startswith(base_url):
        return base_url + location.lstrip(b"/")
    return location
