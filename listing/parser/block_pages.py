"""Answers that are a block rather than content. Nothing here tries to get round one."""

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
    """Return in a few words why an answer is a block rather than content, or None where nothing says so.

    The statuses speak for themselves. The signs of a script challenge count only where no `——` stands: a listing that
    happens to hold such a string is content.
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
    """Tell whether `body` is an HTML page, as when a site answers `robots.txt` with one.

    The body decides; what the header says counts only for a body that shows markup later on.
    """
    start = body[:_START].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _MARKUP.match(start):
        return True
    return "html" in (content_type or "").lower() and _MARKUP.search(start) is not None
