"""An independent count of the complete crawls that lacked an entry, pass by pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class _Last:
    """The listing when an entry was last listed, and the pages read without it since."""

    page: int
    then: Mapping[int, str]
    first_without: Mapping[int, str] | None = None
    first_fresh: datetime | None = None


class Absences:
    """Follows a listing through its settled crawls; listed entries are numbers."""

    def __init__(self) -> None:
        self._bodies: dict[int, str] = {}
        self._last: dict[int, _Last] = {}

    def begin(self, *, complete: bool) -> None:
        """Begin a settled crawl; a complete one sets the number of pages."""
        if complete:
            self._bodies = {}

    def see(self, bodies: Mapping[int, str], shown: Mapping[int, int]) -> None:
        """Record one pass: the body of each page, and the first page of each entry."""
        self._bodies = {**self._bodies, **bodies}
        for number, page in shown.items():
            self._last[number] = _Last(page, self._bodies)

    def crawls_without(self, number: int, at: datetime, *, fresh: bool) -> int:
        """Return how many absences the last complete crawl adds for an entry that it lacked."""
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
