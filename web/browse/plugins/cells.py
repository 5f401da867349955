"""A Datasette plugin: how cells of the archive look. Addresses and long texts are Datasette's own affair."""

from __future__ import annotations

from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from markupsafe import Markup


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: Any, column: str, table: str | None, database: str, datasette: Any) -> Markup | None:
    """Lead from an entry's id to its page, and say where captured bytes are to be had; None leaves a cell as it is."""
    if table == "bodies" and column == "zlib":
        return Markup("<em>not shown; <code>foreign-eyes export</code> writes it</em>")
    if column != "entry_id":
        return None
    if isinstance(value, dict):  # a foreign key, with the label of the row it leads to
        row = datasette.urls.row(database, "entries", str(value["value"]))
        return Markup('<a href="{row}">{label}</a>&nbsp;<em>{page}</em>').format(
            row=row, label=value["label"] or "-", page=_entry_page(value["value"])
        )
    return _entry_page(value)


def _entry_page(entry_id: object) -> Markup | None:
    """Link to the entry's page among the published files; None for what is no entry's id."""
    if not isinstance(entry_id, int):
        return None
    return Markup('<a href="/entries/{id}/">{id}</a>').format(id=entry_id)
