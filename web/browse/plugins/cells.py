"""A Datasette plugin that renders entry ids; `proof` renders captured bytes and their digests.

Datasette itself renders URLs and long texts.
"""

from __future__ import annotations

import re
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from markupsafe import Markup

_DIFF_MARKS = re.compile(r"\[-(.*?)-\]|\{\+(.*?)\+\}", re.DOTALL)


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: Any, column: str, database: str, datasette: Any) -> Markup | None:
    """Return the markup of a cell, or None to leave it unchanged.

    The id of an entry links to its row, which is a page. A column whose name ends in `_diff` holds a word diff.
    """
    if column.endswith("_diff") and isinstance(value, str):
        return _word_diff(value)
    if column != "entry_id":
        return None
    # a foreign key has the label of its row
    entry_id, label = (value["value"], value["label"]) if isinstance(value, dict) else (value, value)
    if not isinstance(entry_id, int):
        return None
    row = datasette.urls.row(database, "entries", str(entry_id))
    return Markup('<a href="{row}">{label}</a>').format(row=row, label=label or "(no title)")


def _word_diff(marked: str) -> Markup:
    """Return a result of the SQL function `word_diff` with its removed and added words as elements."""
    # the parts at places 1, 4, 7 and so on are removed words, those after them added words, the others kept
    parts = _DIFF_MARKS.split(marked)
    elements = (Markup("{}"), Markup("<del>{}</del>"), Markup("<ins>{}</ins>"))
    return Markup().join(elements[place % 3].format(part) for place, part in enumerate(parts) if part)
