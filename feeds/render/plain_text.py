"""Plain text for titles in RSS, Atom and OPML, which some readers parse as HTML. Pure.

RSS does not say whether a title is text or HTML, and feed readers differ. Some parse Atom titles as HTML too. A reader
that parses a title as HTML drops `<Ltd>` and unescapes `&lt;`, and the W3C's validator warns of both.
"""

from __future__ import annotations

import re
from html import escape, unescape

# invisible and without a line break, but it ends a tag and a character reference (HTML, section 13.2.5)
_WORD_JOINER = "\u2060"
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_REFERENCE = re.compile(r"&(?=#?\w)")


def unmistakable(text: str) -> str:
    """Return `text` so that it looks the same if it is parsed as plain text or as HTML.

    Text that already does so is unchanged.
    """
    if unescape(text) != text:
        text = _REFERENCE.sub(f"&{_WORD_JOINER}", text)
    return _TAG.sub(f"<{_WORD_JOINER}", text)


def as_html(text: str) -> str:
    """Return `text` for an HTML value, such as the attribute `text` of OPML 2.0.

    The text is escaped only if it contains markup characters.
    """
    return escape(text, quote=False) if "<" in text or unescape(text) != text else text


def with_marked_ampersands(document: bytes) -> bytes:
    """Return an XML document with each ampersand as a hexadecimal reference.

    The meaning of the document does not change. It must not contain CDATA.

    The RSS Best Practices Profile asks for this in titles; the W3C's validator takes "S&P500" for HTML without it.
    """
    return document.replace(b"&amp;", b"&#x26;")
