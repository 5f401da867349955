"""The clock of the crawling machine: mostly right, at times hours or years wrong.

The oracle's rules, independent of the product's code: a crawl whose clock is wrong by more than two days settles nothing. A
clock that changed by hours settles nothing until a second crawl shows the same difference. A clock with the usual difference
always settles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

HOUR = timedelta(hours=1)
LONGEST_LEAP = 3
LONGEST_ZONE = 30


@dataclass(slots=True)
class SimulatedClock:
    """The offset of the machine's clock; `usual` is the offset that the archive expects."""

    random: Random
    leaps: float = 0.0
    zones: float = 0.0
    offset: timedelta = timedelta(0)
    usual: timedelta = timedelta(0)
    _until: int = 0
    _before: timedelta = timedelta(0)

    def tick(self, day: int) -> None:
        """Begin a day: correct the clock, change it or leave it."""
        self._before = self.offset
        if day < self._until:
            return
        self.offset = timedelta(0)
        chance = self.random.random()
        if day and chance < self.leaps:
            self.offset = self.random.choice([-1, 1]) * timedelta(days=self.random.randint(3, 900))
            self._until = day + self.random.randint(1, LONGEST_LEAP)
        elif day and chance < self.leaps + self.zones:
            self.offset = self.random.choice([-1, 1]) * timedelta(minutes=self.random.randint(2, 14 * 60))
            self._until = day + self.random.randint(1, LONGEST_ZONE)

    def judge(self, *, settled: bool, doubted: bool) -> str | None:
        """Return what is wrong with the outcome of a crawl, or None."""
        changed = abs(self.offset - self.usual)
        if changed < HOUR - timedelta(minutes=2):
            return "a right clock was doubted" if doubted else None
        if not settled:
            return None
        if changed > timedelta(days=2):
            return "a clock that leapt was believed"
        if abs(self._before - self.offset) >= HOUR:
            return "a clock that changed was believed at once"
        self.usual = self.offset
        return None
