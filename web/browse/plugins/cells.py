"""A Datasette plugin that renders entry ids and captured bytes.

Datasette itself renders URLs and long texts.
"""

from __future__ import annotations

from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from markupsafe import Markup


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: Any, column: str, table: str | None, database: str, datasette: Any) -> Markup | None:
    """Return the markup of a cell, or None to leave it unchanged.

    The id of an entry links to its page. In place of captured bytes, the cell names the command that exports them.
    """
    if table == "bodies" and column == "zlib":
        return Markup("<em>not shown; <code>foreign-eyes export</code> writes it</em>")
    if column != "entry_id":
        return None
    if isinstance(value, dict):  # a foreign key, with the label of its row
        row = datasette.urls.row(database, "entries", str(value["value"]))
        return Markup('<a href="{row}">{label}</a>&nbsp;<em>{page}</em>').format(
            row=row, label=value["label"] or "-", page=_entry_page(value["value"])
        )
    return _entry_page(value)


def _entry_page(entry_id: object) -> Markup | None:
    """Return a link to the published page of an entry, or None if the value is not an id."""
    if not isinstance(entry_id, int):
        return None
    return Markup('<a href="/entries/{id}/">{id}</a>').format(id=entry_id)
