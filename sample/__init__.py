"""A bundled sample of the listing, served over HTTP on 127.0.0.1.

The sample was written for this project. `foreign-eyes up` crawls it until an operator configures another source, and tests
crawl it. It has eight pages with the quirks of the real column (see `entries.toml`). Over a story of ten days (see
`story.toml`) entries are added, edited and removed as in the column; the pages of a day are always the same bytes.
`serve()` starts the server, and `pages()` returns the bytes without a server.

The URL of the listing does not depend on the port: crawl `LISTING_URL` with the address of the server as HTTP proxy.
This package imports only the standard library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.sample.source import DAYS, FIRST_DAYS, LISTING_URL, ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["DAYS", "FIRST_DAYS", "LISTING_URL", "ORIGIN", "pages", "serve"]

# Every command imports the sample's URL, but few need its texts or its server, so the functions import these


def pages(day: int = 1) -> dict[str, bytes]:
    """Return the body of every page on a day of the story, by path.

    See `sample.rendering.render_pages`.
    """
    from foreign_eyes.sample.rendering import render_pages  # noqa: PLC0415

    return render_pages(day)


def serve(port: int = 0, *, day: int = 1, log: Callable[[str], None] | None = None) -> AbstractContextManager[str]:
    """Serve the pages of a day on 127.0.0.1, and yield the address.

    See `sample.server.serve`.
    """
    from foreign_eyes.sample.server import serve as start  # noqa: PLC0415

    return start(port, day=day, log=log)
