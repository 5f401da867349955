"""A bundled copy of the listing, written for this project and served over loopback HTTP.

It is what `foreign-eyes up` crawls until an operator configures another source, and what the tests crawl: eight pages
with the quirks of the real column (see `entries.toml`). What the column does to its entries happens here within a story of
ten days (see `story.toml`): on one day the pages are the same bytes every time. `serve()` starts it; `pages()` gives the
bytes without a server.

The listing has one logical address whatever port is free: crawl `LISTING_URL` with the served address as HTTP proxy.
This package imports the standard library only, and nothing of the project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.sample.source import DAYS, FIRST_DAYS, LISTING_URL, ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["DAYS", "FIRST_DAYS", "LISTING_URL", "ORIGIN", "pages", "serve"]

# Every command knows the sample's address, and few need its words or its server: these are imported when they are called


def pages(day: int = 1) -> dict[str, bytes]:
    """Return the body of every page on a day of the story by its path: see `sample.rendering.render_pages`."""
    from foreign_eyes.sample.rendering import render_pages  # noqa: PLC0415

    return render_pages(day)


def serve(port: int = 0, *, day: int = 1, log: Callable[[str], None] | None = None) -> AbstractContextManager[str]:
    """Serve the pages of a day on 127.0.0.1, and give the address: see `sample.server.serve`."""
    from foreign_eyes.sample.server import serve as start  # noqa: PLC0415

    return start(port, day=day, log=log)
