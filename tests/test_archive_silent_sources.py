"""The sample raises no alarm in an archive with real sources."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database
from support.settling import entry, listing
from support.several_sources import Listing, mix, publish_listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.reported_problems import killed_crawls, reported_problems
from foreign_eyes.archive.silent_sources import silent_sources
from foreign_eyes.cli.output_problems import output_problems
from foreign_eyes.web.browse.health import compose_health

MIXED = "the archive mixes the sample's invented entries with real ones"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as opened:
        yield opened


def fail_and_age(column: Listing) -> None:
    """Crawl successfully, then be blocked for days, then be killed."""
    column.crawl(listing(entry("Apples")))
    column.crawl(outcome="blocked")
    column.day += 4
    column.capture([[listing(entry("Apples"))]])


def places(db: Database, at: Listing) -> set[str]:
    found = [*reported_problems(db, at.today + timedelta(hours=9)), *killed_crawls(db, None)]
    assert set(compose_health(db, at.today + timedelta(hours=9)).problems) <= set(found)
    return {problem.where for problem in found if problem.what != MIXED}


def test_problems_of_the_sample_are_not_reported_beside_a_real_source(db: Database) -> None:
    town = Listing(db, "town", hours=1)
    fail_and_age(Listing(db, "sample"))
    town.day = 4
    town.crawl(listing(entry("Bears")))
    mix(db)
    assert silent_sources(db) == {"sample"}
    assert places(db, town) == set()


def test_problems_of_the_sample_alone_are_reported(db: Database) -> None:
    column = Listing(db, "sample")
    fail_and_age(column)
    mix(db)
    assert places(db, column) == {"source sample", "crawl 3"}


def test_problems_of_real_sources_are_reported_beside_the_sample(db: Database) -> None:
    Listing(db, "sample").crawl(listing(entry("Bears")))
    town = Listing(db, "town", hours=1)
    fail_and_age(town)
    mix(db)
    assert places(db, town) == {"source town", "crawl 4"}


def test_feeds_of_the_sample_that_lag_behind_are_not_reported_beside_a_real_source(
    db: Database, tmp_path: Path
) -> None:
    columns = [Listing(db, "sample"), Listing(db, "town", hours=1)]
    for column in columns:
        column.crawl(listing(entry("Apples")))
        publish_listing(tmp_path, column)
        column.crawl(listing(entry("Bears"), entry("Apples")))
    mix(db)
    found = output_problems(db, tmp_path, "https://eyes.example/", running=False, expected=False)
    assert [problem.where for problem in found] == [str(tmp_path / "town")]
