"""Scenarios of killed crawls: states of the listing in earlier crawls and the killed one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from support.listings import PATENT_SEARCH, Entry, make_entries, make_site

Site = Mapping[str, bytes]

MOVED_SEARCH = "/patentsearch/moved/index.htm"


@dataclass(frozen=True)
class Scenario:
    """A crawl of the last of `states`, after one crawl of each earlier state."""

    name: str
    states: tuple[str, ...]

    @property
    def before(self) -> tuple[str, ...]:
        """Return the states of the earlier crawls."""
        return self.states[:-1]

    @property
    def again(self) -> tuple[str, ...]:
        """Return the states when the last one is crawled twice."""
        return (*self.states, self.states[-1])


def _edited(entries: list[Entry]) -> list[Entry]:
    """Return `entries` with two new ones, two rewritten, two removed and one moved to the end."""
    edited = list(entries)
    edited[2] = replace(edited[2], commentary=edited[2].commentary.replace("Filing 21 claims", "Filing many claims"))
    edited[7] = replace(edited[7], title="Workshop 8, once more, bets on lithium patents")
    moved = edited.pop(1)
    del edited[10], edited[3]
    return make_entries(2, first=99) + edited + [moved]


def _returned(entries: list[Entry], edited: list[Entry]) -> list[Entry]:
    """Return `edited` with one removed entry and one original commentary restored."""
    listed = [entries[2] if entry.title == entries[2].title else entry for entry in edited]
    return [*listed[:5], entries[4], *listed[5:]]


def _sites() -> dict[str, Site]:
    entries = make_entries(15)
    edited = _edited(entries)
    returned = make_site(_returned(entries, edited), patent_search=MOVED_SEARCH)
    returned[MOVED_SEARCH] = returned.pop(PATENT_SEARCH)
    return {"original": make_site(entries), "edited": make_site(edited), "returned": returned}


SITES: dict[str, Site] = _sites()
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("first crawl", ("original",)),
        Scenario("edits", ("original", "edited")),
        Scenario("withdrawal", ("original", "edited", "edited")),
        Scenario("return", ("original", "edited", "edited", "returned")),
    )
}
