"""Markers that classify paragraphs: dashes, bullets, labels, and boilerplate of a page."""

from __future__ import annotations

import re

from foreign_eyes.listing.text import comparable

COLUMN_HEADING = "China's IP in Foreign Eyes"
HEADING = comparable(COLUMN_HEADING).casefold()

_DASH = "—―–─━⸺⸻"
# two or more dashes, because prose and titles have single em dashes
DASHES = re.compile(rf"(?:[⸺⸻]|[{_DASH}]\s?[{_DASH}]|--)[{_DASH}\-\s]*+")
_BULLET = r"(?:[•·●▪◆■○◦‣*►▶□◇∙\uf0b7\uf06c]\s*|-\s+)"
BULLETS = re.compile(rf"{_BULLET}+")
ATTRIBUTION = re.compile(rf"{_BULLET}?{DASHES.pattern}")
INLINE_DASHES = re.compile(rf"[{_DASH}]\s?[{_DASH}]")
BY_LINE = re.compile(r"by\s+\S[^,.;:!?]{1,60}\.?", re.IGNORECASE)

_LABEL = re.compile(r"comment(?:s|ary|aries)?\s*[:：]\s*", re.IGNORECASE)
_LABEL_LINE = re.compile(r"comment(?:s|ary|aries)?\s*[:：.]?", re.IGNORECASE)

_SHORT = 200
_LINK_SHORT = 80  # a longer paragraph that is a link may be an excerpt
_PAGER = re.compile(r"[上下首尾末]\s*(?:一\s*)?页|共\s*\d+\s*页|第\s*\d+\s*页|转到")
_PAGER_WORDS = re.compile(r"(?:\W|\d|\b(?:first|prev|previous|next|last|page|pages|of|go|to|total)\b)+", re.IGNORECASE)
# an imprint; the word "copyright" alone is not enough in a column about intellectual property
_IMPRINT = re.compile(
    r"copyright\s*(?:©|\(c\)|\d|by\b)|©\s*\d{4}|.*\ball rights reserved\W*\Z|.*ICP备|patent\s*search\W*\Z",
    re.IGNORECASE,
)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_LETTER = re.compile(r"[^\W\d_]")
_JOINING_DASHES = 4  # a longer run of dashes is a rule across the page


def is_attribution(text: str) -> bool:
    """Return whether a paragraph begins with dashes, followed by at least one word."""
    match = ATTRIBUTION.match(text)
    return match is not None and _LETTER.search(text, match.end()) is not None


def dashes_alone(text: str) -> int:
    """Return whether `text` consists of dashes.

    0: it has words. 1: dashes that begin an attribution. 2: a rule or an arrow.
    """
    match = DASHES.match(text)
    if match is None or _LETTER_OR_DIGIT.search(text):
        return 0
    if match.end() < len(text):
        return 2
    return 1 if sum(not character.isspace() for character in text) <= _JOINING_DASHES else 2


def is_boilerplate(text: str, *, linked: bool) -> bool:
    """Return whether a paragraph is boilerplate: pager, single links, imprint, heading."""
    if len(text) > _SHORT:
        return False
    if linked and len(text) <= _LINK_SHORT:
        return True
    return bool(
        _PAGER.search(text)
        or (_PAGER_WORDS.fullmatch(text) and not is_attribution(text) and dashes_alone(text) == 0)
        or _IMPRINT.match(text)
        or is_heading(text)
    )


def is_heading(text: str) -> bool:
    """Return whether `text` contains the column's heading.

    Ignores quotes, white space and letter case.
    """
    return "foreign" in text.casefold() and HEADING in comparable(text).casefold()


def has_heading(text: str, heading: str) -> bool:
    """Return whether `text` contains `heading`; ignores quotes, white space and letter case."""
    return comparable(heading).casefold() in comparable(text).casefold()


def is_labelled(text: str) -> bool:
    """Return whether a paragraph is, or begins with, the label of a commentary."""
    return _LABEL.match(text) is not None or _LABEL_LINE.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """Return whether a paragraph consists of the label of a commentary."""
    return _LABEL_LINE.fullmatch(text) is not None


def without_label(text: str) -> str:
    """Return `text` without the label of a commentary."""
    if is_label(text):
        return ""
    match = _LABEL.match(text)
    return text[match.end() :] if match else text


def without_bullets(text: str) -> str:
    """Return `text` without leading bullets."""
    match = BULLETS.match(text)
    return text[match.end() :] if match else text
