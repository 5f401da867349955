"""Clean text for the archive, and normalise it for comparison. Pure.

All text enters the archive through `clean`: SQLite would store characters that XML 1.0 does not allow, and every later
publish would fail. The exact bytes stay in the body of the capture.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# the complement of production [2] Char in XML 1.0 (fifth edition) section 2.2, with the C1 controls and noncharacters that
# its note discourages
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
_INVISIBLE = "\u200b\u2060\ufeff\u00ad"
_WHITE = re.compile(rf"[\s{_INVISIBLE}]+")
_LIGATURES = dict(zip(map(chr, range(0xFB00, 0xFB07)), ["ff", "fi", "fl", "ffi", "ffl", "st", "st"], strict=True))
_FULL_WIDTH = {chr(character + 0xFEE0): chr(character) for character in range(0x21, 0x7F)}
_FULL_WIDTH |= dict(zip("\uffe0\uffe1\uffe5\uffe6", "¢£¥₩", strict=True))
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_MORE_QUOTES = {**dict.fromkeys("\u2039\u203a\u2035", "'"), **dict.fromkeys("\u2036\u301d\u301e\u301f", '"')}
_STYLE = str.maketrans(
    {
        **_FULL_WIDTH,
        **_LIGATURES,
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_INVISIBLE, ""),
        **{chr(character): plain for character, plain in _QUOTES.items()},
        **_MORE_QUOTES,
    }
)
_DASH = re.compile(r" ?-[ -]*")
# two single quotes may mean a double quote, and the style of nested quotes varies
_QUOTES_IN_A_ROW = re.compile("['\"]+")


def clean(text: str) -> str:
    """Return `text` with LF newlines, without characters that XML does not allow."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def in_a_line(text: str, longest: int = 80) -> str:
    """Return text of a page for a message: one line that is safe in a terminal.

    The line has at most `longest` characters.

    Characters that are not printable are removed, control characters and bidi controls among them.
    """
    line = "".join(character for character in _SPACE.sub(" ", text) if character.isprintable()).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


@lru_cache(maxsize=4096)  # called for each text of a listing several times per crawl
def unstyled(text: str | None) -> str:
    """Return `text` without style: texts that differ only in style give the same result.

    Style is: runs of white space, no-break and other spaces, invisible characters, the kind of quotation marks and dashes
    (and white space on both sides of a dash), ligatures, full-width forms, and composed or decomposed letters. Word
    boundaries, letter case and all other characters are not style.
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text or "").translate(_STYLE))
    plain = _SPACE.sub(" ", _QUOTES_IN_A_ROW.sub('"', plain)).strip()
    return _DASH.sub(_plain_dash, plain)


@lru_cache(maxsize=4096)
def folded(text: str | None) -> str:
    """Return `text` without style and white space, for approximate comparison.

    Texts with equal `unstyled` or equal `comparable` forms give the same result.
    """
    plain = unicodedata.normalize("NFC", "".join(unstyled(text).split()))
    return _QUOTES_IN_A_ROW.sub('"', _DASH.sub("-", plain))


def comparable(text: str | None) -> str:
    """Return `text` without white space and with one style of quotes, for stored digests.

    These digests are stored in the archive, in records of output folders and in exports and are never recomputed, so the
    result must never change.
    """
    return _WHITE.sub("", unicodedata.normalize("NFC", text or "").translate(_QUOTES)).replace("''", '"')


def _plain_dash(found: re.Match[str]) -> str:
    """Return one dash for a run of dashes.

    Keep white space on one side only: "pre- and" is not "pre-and".
    """
    run = found[0]
    before, after = run[0].isspace(), run[-1].isspace()
    return "-" if before == after else " -" if before else "- "
