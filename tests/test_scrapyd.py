"""A real scrapyd: the checkout deploys to it, its jobs crawl, and failed jobs are told apart from successful ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site, page_name
from support.processes import Gate
from support.scrapyd_server import PATIENCE, Scrapyd, scrapyd


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where the operator wants the archives."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrapyd]:
    archive = str(data / "archive.db")
    with scrapyd(tmp_path_factory.mktemp("scrapyd"), FOREIGN_EYES_ARCHIVE=archive) as running:
        assert '"spiders": 1' in running.deploy(tmp_path_factory.mktemp("checkout"))
        yield running


def outcomes(archive: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(archive)) as opened:
        return opened.execute("SELECT outcome, entries FROM crawl_log").fetchall()


def test_the_project_deploys_with_one_spider(server: Scrapyd) -> None:
    assert server.ask("listspiders")["spiders"] == ["listing"]


def test_a_successful_job_crawls_into_the_archive_of_the_environment(server: Scrapyd, data: Path) -> None:
    job = server.run_job(source="sample")
    assert (job.end, job.log) == ("Process finished", "")
    assert outcomes(data / "archive.db") == [("complete", 40)]
    assert "/stdout] crawl_id=1 source=sample outcome=complete pages=8 entries=40 new=40" in server.log


def test_a_failed_job_dies_with_the_exit_code_of_its_crawl_and_logs_an_error(server: Scrapyd, data: Path) -> None:
    archive = data / "other.db"
    job = server.run_job(source="http://127.0.0.1:9/", setting=f"ARCHIVE={archive}")
    assert job.end == "Process died: exitstatus=69"
    assert "ERROR: 127.0.0.1-9: unreachable: page 1" in job.log
    assert outcomes(archive) == [("unreachable", 0)]


def test_a_job_with_a_relative_archive_dies_and_leaves_none_in_the_folder_of_scrapyd(server: Scrapyd) -> None:
    job = server.run_job(setting="ARCHIVE=archive.db")
    assert job.end == "Process died: exitstatus=78"
    assert "ERROR: the archive archive.db is a relative path" in job.log
    assert not list(server.folder.rglob("*archive*"))


def test_a_cancelled_job_dies_as_interrupted_and_closes_its_crawl(server: Scrapyd, data: Path) -> None:
    with ListingServer(make_site(make_entries(15))) as site, Gate(b"") as gate:
        site.faults[page_name(2)] = gate
        job = server.start_job(source=f"{site.origin}{LISTING}", setting=f"ARCHIVE={data / 'cancelled.db'}")
        assert gate.asked.wait(PATIENCE)
        server.ask("cancel", job=job.job_id)
        job.wait()
    assert job.end == "Process died: exitstatus=130"
    assert "failed: the run was interrupted" in job.log
    assert outcomes(data / "cancelled.db") == [("failed", 0)]
