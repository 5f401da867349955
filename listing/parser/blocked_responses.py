"""Recognise responses that block us. Nothing here tries to circumvent a block."""

from __future__ import annotations

import re

from foreign_eyes.listing.parser.charset import decode

_STATUSES = {
    202: "202 Accepted: the site answers with a challenge instead of the page",
    403: "403 Forbidden: the site refuses us",
    405: "405 Not Allowed: the site's firewall refuses us",
    412: "412 Precondition Failed: the site answers with a script challenge",
    429: "429 Too Many Requests: the site asks us to slow down",
    521: "521: the site answers with a script challenge",
}
_CHALLENGES = (
    (re.compile(r"\$_ts\b"), "script challenge ($_ts)"),
    (re.compile(r"__jsl_clearance"), "script challenge (__jsl_clearance)"),
    (re.compile(r";go\(\{"), "script challenge (;go({)"),
)
_SETS_COOKIE = re.compile(r"document\s?\.\s?cookie\s?=(?!=)")
_DASHES = re.compile(r"——|&mdash;\s?&mdash;|&#8212;\s?&#8212;", re.IGNORECASE)
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|script|meta|title|div|link|style|!--)", re.IGNORECASE)
_START = 4096


def blocking_sign(status: int, body: bytes, content_type: str | None = None) -> str | None:
    """Return a short description of why a response is a block, or None.

    Signs of a script challenge count only if the body has no `——`, because a listing may quote such a sign.
    """
    if status in _STATUSES:
        return _STATUSES[status]
    text = decode(body, content_type).text
    if _DASHES.search(text):
        return None
    for pattern, reason in _CHALLENGES:
        if pattern.search(text):
            return reason
    if "location" in text and _SETS_COOKIE.search(text):
        return "script challenge (sets a cookie and reloads)"
    return None


def is_html(body: bytes, content_type: str | None = None) -> bool:
    """Return whether `body` is an HTML page, for example one in place of `robots.txt`.

    The body decides; the Content-Type counts only if the body has markup after its start.
    """
    start = body[:_START].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _MARKUP.match(start):
        return True
    return "html" in (content_type or "").lower() and _MARKUP.search(start) is not None
