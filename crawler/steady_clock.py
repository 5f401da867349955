"""A crawl's own clock: set once from the clock of the machine, then only counting on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from foreign_eyes.archive.times import now

# Linux's CLOCK_MONOTONIC stops while the machine sleeps, so a crawl that slept would date its later pages too early
_COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

Clock = Callable[[], datetime]


def seconds_since_boot() -> float:
    """Return a count of seconds that nobody can set; it runs on while the machine sleeps."""
    return time.clock_gettime(_COUNTER)


def steady_clock(read: Clock = now, elapsed: Callable[[], float] = seconds_since_boot) -> Clock:
    """Return a clock that reads the machine's once and counts on, whatever is done to the machine's meanwhile.

    All times of a crawl come from one such clock, so none of them contradicts another.
    """
    start, since = read(), elapsed()
    return lambda: start + timedelta(seconds=max(elapsed() - since, 0.0))
