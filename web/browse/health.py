"""The health of the archive for readers and monitors, by the rules of `foreign-eyes status`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.overview import last_crawls, last_good_crawls
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.reported_problems import reported_problems
from foreign_eyes.archive.times import now, to_text
from foreign_eyes.web.browse.metadata import DATABASE


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """The last complete crawl and the last crawl of a source; None if there was none."""

    source: str
    last_good_crawl: str | None
    last_crawl: str | None
    outcome: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """The state of all sources and their problems; `status` also checks files and outputs."""

    checked_at: str
    sources: tuple[SourceHealth, ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether there are no problems."""
        return not self.problems

    @property
    def last_good_crawl(self) -> str | None:
        """Return the end of the newest complete crawl of any source."""
        return max((source.last_good_crawl for source in self.sources if source.last_good_crawl), default=None)


async def read_health(datasette: Any) -> Health:
    """Return the current health of the archive."""
    found: Health = await datasette.get_database(DATABASE).read_unguarded(
        lambda connection: compose_health(_database(connection), now())
    )
    return found


def compose_health(db: Database, at: datetime) -> Health:
    """Return the health of an open archive at the time `at`."""
    crawls, good = last_crawls(db), last_good_crawls(db, at)
    last = {row["source"]: row for row in crawls}
    return Health(
        to_text(at), tuple(_source(row, last.get(row["source"], {})) for row in good), tuple(reported_problems(db, at))
    )


def health_object(health: Health) -> dict[str, Any]:
    """Return the JSON object of the health; `ok` and `problems` are as in `status --json`."""
    return {
        "ok": health.ok,
        "problems": [asdict(problem) for problem in health.problems],
        "checked_at": health.checked_at,
        "last_good_crawl": health.last_good_crawl,
        "sources": [asdict(source) for source in health.sources],
    }


def _source(good: Mapping[str, Any], last: Mapping[str, Any]) -> SourceHealth:
    finished, outcome, reason = (last.get(name) for name in ("finished_at", "outcome", "reason"))
    return SourceHealth(good["source"], good["last_good_crawl"], finished, outcome, reason)


def _database(connection: sqlite3.Connection) -> Database:
    return Database(connection, recursive_triggers=False)
