"""Which row of a fresh listing is which entry of the archive. Pure.

    rows, candidates | same wording | earlier wording | same title and publication | else new

Each step takes what the steps before left over, one row to one entry, so that nothing is decided twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

Method = Literal["same wording", "earlier wording", "title and publication", "new"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a listing, by what it is compared with; `place` is its rank in listing order, from 0."""

    place: int
    wording: str
    title_key: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that a row might be: its current wording, its earlier ones, and the page and position it was last listed at."""

    entry_id: int
    place: tuple[int, int]
    wording: str
    earlier: frozenset[str]
    title_key: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """What a row turned out to be. `entry_id` is None for a new entry; `score` is 1.0 where the texts are equal."""

    entry_id: int | None
    method: Method
    score: float | None


def match(rows: Sequence[Row], candidates: Sequence[Candidate]) -> dict[int, Match]:
    """Return by `Row.place` what each row is; no two rows get the same entry.

    Where several rows and entries share a key they are paired in listing order.
    """
    found: dict[int, Match] = {}
    taken: set[int] = set()

    def pair(
        method: Method, row_key: Callable[[Row], Hashable], entry_keys: Callable[[Candidate], Sequence[Hashable]]
    ) -> None:
        free: dict[Hashable, list[Candidate]] = {}
        for candidate in sorted(candidates, key=lambda c: (c.place, c.entry_id)):
            if candidate.entry_id not in taken:
                for key in entry_keys(candidate):
                    free.setdefault(key, []).append(candidate)
        for row in sorted(rows, key=lambda r: r.place):
            key = row_key(row)
            if row.place in found or key is None:
                continue
            entry = next((c for c in free.get(key, ()) if c.entry_id not in taken), None)
            if entry is not None:
                taken.add(entry.entry_id)
                found[row.place] = Match(entry.entry_id, method, 1.0)

    pair("same wording", lambda row: row.wording, lambda entry: [entry.wording])
    pair("earlier wording", lambda row: row.wording, lambda entry: sorted(entry.earlier))
    pair("title and publication", lambda row: row.title_key, lambda entry: [entry.title_key] if entry.title_key else [])
    for row in rows:
        found.setdefault(row.place, Match(None, "new", None))
    return found
