"""What an import brings into an archive, as told afterwards; and the way in that all imports share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sqlite_utils import Database

from archive.captures import store_body
from exchange.bodies import Bodies


@dataclass(slots=True)
class Brought:
    """What was written: crawls by outcome, captures taken and those that the archive had; whether ids came along."""

    crawls: dict[str, int] = field(default_factory=dict)
    captures: int = 0
    already_there: int = 0
    with_ids: bool = False
    warnings: list[str] = field(default_factory=list)

    def count_crawl(self, outcome: str | None, captures: int) -> None:
        """Note a crawl that was added, and how many captures it has."""
        name = outcome or "open"
        self.crawls[name] = self.crawls.get(name, 0) + 1
        self.captures += captures


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
            store_body(db, bodies.get(digest))
