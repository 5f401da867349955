"""Text as the archive keeps it, and as it compares it. Pure.

`clean` is the one door through which text enters the archive: what XML 1.0 cannot carry would be stored by SQLite without
a word and then break every later publish. The exact bytes stay in the body of the capture.
"""

from __future__ import annotations

import re
import unicodedata

# XML 1.0 (fifth edition) section 2.2, production [2] Char, turned round; and what its note discourages: C1 controls and
# noncharacters
_NOT_XML = re.compile(
    "[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd"
    + "".join(f"{chr(plane + 0)}-{chr(plane + 0xFFFD)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_QUOTES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\uff07`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02\u300c\u300d\u300e\u300f", '"'),
    }
)
_SPACE = re.compile(r"\s+")
_WHITE = re.compile(r"[\s\u200b\u2060\ufeff\u00ad]+")


def clean(text: str) -> str:
    """Return `text` without what XML cannot carry (controls, lone surrogates, noncharacters) and with newlines as LF."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def in_a_line(text: str, longest: int = 80) -> str:
    """Return foreign `text` as part of a message: one line, cut to `longest`, without what a terminal would obey.

    Control characters and bidi controls are left out, as is whatever else has no look of its own.
    """
    line = "".join(sign for sign in _SPACE.sub(" ", text) if sign.isprintable()).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def comparable(text: str | None) -> str:
    """Return the form in which two wordings are compared: no white space at all, one style of quotes.

    Letter case, dashes and every other sign still count: they are what an editor changes.
    """
    return _WHITE.sub("", unicodedata.normalize("NFC", text or "").translate(_QUOTES)).replace("''", '"')
