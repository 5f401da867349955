"""The problems of an archive's crawls, for `status`, `check` and the health of Datasette: one list with the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive import overview, status_problems
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.sample_sources import holdings
from foreign_eyes.archive.silent_sources import silent_sources, without_silent


def reported_problems(db: Database, at: datetime) -> Iterator[Problem]:
    """Yield the problems of an open archive at the time `at`, without those of silent sources."""
    silent = silent_sources(db)
    crawls, good = overview.last_crawls(db), overview.last_good_crawls(db, at)
    ahead = overview.future_crawls(db, at + status_problems.AHEAD)
    yield from status_problems.emptiness_problems(not good)
    yield from status_problems.crawl_problems(without_silent(crawls, silent), without_silent(good, silent), at)
    yield from status_problems.future_problems(without_silent(ahead, silent))
    yield from status_problems.derivation_problems(overview.is_derived_by_these_rules(db))
    yield from status_problems.mixture_problems(holdings(db))


def killed_crawls(db: Database, holder: str | None) -> Iterator[Problem]:
    """Yield the crawls that were killed, without those of silent sources; `holder` is the process that holds the archive."""
    silent = silent_sources(db)
    yield from status_problems.killed_problems(without_silent(overview.open_crawls(db), silent), holder)
