"""For how many complete crawls an absence counts, told a second time: pass by pass, with what the listing was kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class _Last:
    """How the listing was when something was last on it, and what has been read without it since."""

    page: int
    then: Mapping[int, str]
    first_without: Mapping[int, str] | None = None
    first_fresh: datetime | None = None


class Absences:
    """Follows a listing through its settled crawls; whatever is listed goes by a number."""

    def __init__(self) -> None:
        self._bodies: dict[int, str] = {}
        self._last: dict[int, _Last] = {}

    def begin(self, *, complete: bool) -> None:
        """A settled crawl begins; one that is complete says anew how many pages there are."""
        if complete:
            self._bodies = {}

    def see(self, bodies: Mapping[int, str], shown: Mapping[int, int]) -> None:
        """Take in one pass: each page's body, and on which page each thing stands first."""
        self._bodies = {**self._bodies, **bodies}
        for number, page in shown.items():
            self._last[number] = _Last(page, self._bodies)

    def crawls_without(self, number: int, at: datetime, *, fresh: bool) -> int:
        """Return how much the complete crawl that was just seen counts against something that it lacks."""
        last, now = self._last[number], self._bodies
        last.first_without = last.first_without or now
        weeks = fresh and last.first_fresh is not None and at - last.first_fresh >= timedelta(days=7)
        if fresh and last.first_fresh is None:
            last.first_fresh = at
        if last.page + 1 not in now or now[last.page] == last.then[last.page]:
            return 1
        for page in range(last.page + 1, max(last.first_without) + 1):
            if last.then.get(page) == last.first_without.get(page):
                return (2 if weeks else 0) if now.get(page) == last.then.get(page) else 1
        return 1
