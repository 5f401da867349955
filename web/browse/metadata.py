"""Datasette metadata of the archive.

It holds descriptions, default sorts, facets, search settings and canned queries.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

# the name of the database in URLs, whatever the name of the file
DATABASE = "archive"


def load_metadata() -> dict[str, Any]:
    """Return a new copy of `metadata.yaml`, because Datasette modifies its argument."""
    # Datasette takes half a second to load
    from datasette.utils import parse_metadata  # type: ignore[import-untyped]  # noqa: PLC0415

    metadata: dict[str, Any] = parse_metadata(
        files("foreign_eyes.web.browse").joinpath("metadata.yaml").read_text(encoding="utf-8")
    )
    return metadata
