"""The simulated source on a real HTTP server, for crawls by the real spider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from support.listing_server import Handler, ListingServer, etag
from support.listings import PATENT_SEARCH, Entry, make_page, page_name

from simulation.events import Editor
from simulation.prose import styled
from simulation.source import Render, Shown, Site

MOST_PAGES = 30


class Html(Render):
    """Renders pages in the column's markup; the style also sets the commentary label and "by"."""

    def __call__(self, rows: Sequence[Shown], page: int, count: int, layout: int) -> bytes:
        """Render a page."""
        body = make_page([_as_listed(row) for row in rows], page, count)
        return body.replace(b"<ul>", f'<ul class="layout-{layout}">'.encode())


class SimulatedServer:
    """Serves a site that can change during a crawl or fail for a day."""

    def __init__(self, server: ListingServer, site: Site, editor: Editor):
        self._site, self._editor = site, editor
        self.touched: set[int] = set()
        self._shifts: set[int] = set()
        self._failing: tuple[int, int] | None = None
        self._requests = 0
        server.site[PATENT_SEARCH] = b"<!DOCTYPE html><html><title>Patent Search</title><p>Search by number.</p></html>"
        for page in range(1, MOST_PAGES + 1):
            server.faults[page_name(page)] = self._answering(page)

    def begin_a_day(self, weather: str | None, random: Random) -> set[int]:
        """Serve the current column in the weather of the day; return the numbers of its articles."""
        self._site.refresh()
        pages = len(self._site.bodies)
        status = {"blocked": 412, "half_read": 404}.get(weather or "")
        self._failing = (random.randint(2, pages), status) if status else None
        self._shifts = {random.randint(1, 2 * pages) for _ in range(2)} if weather == "shifting" else set()
        self._requests = 0
        self.touched = set()
        return {article.number for article in self._site.column.listed}

    def _answering(self, page: int) -> Callable[[Handler], None]:
        def answer(handler: Handler) -> None:
            self._requests += 1
            self._reply(handler, page)
            if self._requests in self._shifts:
                self._shift()

        return answer

    def _reply(self, handler: Handler, page: int) -> None:
        if self._failing and self._failing[0] == page:
            handler.reply(self._failing[1], b"<html><p>not today</p></html>", Content_Type="text/html")
        elif page > len(self._site.bodies):
            handler.reply(404, b"<html><p>no such page</p></html>", Content_Type="text/html")
        else:
            body = self._site.bodies[page - 1]
            known = handler.headers.get("If-None-Match") == etag(body)
            handler.reply(304 if known else 200, b"" if known else body, ETag=etag(body), Content_Type="text/html")

    def _shift(self) -> None:
        column = self._site.column
        before = set(column.touched)
        self._editor.shift()
        self.touched |= column.touched - before
        self._site.refresh()


def _as_listed(row: Shown) -> Entry:
    wording, style = row.wording, row.style
    title, excerpt, commentary = (styled(text, style) for text in (wording.title, wording.excerpt, wording.commentary))
    label = "Comment: " if style % 2 else ""
    return Entry(title, wording.publication, excerpt, label + commentary, ",by " if style % 3 else ", by ")
