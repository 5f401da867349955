"""The clock of one crawl.

It reads the machine's clock once and then advances by a monotonic counter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from foreign_eyes.archive.times import now

# CLOCK_MONOTONIC of Linux stops while the machine is suspended, so later pages would be dated too early
_COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

Clock = Callable[[], datetime]


def seconds_since_boot() -> float:
    """Return a monotonic count of seconds that includes the time the machine is suspended."""
    return time.clock_gettime(_COUNTER)


def steady_clock(read: Clock = now, elapsed: Callable[[], float] = seconds_since_boot) -> Clock:
    """Return a clock that does not change if the machine's clock is set.

    All times of a crawl come from one such clock, so that they are consistent.
    """
    start, offset = read(), elapsed()
    return lambda: start + timedelta(seconds=max(elapsed() - offset, 0.0))
