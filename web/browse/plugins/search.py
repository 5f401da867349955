"""A Datasette plugin that marks the found words in snippets.

The canned queries `search` and `search_wordings` put them between ⟦ and ⟧, also in JSON and CSV.
"""

from __future__ import annotations

import re
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from markupsafe import Markup, escape

_FOUND = re.compile("⟦([^⟦⟧]*)⟧")


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: Any, column: str) -> Markup | None:
    """Return a snippet with the found words marked; None for other cells."""
    if column != "snippet" or not isinstance(value, str):
        return None
    # escaped first: a text of the archive can hold at most a mark more
    return Markup(_FOUND.sub(r"<mark>\1</mark>", str(escape(value))))  # noqa: S704
