"""Decides which placements end and begin with a new state of the listing. Pure.

A placement is an entry with a revision at a place in the listing. As few as possible end: those of the longest common
subsequence of the old and the new listing stay.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from foreign_eyes.archive.settling.order_keys import keys_between


class Shown(NamedTuple):
    """A row of the listing: its entry and its revision."""

    entry_id: int
    revision_id: int


class Placed(NamedTuple):
    """A row of the listing at a place; `order_key` sorts the rows of a listing."""

    order_key: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Moves:
    """The placements that end, and those that begin."""

    ended: tuple[Placed, ...]
    begun: tuple[Placed, ...]


def place_rows(current: Sequence[Placed], rows: Sequence[Shown], *, whole: bool) -> Moves:
    """Return the placements to end and to begin, so that the listing shows `rows` in this order.

    `current` are the present placements in order. `whole` is whether `rows` are the whole listing. If they are not, a
    placement ends only if its entry is among `rows` in another place or revision.
    """
    kept = _kept(current, rows)
    revised = _revised(current, rows, kept)
    anchors = kept | revised
    unplaced = [index for index in range(len(rows)) if index not in anchors]
    ended = set(revised.values())
    unseen = set(range(len(current))) - set(anchors.values())
    ended |= unseen if whole else _moved(current, unseen, [rows[index] for index in unplaced])
    begun = {index: Placed(current[place].order_key, rows[index]) for index, place in revised.items()}
    for low, high in pairwise([-1, *sorted(anchors), len(rows)]):
        keys = _keys_in_gap(current, anchors.get(low), anchors.get(high), high - low - 1, whole=whole)
        begun |= {index: Placed(key, rows[index]) for index, key in zip(range(low + 1, high), keys, strict=True)}
    return Moves(tuple(current[place] for place in sorted(ended)), tuple(begun[index] for index in sorted(begun)))


def _kept(current: Sequence[Placed], rows: Sequence[Shown]) -> dict[int, int]:
    """Return the places of the rows that stay, by index of the row."""
    return _longest_common([placed.shown for placed in current], rows)


def _revised(current: Sequence[Placed], rows: Sequence[Shown], kept: Mapping[int, int]) -> dict[int, int]:
    """Return the places of rows that have a new revision and stay between the same rows, by index of the row."""
    found: dict[int, int] = {}
    bounds = [(-1, -1), *sorted(kept.items()), (len(rows), len(current))]
    for (low, first), (high, last) in pairwise(bounds):
        places = [current[place].shown.entry_id for place in range(first + 1, last)]
        entries = [rows[index].entry_id for index in range(low + 1, high)]
        found |= {low + 1 + index: first + 1 + place for index, place in _longest_common(places, entries).items()}
    return found


def _moved(current: Sequence[Placed], unseen: set[int], rows: Sequence[Shown]) -> set[int]:
    """Return the places in `unseen` that `rows` left: one per row of an entry, same revision first."""
    left: dict[int, list[int]] = {}
    for place in sorted(unseen):
        left.setdefault(current[place].shown.entry_id, []).append(place)
    moved: set[int] = set()
    for row in rows:
        places = left.get(row.entry_id)
        if places:
            same = next((place for place in places if current[place].shown == row), places[0])
            places.remove(same)
            moved.add(same)
    return moved


def _keys_in_gap(
    current: Sequence[Placed], low: int | None, high: int | None, number: int, *, whole: bool
) -> list[str]:
    """Return keys for rows between the places `low` and `high`; None means that there is no limit.

    In a listing that was read in part, new rows come next to the row before them, or at the top.
    """
    if not whole and number:
        if low is not None:
            high = low + 1 if low + 1 < len(current) else None
        elif high is not None:
            low = high - 1 if high else None
        elif current:
            high = 0
    low_key = None if low is None else current[low].order_key
    return keys_between(low_key, None if high is None else current[high].order_key, number)


def _longest_common(places: Sequence[Hashable], rows: Sequence[Hashable]) -> dict[int, int]:
    """Return the longest common subsequence of two sequences, as places by index of the row.

    This is the algorithm of Hunt and Szymanski: the longest rising sequence of the places of equal values.
    """
    where: dict[Hashable, list[int]] = {}
    for place in range(len(places) - 1, -1, -1):  # from the last to the first, so that no row is used twice
        where.setdefault(places[place], []).append(place)
    tails: list[int] = []  # by length, the least last place of a rising sequence
    ends: list[_Link] = []
    for index, row in enumerate(rows):
        for place in where.get(row, ()):
            length = bisect_left(tails, place)
            tails[length : length + 1] = [place]
            ends[length : length + 1] = [_Link(index, place, ends[length - 1] if length else None)]
    found: dict[int, int] = {}
    link = ends[-1] if ends else None
    while link is not None:
        found[link.row] = link.place
        link = link.before
    return found


class _Link(NamedTuple):
    """The last pair of a common subsequence, and the pair before it."""

    row: int
    place: int
    before: _Link | None
