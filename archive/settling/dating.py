"""Choosing feed dates and the times of changes, since the source has no dates. Pure."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
TICK = timedelta(microseconds=1)
# a change that is later than now by more than this was dated by a wrong clock
AHEAD = timedelta(hours=1)


def feed_dates(
    count: int, first_seen: datetime, not_before: datetime | None, taken: Container[datetime]
) -> list[datetime]:
    """Return `count` distinct dates, newest first, for entries first seen together.

    The dates end at `first_seen` and are one second apart, or less if the interval since `not_before` is too short.
    They are in the interval and not in `taken`.
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
    """Return `count` rising times for the changes of one settling, not in `taken`.

    They begin at `settled_at`, or after `last`, the archive's last change, if the clock was set back a little. A change
    more than `AHEAD` in the future was dated by a wrong clock and must not be passed as `last`.
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
    """Return `time`, moved like the start from `started` to `began`, but not before `began`."""
    return max(began, time + (began - started))
