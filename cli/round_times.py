"""Measures the interval of the rounds of `watch` on two clocks. The measuring is pure."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The time on two clocks at one moment, in seconds.

    `wall` is the machine's clock, which can be set at any time. `steady` counts from the start of the machine, never goes
    back, and on Linux includes the time that the machine is suspended.
    """

    wall: float
    steady: float


@dataclass(frozen=True, slots=True)
class Elapsed:
    """How much time has passed since a round began, up to the reading `until`."""

    until: ClockReading
    seconds: float = 0.0

    def advance(self, now: ClockReading) -> Elapsed:
        """Return the time elapsed up to `now`; each step is measured by the clock that advanced more. Pure.

        A wall clock that is set back therefore delays no round. One that is set ahead, or that alone counts a suspension, starts
        the next round early.
        """
        step = max(now.wall - self.until.wall, now.steady - self.until.steady)
        return Elapsed(now, self.seconds + step)


class RoundTimer:
    """Measures the time since a round began; make it when the round begins."""

    def __init__(self) -> None:
        self._elapsed = Elapsed(read_clocks())

    def has_passed(self, seconds: float) -> bool:
        """Return whether `seconds` have passed. Call it often: a clock that is set back shows only between two readings."""
        self._elapsed = self._elapsed.advance(read_clocks())
        return self._elapsed.seconds >= seconds


def read_clocks() -> ClockReading:
    """Return the time on both clocks now."""
    from foreign_eyes.crawler.steady_clock import seconds_since_boot

    return ClockReading(time.time(), seconds_since_boot())
