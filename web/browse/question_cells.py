"""Markup for the cells of questions: word diffs, and times without seconds. Pure."""

from __future__ import annotations

import re

from markupsafe import Markup

from foreign_eyes.archive.word_diff import Op, Piece, abridged

# the marks of the SQL function `word_diff`
_MARKS = re.compile(r"\[-(.*?)-\]|\{\+(.*?)\+\}", re.DOTALL)
# in the order in which `_MARKS` splits a text
_OPS: tuple[Op, ...] = ("kept", "removed", "added")
_ELEMENTS = {"kept": Markup("{}"), "removed": Markup("<del>{}</del>"), "added": Markup("<ins>{}</ins>")}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d{1,6})?Z")


def diff_markup(marked: str) -> Markup:
    """Return the markup of a result of the SQL function `word_diff`.

    Long unchanged passages are shortened.
    """
    parts = [Piece(_OPS[place % 3], part) for place, part in enumerate(_MARKS.split(marked)) if part]
    return Markup().join(_ELEMENTS[op].format(text) for op, text in abridged(parts))


def time_markup(value: str) -> Markup | None:
    """Return the markup of a time, to the minute and in full; None for other text."""
    if not (found := _TIME.fullmatch(value)):
        return None
    return Markup('<time datetime="{full}" title="{full}">{day} {minute}</time>').format(
        full=value, day=found[1], minute=found[2]
    )
