"""The days of the sample: how its listing looks on each. Pure, but for reading `entries.toml` and `story.toml`.

Day 1 is `entries.toml` unchanged. Each later day applies its events to the day before. After the last day nothing changes.
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
    """An event of `story.toml` that does not fit the listing of the day before."""


@dataclass(frozen=True, slots=True)
class Styled:
    """How one page of the listing is written: its markup, its codec, and the charset that its meta tag declares."""

    markup: str
    encoding: str
    declared: str
    size: int


@dataclass(frozen=True, slots=True)
class Day:
    """The listing on one day: its entries in listing order, and where the "Patent Search" link leads.

    `removed` are the entries that were taken down, with the attribution lines of those that stood above each.
    """

    entries: tuple[Entry, ...]
    patent_search_path: str = PATENT_SEARCH_PATH
    removed: Mapping[str, tuple[Entry, frozenset[str]]] = field(default_factory=dict)


@cache
def styles() -> tuple[Styled, ...]:
    """Return the listing's pages in order; the last one also takes the entries that do not fit on the others."""
    return tuple(
        Styled(page["markup"], page["encoding"], page["declared"], len(page["entry"]))
        for page in _load("entries.toml")["page"]
    )


@cache
def days() -> tuple[Day, ...]:
    """Return every day of the story, the first one first.

    Raises:
        StoryError: an event names an entry, or a text, that is not there.
    """
    found = [Day(tuple(entry for page in _load("entries.toml")["page"] for entry in page["entry"]))]
    for events in _load("story.toml")["day"]:
        found.append(next_day(found[-1], events))
    return tuple(found)


def next_day(before: Day, events: Mapping[str, Any]) -> Day:
    """Return the day after `before`, given one `[[day]]` table of `story.toml`.

    Raises:
        StoryError: an event names an entry, or a text, that is not there.
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
        raise StoryError(f"{attribution}: was not removed on a day before")
    entry, above = day.removed[attribution]
    rank = max((place + 1 for place, other in enumerate(day.entries) if other["attribution"] in above), default=0)
    removed = {name: value for name, value in day.removed.items() if name != attribution}
    return replace(day, entries=(*day.entries[:rank], entry, *day.entries[rank:]), removed=removed)


def _edited(day: Day, entry: str, part: str, old: str, new: str) -> Day:
    rank = _rank(day.entries, entry)
    text = day.entries[rank][part].replace("\n", " ")
    if text.count(old) != 1:
        raise StoryError(f"{entry}: its {part} has {old!r} {text.count(old)} times")
    edited = {**day.entries[rank], part: text.replace(old, new)}
    return replace(day, entries=(*day.entries[:rank], edited, *day.entries[rank + 1 :]))


def _rank(entries: Sequence[Entry], attribution: str) -> int:
    found = [rank for rank, entry in enumerate(entries) if entry["attribution"] == attribution]
    if len(found) != 1:
        raise StoryError(f"{attribution}: is listed {len(found)} times")
    return found[0]


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("foreign_eyes.sample").joinpath(name).read_text(encoding="utf-8"))
