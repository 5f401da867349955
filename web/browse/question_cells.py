"""Cells of questions: word diffs as removed and added words, times without seconds. Pure."""

from __future__ import annotations

import re

from markupsafe import Markup

from foreign_eyes.archive.word_diff import Op, Piece, abridged

# what the SQL function `word_diff` returns
_MARKS = re.compile(r"\[-(.*?)-\]|\{\+(.*?)\+\}", re.DOTALL)
# in the order in which `_MARKS` splits a text
_OPS: tuple[Op, ...] = ("kept", "removed", "added")
_ELEMENTS = {"kept": Markup("{}"), "removed": Markup("<del>{}</del>"), "added": Markup("<ins>{}</ins>")}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d{1,6})?Z")


def diff_markup(marked: str) -> Markup:
    """Return a result of the SQL function `word_diff` with elements for its removed and added words.

    Long kept passages are shortened.
    """
    parts = [Piece(_OPS[place % 3], part) for place, part in enumerate(_MARKS.split(marked)) if part]
    return Markup().join(_ELEMENTS[op].format(text) for op, text in abridged(parts))


def time_markup(value: str) -> Markup | None:
    """Return a time of the archive to the minute; the element has it in full. None if it is not one."""
    if not (found := _TIME.fullmatch(value)):
        return None
    return Markup('<time datetime="{full}" title="{full}">{day} {minute}</time>').format(
        full=value, day=found[1], minute=found[2]
    )
