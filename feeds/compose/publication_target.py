"""An edition: what is published, where to, and with what besides. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.compose.sentences import one_line
from foreign_eyes.feeds.published_urls import web_address
from foreign_eyes.listing.text import clean


@dataclass(frozen=True, slots=True)
class PublicationTarget:
    """A source as published below one base URL.

    `tag` is what the tag URIs (RFC 4151) of the source's entries begin with, and its feeds' too. `browse` is where Datasette
    is, relative to the base URL or absolute, None where there is none. `hub` is a WebSub hub. With `tombstones` the feed says
    of withdrawn entries that they are deleted (RFC 6721).
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
        """Where the column itself is; None where that is no address for a browser."""
        return web_address(self.source.url)
