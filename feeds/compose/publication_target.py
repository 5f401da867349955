"""The source that is published, its base URL and its settings. Pure.

Only settings that show in published files are here.
"""

from __future__ import annotations

from dataclasses import dataclass

from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.compose.sentences import one_line
from foreign_eyes.feeds.published_urls import web_address
from foreign_eyes.listing.text import clean


@dataclass(frozen=True, slots=True)
class PublicationTarget:
    """A source as published below one base URL.

    `tag` is the beginning of the tag URIs (RFC 4151) of the source's entries and feeds. `browse` is the URL of Datasette,
    absolute or relative to the base URL, None if there is no Datasette. `hub` is the URL of a WebSub hub. With `tombstones`
    the feed marks withdrawn entries as deleted (RFC 6721).
    """

    source: Source
    base_url: str
    tag: str
    browse: str | None = "browse/"
    hub: str | None = None
    tombstones: bool = False

    @property
    def title(self) -> str:
        """The column's title, never empty."""
        return one_line(clean(self.source.title)) or self.source.name

    @property
    def language(self) -> str:
        """The language of the column's texts (BCP 47)."""
        return one_line(clean(self.source.language)) or "en"

    @property
    def source_url(self) -> str | None:
        """The URL of the column itself; None if browsers cannot open it."""
        return web_address(self.source.url)
