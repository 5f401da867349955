"""What the two kinds of import share: what they tell of themselves, and how bodies come into the archive."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sqlite_utils import Database

from foreign_eyes.archive.captures import store_body
from foreign_eyes.warc.bodies import Bodies


@dataclass(slots=True)
class Brought:
    """What was written: crawls by outcome, captures taken and those that the archive had; whether ids came along.

    `accepted` crawls had been imported before, were suspect, and are settled now. `suspects` tells of each suspect crawl
    why it is one, `left_out` of each page that was not taken.
    """

    crawls: dict[str, int] = field(default_factory=dict)
    captures: int = 0
    already_there: int = 0
    accepted: int = 0
    with_ids: bool = False
    suspects: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def count_crawl(self, outcome: str | None, captures: int) -> None:
        """Note a crawl that was added, and how many captures it has."""
        name = outcome or "open"
        self.crawls[name] = self.crawls.get(name, 0) + 1
        self.captures += captures

    def add_suspect(self, source: str, started_at: str, reason: str | None) -> None:
        """Note why a crawl is suspect."""
        self.suspects.append(f"the crawl of {source} of {started_at} is suspect: {reason or 'no reason is known'}")


class Import(Protocol):
    """An import that is ready to be written."""

    brought: Brought

    def prepare(self, db: Database) -> Collection[int]:
        """Write truth into a copy of the archive; return the ids of crawls that are yet to be settled for the first time."""


class NothingNew(Exception):
    """All that the files hold is in the archive already: there is nothing to rebuild for."""


def store_bodies(db: Database, bodies: Bodies, digests: Iterable[str | None]) -> None:
    """Store those bodies, each once, inside the caller's transaction."""
    for digest in dict.fromkeys(digests):
        if digest is not None:
            store_body(db, bodies.get(digest), digest)
