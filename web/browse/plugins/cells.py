"""A Datasette plugin that renders entry ids; `proof` renders digests of captured bytes.

Datasette itself renders URLs and long texts.
"""

from __future__ import annotations

from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from markupsafe import Markup

from foreign_eyes.web.browse.question_cells import time_markup

# columns that refer to rows whose labels are times
_NAMED_BY_TIME = {"crawl_id": "crawls", "capture_id": "captures", "from_crawl": "crawls", "to_crawl": "crawls"}


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: Any, column: str, database: str, datasette: Any) -> Markup | None:
    """Return the markup of a cell, or None to leave it unchanged.

    The id of an entry links to the page of the entry. Crawls and captures are named by their times.
    """
    if column in _NAMED_BY_TIME and isinstance(value, dict):
        row = datasette.urls.row(database, _NAMED_BY_TIME[column], str(value["value"]))
        return Markup('<a href="{row}">{time}</a>').format(
            row=row, time=time_markup(str(value["label"])) or value["value"]
        )
    if column not in ("entry_id", "other_entry_id"):
        return None
    # a foreign key has the label of its row
    entry_id, label = (value["value"], value["label"]) if isinstance(value, dict) else (value, value)
    if not isinstance(entry_id, int):
        return None
    row = datasette.urls.row(database, "entries", str(entry_id))
    return Markup('<a href="{row}">{label}</a>').format(row=row, label=label or "(no title)")
