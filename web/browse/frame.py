"""The frame of Datasette's pages: header, navigation and footer of the published pages.

`feeds/templates/base.html` is the frame. This module reads the values that it needs.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any
from urllib.parse import quote

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.overview import find_sources
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.compose.feeds import RIGHTS, column_urls
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.render.html_pages import FeedLink, feed_links
from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.published_site import PublishedSite

# folders that Datasette serves: the static files of this package, and those of the published pages
ASSETS, SITE_FILES = "assets", "site"
# seconds; a new title or a first publish appears after at most this time
_LIFETIME = 5.0
_NO_SOURCE = Source("", "", "Foreign Eyes", "en")


class Frame:
    """Reads the values of the frame, at most once in `_LIFETIME` seconds."""

    def __init__(self, site: PublishedSite, browse_url: str) -> None:
        self.site = site
        self.browse_url = browse_url
        # the published files lie in the folder above Datasette
        self.root = browse_url.rstrip("/").rpartition("/")[0] + "/"
        self.sources: tuple[Source, ...] = ()
        self.folders: dict[str, str] = {}
        self._read_at: float | None = None

    async def refresh(self, datasette: Any) -> None:
        """Read the sources and their folders again if they are older than `_LIFETIME`."""
        if self._read_at is not None and time.monotonic() - self._read_at < _LIFETIME:
            return
        self._read_at = time.monotonic()
        try:
            await datasette.get_database(DATABASE).execute_fn(self._read)
        except BaseException:
            self._read_at = None
            raise

    def _read(self, connection: sqlite3.Connection) -> None:
        db = Database(connection, recursive_triggers=False)
        self.sources = tuple(find_sources(db))
        self.folders = self.site.folders(archive_id(db))

    def target(self, source_name: str | None, origin: str) -> PublicationTarget:
        """Return the publication target of a source; None means the one at the root, or the only one.

        `origin` is the address of the server in the request, without a path.
        """
        base_url = self.site.base_url or origin + self.root
        if source_name is None:
            source_name = next((name for name, folder in self.folders.items() if not folder), None)
            source_name = self.sources[0].name if source_name is None and len(self.sources) == 1 else source_name
        source = next((source for source in self.sources if source.name == source_name), _NO_SOURCE)
        base_url += quote(self.folders.get(source.name, ""))
        return PublicationTarget(source, base_url, tag="", browse=self.browse_url)

    def values(self, origin: str = "") -> dict[str, Any]:
        """Return the variables of the frame's template."""
        target = self.target(None, origin)
        feeds: list[FeedLink] = feed_links(target, column_urls(target.base_url)) if "" in self.folders.values() else []
        return {
            "target": target,
            "root": self.root,
            "site_files": f"{self.browse_url}{SITE_FILES}/",
            "assets": f"{self.browse_url}{ASSETS}/",
            "browse": self.browse_url,
            "feeds": feeds,
            "page_feeds": feeds,
            "rights": RIGHTS,
            "here": "browse",
        }
