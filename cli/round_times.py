"""Decides when the next round of `watch` is due, by two clocks. The decision is pure."""

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


def read_clocks() -> ClockReading:
    """Return the time on both clocks now."""
    from foreign_eyes.crawler.steady_clock import seconds_since_boot

    return ClockReading(time.time(), seconds_since_boot())


def is_due(began: ClockReading, now: ClockReading, every: float) -> bool:
    """Return whether `every` seconds have passed since the last round `began`, on either clock. Pure.

    A clock that is set back delays no round, because the other one goes on. A clock that is set ahead starts one round at
    once, as after a night in which the machine was suspended.
    """
    return now.wall - began.wall >= every or now.steady - began.steady >= every
