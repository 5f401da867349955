"""The few pages that no publish wrote: what is missing, in plain words."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from foreign_eyes.web.headers import SECURITY_HEADERS, page_policy

# in the page, since there may be no published stylesheet
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


# the policy lets this one style through, by its digest (Content Security Policy Level 3, section 2.3.1)
PLAIN_PAGE_HEADERS = {
    **SECURITY_HEADERS,
    "content-security-policy": page_policy(f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"),
}


def plain_page(title: str, *paragraphs: str) -> str:
    """Return a small HTML page of plain texts, to be sent with `PLAIN_PAGE_HEADERS`."""
    return _PAGE.format(
        style=_STYLE, title=escape(title), paragraphs="\n".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    )


NOT_FOUND = plain_page("There is no such page", "Nothing is published at this address. The address may be mistyped.")
NOTHING_YET = plain_page(
    "Nothing is published yet",
    "This folder holds no feeds and no pages. To fill it, run: foreign-eyes up (crawls, publishes and serves), "
    "or foreign-eyes publish if the archive already holds entries. Then load this page again.",
)
