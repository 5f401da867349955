"""Crawls and publishes commit in time beside readers who ask as much as they can."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from conftest import IS_WHOLE, CommandLine
from support.listing_server import ListingServer
from support.listings import make_entries, make_site
from support.processes import running as command_running

SLOW = "/browse/archive.json?sql=select+count(*)+from+" + ",".join(f"changes+c{n}" for n in range(12))
PAGES = (
    "/browse/archive/current_entries",
    "/browse/archive/what_changed_lately",
    "/browse/archive/revisions.json?_size=max",
    "/browse/archive",
    "/atom.xml",
)
READERS = 20
SECONDS = 60 if IS_WHOLE else 4


def ask(port: int, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@contextmanager
def readers(port: int) -> Iterator[list[int]]:
    """Ask in a loop, from 20 threads and two more with queries that take a second; give the statuses."""
    over = threading.Event()
    statuses: list[int] = []

    def loop(paths: tuple[str, ...]) -> None:
        while not over.is_set():
            for path in paths:
                statuses.append(ask(port, path))

    threads = [threading.Thread(target=loop, args=(PAGES[n % 5 :] + PAGES[: n % 5],)) for n in range(READERS)]
    threads += [threading.Thread(target=loop, args=((SLOW,),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        over.set()
        for thread in threads:
            thread.join()


def seconds_to_commit(archive: Path) -> float:
    """Write a row as it was, and return the seconds that the commit took."""
    with closing(sqlite3.connect(archive, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE sources SET name = name")
        before = time.monotonic()
        connection.execute("COMMIT")
        return time.monotonic() - before


def test_crawls_and_publishes_commit_beside_readers(
    command: CommandLine, server: ListingServer, record_property: Any
) -> None:
    command.crawl(server)
    assert command("publish").returncode == 0
    with command_running(command, "serve", "--port", "0") as serving:
        port = int(serving.wait_for(r"http://127\.0\.0\.1:(\d+)/")[1])
        ask(port, "/browse/")
        until, count, waits = time.monotonic() + SECONDS, 15, []
        with readers(port) as statuses:
            while time.monotonic() < until:
                count += 1
                server.site = make_site(make_entries(count))
                assert command.crawl(server)["exit_code"] == 0
                assert command("publish").returncode == 0
                waits.append(seconds_to_commit(command.folder / "archive.db"))
    record_property("longest commit in seconds", round(max(waits), 2))
    print(f"{len(waits)} rounds, longest commit {max(waits):.2f} s, {len(statuses)} answers")
    assert set(statuses) <= {200, 400, 503}
    assert statuses.count(200) > READERS
    assert max(waits) < 10


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
    return path
