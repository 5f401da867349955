"""Shared by the two kinds of import: their result, their interface, and storing bodies."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sqlite_utils import Database

from foreign_eyes.archive.captures import store_body
from foreign_eyes.archive.rebuilding.added_crawls import AddedCrawls
from foreign_eyes.warc.bodies import Bodies


@dataclass(slots=True)
class ImportResult:
    """The result of an import.

    Attributes:
        crawls: the number of added crawls by outcome.
        captures: the number of added captures.
        already_there: the number of captures that the archive had before.
        accepted: the number of suspect crawls of earlier imports that are settled now.
        with_ids: whether ids were imported.
        suspects: the reason of each suspect crawl.
        left_out: the reason of each page that was not imported.
    """

    crawls: dict[str, int] = field(default_factory=dict)
    captures: int = 0
    already_there: int = 0
    accepted: int = 0
    with_ids: bool = False
    suspects: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def count_crawl(self, outcome: str | None, captures: int) -> None:
        """Count a crawl that was added, and its captures."""
        name = outcome or "open"
        self.crawls[name] = self.crawls.get(name, 0) + 1
        self.captures += captures

    def add_suspect(self, source: str, started_at: str, reason: str | None) -> None:
        """Add the reason why a crawl is suspect."""
        self.suspects.append(f"the crawl of {source} of {started_at} is suspect: {reason or 'unknown reason'}")


class Import(Protocol):
    """An import that can be written."""

    result: ImportResult

    def prepare(self, db: Database) -> Collection[int] | AddedCrawls:
        """Write captures and crawls into a copy of the archive.

        Return the crawls that must be settled.
        """


class NothingNew(Exception):
    """The archive already has everything in the files."""


def store_bodies(db: Database, bodies: Bodies, digests: Iterable[str | None]) -> None:
    """Store the bodies with these digests, each once, inside the caller's transaction."""
    for digest in dict.fromkeys(digests):
        if digest is not None:
            store_body(db, bodies.get(digest), digest)
