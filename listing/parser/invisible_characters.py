"""Remove characters that readers do not see.

They would make two names of one publication, or hide a marker.

Joiners between letters of scripts that need them, and variation selectors after an emoji, change the display and stay.
"""

from __future__ import annotations

import re

# Default_Ignorable_Code_Point of Unicode, except joiners, selectors and fillers, which follow
_ALWAYS_INVISIBLE = (
    "\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff0-\ufffb\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_VISIBLE_BESIDE = "\u0590-\u1dff\u2190-\u2bff\u2e80-\ufdff\ufe70-\ufeff\U00010000-\U000dffff"
_INVISIBLE = re.compile(
    f"[{_ALWAYS_INVISIBLE}]+"
    f"|(?<![{_VISIBLE_BESIDE}{_SELECTORS}])[{_JOINERS}]+|[{_JOINERS}]+(?![{_VISIBLE_BESIDE}{_SELECTORS}{_JOINERS}])"
    f"|(?<![{_VISIBLE_BESIDE}0-9#*\u00a9\u00ae\u203c\u2049\u2122\u2139])[{_SELECTORS}]+"
)
_ANY = re.compile(f"[{_ALWAYS_INVISIBLE}{_JOINERS}{_SELECTORS}\u115f\u1160\u2800\u3164\uffa0]")
_FILLERS = str.maketrans(dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", " "))


def without_invisible(text: str) -> str:
    """Return `text` without invisible characters.

    A filler, which is displayed as a gap, becomes a space.
    """
    if text.isascii() or _ANY.search(text) is None:
        return text
    return _INVISIBLE.sub("", text.translate(_FILLERS))
