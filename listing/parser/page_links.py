"""Collect the links and the options of selects of a page, which the pager needs."""

from __future__ import annotations

from collections.abc import Mapping

from foreign_eyes.listing.parser.page_content import Anchor, PageContent, collapse


class LinkCollector:
    """The open link and the open option while a page is read.

    Records them in `page` when they end.
    """

    def __init__(self, page: PageContent) -> None:
        self._page = page
        self._link: Mapping[str, str] | None = None
        self._pieces: list[str] = []
        self._option: tuple[str, list[str]] | None = None
        self.is_shown = True

    @property
    def is_link_open(self) -> bool:
        """Whether a link with an `href` is open."""
        return self._link is not None

    def start_link(self, attributes: Mapping[str, str]) -> None:
        """End the open link and start another one; without an `href` it is not a link."""
        self.end_link()
        self._link = attributes if "href" in attributes else None

    def add_text(self, text: str) -> None:
        """Add text to the label of the open link."""
        self._pieces.append(text)

    def end_link(self) -> None:
        """Record the open link, unless it is hidden."""
        if self._link is not None:
            label = collapse("".join(self._pieces))
            if self.is_shown:
                label = label or collapse(self._link.get("title", ""))
            if label or self.is_shown:
                self._page.anchors.append(Anchor(label, self._link["href"], self._link.get("rel", "")))
        self._link = None
        self._pieces = []

    def add_image(self, attributes: Mapping[str, str]) -> None:
        """Add the text of an image to the label of the open link."""
        self._pieces.append(f" {attributes.get('alt') or attributes.get('title') or ''} ")

    def add_relation(self, attributes: Mapping[str, str]) -> None:
        """Record a `link` element."""
        if "href" in attributes:
            self._page.anchors.append(Anchor("", attributes["href"], attributes.get("rel", "")))

    def start_option(self, value: str) -> None:
        """Start an option of the newest select."""
        self._option = (value, [])

    def add_option_text(self, text: str) -> None:
        """Add text to the open option, if there is one."""
        if self._option is not None:
            self._option[1].append(text)

    def end_option(self) -> None:
        """Record the open option."""
        if self._option is not None:
            value, pieces = self._option
            self._page.selects[-1].append((value, collapse("".join(pieces))))
        self._option = None
