"""Pages of many entries, and the chart of entries over time. Pure.

The pages are the numbered pages ("volumes") and those of publications and topics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foreign_eyes.feeds.compose.feeds import NEWEST
from foreign_eyes.feeds.compose.sentences import month
from foreign_eyes.feeds.compose.shown_entries import Collection, CollectionKind, FeedEntry, collection

# entries per volume, and the numbers of publications and of topics on the front page
VOLUME_SIZE = 50
FOREMOST = 24
# a longer chart has one bar per year
MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class CollectionCount:
    """A publication or a topic, and the number of its entries."""

    of: Collection
    entries: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: a month or a year, and the number of its entries.

    `height` is relative to the tallest bar, from 0 to 1.
    """

    label: str
    entries: int
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The numbers of entries by month or by year, oldest first, without gaps.

    `unit` is "month" or "year". An entry counts in the month or year in which it was first seen.
    """

    unit: str
    bars: tuple[Bar, ...]

    @property
    def most(self) -> int:
        """The number of entries in the tallest bar."""
        return max(bar.entries for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Volume:
    """The entries with the numbers `first` to `last`, newest first.

    Numbers count from the oldest entry. A full volume keeps its entries.
    """

    number: int
    first: int
    last: int
    entries: tuple[FeedEntry, ...]


def count_collections(kind: CollectionKind, tallies: Mapping[str, int]) -> tuple[CollectionCount, ...]:
    """Return the publications or topics that have entries, the largest first."""
    counted = [CollectionCount(collection(kind, name), entries) for name, entries in tallies.items()]
    return tuple(sorted(counted, key=lambda count: (-count.entries, count.of.name.casefold(), count.of.path)))


def compose_chart(months: Mapping[str, int]) -> Chart:
    """Return the chart of entries by month, or by year if there are many months.

    The keys of `months` look like `2021-03`.
    """
    if not months:
        return Chart("month", ())
    span = _months_between(min(months), max(months))
    if len(span) <= MOST_MONTHS:
        return Chart("month", _bars([(month(key), months.get(key, 0)) for key in span]))
    years = range(int(min(months)[:4]), int(max(months)[:4]) + 1)
    by_year = [(str(year), sum(n for key, n in months.items() if key.startswith(f"{year:04d}-"))) for year in years]
    return Chart("year", _bars(by_year))


def volume_of(number: int) -> int:
    """Return the number of the volume that contains entry `number`; both count from 1."""
    return (number - 1) // VOLUME_SIZE + 1


def count_volumes(total: int) -> int:
    """Return the number of volumes for `total` entries; 0 if the front page shows them all."""
    return volume_of(total) if total > NEWEST else 0


def volume_span(number: int, total: int) -> tuple[int, int]:
    """Return the numbers of the first and the last entry of a volume."""
    return (number - 1) * VOLUME_SIZE + 1, min(number * VOLUME_SIZE, total)


def older_volume(total: int) -> int | None:
    """Return the newest volume with an entry that the front page does not show.

    Return None if the front page shows all entries.
    """
    return volume_of(total - NEWEST) if total > NEWEST else None


def _months_between(first: str, last: str) -> list[str]:
    start, end = (int(key[:4]) * 12 + int(key[5:]) - 1 for key in (first, last))
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(start, end + 1)]


def _bars(counts: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    highest = max(entries for _, entries in counts)
    return tuple(Bar(label, entries, entries / highest) for label, entries in counts)
