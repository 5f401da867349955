"""What Datasette is told about the archive: descriptions, default sorts, facets, search and canned queries."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

# the archive's name in Datasette's addresses, whatever its file is called
DATABASE = "archive"


def load_metadata() -> dict[str, Any]:
    """Return a fresh copy of `metadata.yaml`: Datasette writes into what it is given."""
    # here, since Datasette takes half a second to load
    from datasette.utils import parse_metadata  # type: ignore[import-untyped]  # noqa: PLC0415

    metadata: dict[str, Any] = parse_metadata(
        files("foreign_eyes.web.browse").joinpath("metadata.yaml").read_text(encoding="utf-8")
    )
    return metadata
