"""A bundled copy of the listing, written for this project and served over loopback HTTP.

It is what `foreign-eyes up` crawls until an operator configures another source, and what the tests crawl: eight pages
with the quirks of the real column (see `entries.toml`). What the column does to its entries happens here within a story of
ten days (see `story.toml`): on one day the pages are the same bytes every time. `serve()` starts it; `pages()` gives the
bytes without a server.

The listing has one logical address whatever port is free: crawl `LISTING_URL` with the served address as HTTP proxy.
This package imports the standard library only, and nothing of the project.
"""

from sample.pages import DAYS, FIRST_DAYS, LISTING_URL, ORIGIN, pages
from sample.server import serve

__all__ = ["DAYS", "FIRST_DAYS", "LISTING_URL", "ORIGIN", "pages", "serve"]
