"""The health of the archive, for monitors."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.browse_servers import browse_server
from support.column_archives import DAY, START, make_column_archive
from support.settling import A, Column, listing

from foreign_eyes.archive.backup import copy_database
from foreign_eyes.archive.database import open_archive, read_archive
from foreign_eyes.archive.problems import Problem
from foreign_eyes.web.browse.health import compose_health, health_object

SOON = START + 3 * DAY + timedelta(hours=1)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_column_archive(tmp_path_factory.mktemp("health") / "archive.db")


def test_monitors_get_the_state_and_no_path(archive: Path) -> None:
    with browse_server(archive) as server:
        answer = server.ask("/browse/-/health.json")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    found = answer.json()
    assert found["ok"] is False  # its last crawl was in 2026-03
    [problem] = found["problems"]
    assert problem["what"].startswith("no good crawl for ")
    assert (problem["where"], problem["remedy"]) == ("source town", "foreign-eyes crawl town; see also: schedule")
    assert found["last_good_crawl"] == "2026-03-04T09:01:00.000000Z"
    assert str(archive.parent) not in answer.text


def test_soon_after_a_complete_crawl_all_is_well(archive: Path) -> None:
    with read_archive(archive) as db:
        health = compose_health(db, SOON)
    assert health_object(health) == {
        "ok": True,
        "problems": [],
        "checked_at": "2026-03-04T10:00:00.000000Z",
        "last_good_crawl": "2026-03-04T09:01:00.000000Z",
        "sources": [
            {
                "source": "town",
                "last_good_crawl": "2026-03-04T09:01:00.000000Z",
                "last_crawl": "2026-03-04T09:01:00.000000Z",
                "outcome": "complete",
                "reason": None,
            }
        ],
    }


def test_a_crawl_that_failed_and_an_empty_archive_are_problems(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        assert compose_health(db, SOON).problems == (
            Problem("nothing has been crawled yet", "archive", "foreign-eyes crawl"),
        )
        column = Column(db)
        column.crawl(listing(A))
        column.crawl(listing(A), outcome="blocked")
        health = compose_health(db, column.today + timedelta(hours=1))
    assert [problem.what for problem in health.problems] == ["the last crawl was blocked: None"]
    assert health.sources[0].outcome == "blocked"


def test_an_archive_that_a_publish_upgraded_is_to_be_derived_again(archive: Path, tmp_path: Path) -> None:
    with read_archive(archive) as db:
        copy_database(db, tmp_path / "archive.db")
    with open_archive(tmp_path / "archive.db") as db:
        # what the migrations leave (see `archive.schema.m023_placements`)
        db.execute("PRAGMA user_version=199")
        [problem] = compose_health(db, SOON).problems
    assert (problem.where, "past listings may be missing" in problem.what) == ("archive", True)
    assert problem.remedy.startswith("foreign-eyes reparse")
