"""A hostile site for a simulated week: a listing that is edited while the site is down, blocks, stalls, cuts and shifts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from support.listing_server import Answer, Handler, ListingServer, etag, half_sent, status
from support.listings import LISTING, Entry, make_entries, make_site, page_name

Weather = Literal["normal", "down", "blocked", "slow", "cut", "laid out anew", "shifting", "wrong clock", "full disk"]

PER_PAGE = 8
SLOW_SECONDS = 0.4
CHALLENGE = b"<html><head><script>challenge()</script></head><body></body></html>"


@dataclass(frozen=True)
class Events:
    """What editors do before a round: how many entries they add on top, and which numbers they edit, remove and give back."""

    add: int = 0
    edit: Sequence[int] = ()
    remove: Sequence[int] = ()
    give_back: Sequence[int] = ()


@dataclass
class Site(AbstractContextManager["Site"]):
    """The site: its listing, newest entry first, by number, and the weather that its clients meet."""

    entries: int
    listed: list[int] = field(default_factory=list)
    texts: dict[int, Entry] = field(default_factory=dict)
    shown: set[int] = field(default_factory=set)  # numbers on the pages that were sent since the round began
    edits: int = 0

    def __post_init__(self) -> None:
        self._server = ListingServer()
        self._is_up = False
        self.weather: Weather = "normal"
        self.happen(Events(add=self.entries))
        self._come_up()

    def __exit__(self, *_: object) -> None:
        self._go_down()

    @property
    def url(self) -> str:
        return self._server.origin + LISTING

    def happen(self, events: Events) -> None:
        """Change the listing."""
        for _ in range(events.add):
            number = max(self.texts, default=0) + 1
            self.texts[number] = make_entries(1, first=number)[0]
            self.listed.insert(0, number)
        for number in events.edit:
            self.edits += 1
            old = self.texts[number]
            self.texts[number] = replace(old, commentary=f"{old.commentary} Corrected, correction {self.edits}.")
        self.listed = [number for number in self.listed if number not in events.remove]
        for number in events.give_back:
            self.listed.insert(len(self.listed) // 2, number)

    def begin_round(self, weather: Weather, now_ahead: timedelta) -> None:
        """Serve the listing in this weather, with a clock that is right."""
        self.weather = weather
        self._server.ahead = now_ahead
        self.shown.clear()
        if weather == "down":
            self._go_down()
        else:
            self._come_up()
        self._refresh()

    def _go_down(self) -> None:
        if self._is_up:
            self._server.wanted_port = self._server.port
            self._server.__exit__(None, None, None)
            self._is_up = False

    def _come_up(self) -> None:
        if not self._is_up:
            self._server.__enter__()
            self._is_up = True
            self._refresh()

    def _refresh(self) -> None:
        """Render all pages and choose how they are answered."""
        self._server.site.clear()
        self._server.site.update(make_site([self.texts[number] for number in self.listed], PER_PAGE))
        pages = -(-len(self.listed) // PER_PAGE)
        self._server.faults = {page_name(page): self._answering(page) for page in range(1, pages + 3)}

    def _answering(self, page: int) -> Answer:
        answers: dict[Weather, Callable[[int], Answer]] = {
            "blocked": lambda _: status(412, CHALLENGE, Content_Type="text/html"),
            "cut": self._cut,
            "laid out anew": self._laid_out_anew,
        }
        return answers.get(self.weather, self._honestly)(page)

    def _honestly(self, page: int) -> Answer:
        def answer(handler: Handler) -> None:
            body = self._server.site.get(page_name(page))
            if body is None:
                handler.reply(404, b"<html><p>no such page</p></html>", Content_Type="text/html")
                return
            self.shown |= set(self._rows(page))
            if self.weather == "slow":
                time.sleep(SLOW_SECONDS)
            known = handler.headers.get("If-None-Match") == etag(body)
            handler.reply(304 if known else 200, b"" if known else body, ETag=etag(body), Content_Type="text/html")
            if self.weather == "shifting" and page == 2:  # a new entry arrives in the middle of each pass
                self.happen(Events(add=1))
                self._server.site.update(make_site([self.texts[number] for number in self.listed], PER_PAGE))

        return answer

    def _cut(self, page: int) -> Answer:
        """Send half of page 2, and the others whole."""
        return half_sent(self._server.site[page_name(page)]) if page == 2 else self._honestly(page)

    def _laid_out_anew(self, page: int) -> Answer:
        """Send the heading, and titles in markup that no parser knows."""
        rows = "".join(f"<tr><td>{self.texts[number].title}</td></tr>" for number in self._rows(page))
        heading = "China's IP in Foreign Eyes"
        head = f"<title>{heading}</title></head><body><h1>{heading}</h1>"
        body = f"<!DOCTYPE html><html><head>{head}<table>{rows}</table></body></html>".encode()
        return lambda handler: handler.reply(200, body, Content_Type="text/html")

    def _rows(self, page: int) -> list[int]:
        return self.listed[(page - 1) * PER_PAGE : page * PER_PAGE]
