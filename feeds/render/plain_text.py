"""Plain text where readers are not agreed that it is plain: titles and the like, in RSS, Atom and OPML. Pure.

RSS does not say whether a title is text or HTML, and readers take it for either; some do so in Atom too. What takes it for
HTML swallows `<Ltd>` and turns `&lt;` round, and the W3C's validator warns of it.
"""

from __future__ import annotations

import re
from html import escape, unescape

# shows as nothing and joins what it stands between, but no tag and no reference goes on behind it (HTML, section 13.2.5)
_WORD_JOINER = "\u2060"
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_REFERENCE = re.compile(r"&(?=#?\w)")


def unmistakable(text: str) -> str:
    """Return `text` such that it shows the same whether it is taken for text or for HTML; as it is, if it does so already."""
    if unescape(text) != text:
        text = _REFERENCE.sub(f"&{_WORD_JOINER}", text)
    return _TAG.sub(f"<{_WORD_JOINER}", text)


def as_html(text: str) -> str:
    """Return `text` for where HTML is meant (OPML 2.0, attribute `text`): escaped if HTML would show it otherwise."""
    return escape(text, quote=False) if "<" in text or unescape(text) != text else text


def with_marked_ampersands(document: bytes) -> bytes:
    """Return an XML document without CDATA with each ampersand as a hexadecimal reference: the same to whoever reads XML.

    The RSS Best Practices Profile asks for it in titles, and the W3C's validator takes "S&P500" for HTML without it.
    """
    return document.replace(b"&amp;", b"&#x26;")
