"""The dates that we decide, since the source has none: feed dates and the times of changes. Pure."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
TICK = timedelta(microseconds=1)
# a change dated later than this is taken for a wrong clock's
AHEAD = timedelta(hours=1)


def feed_dates(
    count: int, first_seen: datetime, not_before: datetime | None, taken: Container[datetime]
) -> list[datetime]:
    """Return `count` distinct dates for entries first seen together, in listing order: the first listed is the newest.

    They stand one second apart, ending at `first_seen`, or closer where the interval since `not_before` is too short for
    that; none is among `taken`, and none lies outside the interval.
    """
    step = SECOND
    if not_before is not None and first_seen - not_before < count * SECOND:
        step = max((first_seen - not_before) / (count + 1), TICK)
    dates: list[datetime] = []
    date = first_seen
    for _ in range(count):
        while date in taken:
            date -= TICK
        dates.append(date)
        date = min(date - TICK, first_seen - step * len(dates))
    return dates


def change_times(
    count: int, settled_at: datetime, last: datetime | None, taken: Container[datetime] = frozenset()
) -> list[datetime]:
    """Return `count` rising times for the changes of one settling, a millisecond apart; none is among `taken`.

    They begin at `settled_at`, or after the `last` change of the archive where the clock has gone back a little. A change that
    lies more than `AHEAD` in the future was dated by a wrong clock, and is not `last`: what follows it is dated by the present.
    """
    time = settled_at if last is None else max(settled_at, last + MILLISECOND)
    times: list[datetime] = []
    for _ in range(count):
        while time in taken:
            time += TICK
        times.append(time)
        time += MILLISECOND
    return times


def moved_time(time: datetime, started: datetime, began: datetime) -> datetime:
    """Return `time` moved by as much as the start, from `started` to `began`, and never before `began`."""
    return max(began, time + (began - started))
