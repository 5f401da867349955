"""Datasette metadata of the archive.

It holds descriptions, default sorts, facets, search settings and canned queries.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

# the name of the database in URLs, whatever the name of the file
DATABASE = "archive"


def load_metadata() -> dict[str, Any]:
    """Return the metadata with the queries of `questions.yaml`; a new copy, because Datasette modifies it."""
    metadata = _load("metadata.yaml")
    database = metadata["databases"][DATABASE]
    database["queries"] = {**_load("questions.yaml"), **database.get("queries", {})}
    return metadata


def _load(name: str) -> dict[str, Any]:
    # Datasette takes half a second to load
    from datasette.utils import parse_metadata  # type: ignore[import-untyped]  # noqa: PLC0415

    loaded: dict[str, Any] = parse_metadata(files("foreign_eyes.web.browse").joinpath(name).read_text(encoding="utf-8"))
    return loaded
