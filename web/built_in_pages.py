"""Pages of the server itself, for when no published page can be shown."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape

from foreign_eyes.web.http_headers import SECURITY_HEADERS, content_security_policy

_STYLE = """
  :root { color-scheme: light dark }
  body { font: 1.05rem/1.55 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.25rem }
  h1 { font-size: 1.5rem }
"""
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<h1>{title}</h1>
{paragraphs}
<p><a href="/">Start page</a> · <a href="/browse/">Browse the archive</a></p>
</html>
"""


def built_in_page(title: str, *paragraphs: str) -> str:
    """Return a small HTML page with plain text, to be sent with `BUILT_IN_PAGE_HEADERS`."""
    return _PAGE.format(
        style=_STYLE, title=escape(title), paragraphs="\n".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    )


# the stylesheet is inline because there may be no published one; the policy allows it by its digest
# (Content Security Policy Level 3, section 2.3.1)
BUILT_IN_PAGE_HEADERS = {
    **SECURITY_HEADERS,
    "content-security-policy": content_security_policy(
        f"'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
    ),
}
UNAVAILABLE_HEADERS = {**BUILT_IN_PAGE_HEADERS, "retry-after": "60", "cache-control": "no-store"}
NOT_FOUND = built_in_page("There is no such page", "Nothing is published at this address. Check it for typing errors.")
NOTHING_PUBLISHED = built_in_page(
    "Nothing is published yet",
    "This folder has no feeds and no pages. To fill it, run: foreign-eyes up (crawls, publishes and serves), "
    "or foreign-eyes publish if the archive already has entries. Then load this page again.",
)
