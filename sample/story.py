"""The listing of the sample on each day of its story.

Pure except for reading `entries.toml` and `story.toml`.

Day 1 is `entries.toml`. Each later day applies its events to the day before. After the last day nothing changes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from foreign_eyes.sample.source import PATENT_SEARCH_PATH

Entry = Mapping[str, str]


class StoryError(ValueError):
    """An event of `story.toml` does not fit the listing of the day before."""


@dataclass(frozen=True, slots=True)
class PageFormat:
    """The format of a listing page.

    It has the markup, the encoding, the charset in the meta tag, and the number of entries.
    """

    markup: str
    encoding: str
    declared: str
    size: int


@dataclass(frozen=True, slots=True)
class Day:
    """The listing on a day: its entries in order, and the target of the "Patent Search" link.

    `removed` maps the attribution line of each removed entry to the entry and the attribution lines above it.
    """

    entries: tuple[Entry, ...]
    patent_search_path: str = PATENT_SEARCH_PATH
    removed: Mapping[str, tuple[Entry, frozenset[str]]] = field(default_factory=dict)


@cache
def page_formats() -> tuple[PageFormat, ...]:
    """Return the formats of the listing pages, in order.

    The last page also has the entries that fit on no other page.
    """
    return tuple(
        PageFormat(page["markup"], page["encoding"], page["declared"], len(page["entry"]))
        for page in _load("entries.toml")["page"]
    )


@cache
def days() -> tuple[Day, ...]:
    """Return all days of the story, in order.

    Raises:
        StoryError: an event names an entry or a text that does not exist.
    """
    found = [Day(tuple(entry for page in _load("entries.toml")["page"] for entry in page["entry"]))]
    for events in _load("story.toml")["day"]:
        found.append(next_day(found[-1], events))
    return tuple(found)


def next_day(before: Day, events: Mapping[str, Any]) -> Day:
    """Return the day after `before`, given one `[[day]]` table of `story.toml`.

    Raises:
        StoryError: an event names an entry or a text that does not exist.
    """
    day = replace(before, patent_search_path=events.get("patent_search", before.patent_search_path))
    for event in events.get("remove", ()):
        day = _without(day, event["entry"])
    for event in events.get("restore", ()):
        day = _restored(day, event["entry"])
    for event in events.get("edit", ()):
        day = _edited(day, **event)
    for entry in events.get("add", ()):
        day = replace(day, entries=(entry, *day.entries))
    return day


def _without(day: Day, attribution: str) -> Day:
    rank = _rank(day.entries, attribution)
    above = frozenset(entry["attribution"] for entry in day.entries[:rank])
    removed = {**day.removed, attribution: (day.entries[rank], above)}
    return replace(day, entries=day.entries[:rank] + day.entries[rank + 1 :], removed=removed)


def _restored(day: Day, attribution: str) -> Day:
    if attribution not in day.removed:
        raise StoryError(f"{attribution}: no earlier day of story.toml removes this entry")
    entry, above = day.removed[attribution]
    rank = max((place + 1 for place, other in enumerate(day.entries) if other["attribution"] in above), default=0)
    removed = {name: value for name, value in day.removed.items() if name != attribution}
    return replace(day, entries=(*day.entries[:rank], entry, *day.entries[rank:]), removed=removed)


def _edited(day: Day, entry: str, part: str, old: str, new: str) -> Day:
    rank = _rank(day.entries, entry)
    text = day.entries[rank][part].replace("\n", " ")
    if text.count(old) != 1:
        raise StoryError(f"{entry}: its {part} contains {old!r} {text.count(old)} times, and must contain it once")
    edited = {**day.entries[rank], part: text.replace(old, new)}
    return replace(day, entries=(*day.entries[:rank], edited, *day.entries[rank + 1 :]))


def _rank(entries: Sequence[Entry], attribution: str) -> int:
    found = [rank for rank, entry in enumerate(entries) if entry["attribution"] == attribution]
    if len(found) != 1:
        raise StoryError(f"{attribution}: is listed {len(found)} times, and must be listed once")
    return found[0]


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("foreign_eyes.sample").joinpath(name).read_text(encoding="utf-8"))
