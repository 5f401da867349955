"""A Datasette plugin that renders entry ids; `proof` renders captured bytes and their digests.

Datasette itself renders URLs and long texts.
"""

from __future__ import annotations

from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from markupsafe import Markup


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: Any, column: str, database: str, datasette: Any) -> Markup | None:
    """Return the markup of a cell, or None to leave it unchanged.

    The id of an entry links to its row, which is a page.
    """
    if column not in ("entry_id", "other_entry_id"):
        return None
    # a foreign key has the label of its row
    entry_id, label = (value["value"], value["label"]) if isinstance(value, dict) else (value, value)
    if not isinstance(entry_id, int):
        return None
    row = datasette.urls.row(database, "entries", str(entry_id))
    return Markup('<a href="{row}">{label}</a>').format(row=row, label=label or "(no title)")
