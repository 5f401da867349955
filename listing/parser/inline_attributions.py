"""Find an attribution inside a paragraph.

Examples are `… the market. (Title,by CNN.)` and `… the market.——Title, CNN`.

Prose has parentheses and dashes, too, so the line counts only if it can be split with confidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from foreign_eyes.listing.parser import markers

_BY = re.compile(r"[\s,，?!.\"”'’;]by\s", re.IGNORECASE)
_LONGEST = 400
_TITLE_WORDS = 3


class Inline(NamedTuple):
    """The attribution in a paragraph, as listed, and the texts before and after it."""

    before: str
    line: str
    after: str


def find_inline(text: str, is_press: Callable[[str, bool], bool], *, strict: bool) -> Inline | None:
    """Return the attribution inside `text`, or None.

    With `strict`, for a paragraph that belongs to an entry, only parentheses with a known publication count.
    """
    found = _in_parentheses(text, is_press, strict=strict)
    if found is None and not strict:
        found = _after_dashes(text, is_press)
    return found


def _in_parentheses(text: str, is_press: Callable[[str, bool], bool], *, strict: bool) -> Inline | None:
    """Return the attribution in the last parentheses: `Title, by Publication`."""
    end = max(text.rfind(")"), text.rfind("）"))
    start = max(text.rfind("(", 0, end), text.rfind("（", 0, end)) if end > 0 else -1
    if start < 0 or end - start > _LONGEST:
        return None
    line = text[start + 1 : end].strip()
    by = _BY.search(line)
    if by is None or len(line[: by.start()].split()) < _TITLE_WORDS or not is_press(line, strict):
        return None
    after = text[end + 1 :].strip().lstrip(".。").strip()
    return Inline(text[:start].strip(), text[start : end + 1], after)


def _after_dashes(text: str, is_press: Callable[[str, bool], bool]) -> Inline | None:
    """Return the attribution after the last double dash."""
    starts = [match.start() for match in markers.INLINE_DASHES.finditer(text)]
    if not starts or starts[-1] == 0 or len(text) - starts[-1] > _LONGEST:
        return None
    line = text[starts[-1] :]
    return Inline(text[: starts[-1]].strip(), line, "") if is_press(line, False) else None
