"""Crawls and publishes commit in time beside readers who ask as much as they can."""

from __future__ import annotations

import asyncio
import itertools
import logging
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from subprocess import PIPE

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import make_entries, make_site
from support.processes import running as command_running

from foreign_eyes.web.browse import request_budgets
from foreign_eyes.web.browse.app import make_datasette
from foreign_eyes.web.browse.budget import Budget
from foreign_eyes.web.browse.errors import Busy
from foreign_eyes.web.browse.writer_lock import WriterLock

LOG = logging.getLogger(__name__)
SLOW = "/browse/archive.json?sql=select+count(*)+from+" + ",".join(f"changes+c{n}" for n in range(12))
PAGES = (
    "/browse/archive/current_entries",
    "/browse/archive/what_changed_lately",
    "/browse/archive/revisions.json?_size=max",
    "/browse/archive/entries",
    "/atom.xml",
)
READERS = 20
SECONDS = 20
# milliseconds; with equal times both statements would end together, and let a commit through
TIMES = (1000, 730)


def ask(port: int, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@contextmanager
def readers(port: int) -> Iterator[list[int]]:
    """Ask in a loop, from many threads and two more with queries that take a second; give the statuses."""
    over = threading.Event()
    statuses: list[int] = []

    def loop(paths: tuple[str, ...]) -> None:
        for path in itertools.cycle(paths):
            if over.is_set():
                return
            statuses.append(ask(port, path))

    threads = [threading.Thread(target=loop, args=(PAGES[n % 5 :] + PAGES[: n % 5],)) for n in range(READERS)]
    threads += [threading.Thread(target=loop, args=((f"{SLOW}&_timelimit={time}",),)) for time in TIMES]
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
    # a writer that waits longer gets an error
    with closing(sqlite3.connect(archive, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE sources SET name = name")
        before = time.monotonic()
        connection.execute("COMMIT")
        return time.monotonic() - before


@pytest.mark.long
def test_crawls_and_publishes_commit_beside_readers(command: CommandLine, server: ListingServer) -> None:
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
                waits += [seconds_to_commit(command.folder / "archive.db") for _ in range(5)]
    LOG.info("%d commits, the longest %.2f s, %d answers", len(waits), max(waits), len(statuses))
    assert set(statuses) <= {200, 400, 503}
    assert statuses.count(200) > READERS


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
    return path


COMMIT = """
import sqlite3, sys
writer = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
writer.execute("BEGIN IMMEDIATE")
writer.execute("INSERT INTO t VALUES (1)")
print("writing", flush=True)
sys.stdin.readline()
writer.execute("COMMIT")
print("committed", flush=True)
"""


def test_a_writer_of_another_process_is_seen_only_while_it_waits_to_commit(archive: Path) -> None:
    lock = WriterLock(archive)
    with closing(sqlite3.connect(archive, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        with subprocess.Popen([sys.executable, "-c", COMMIT, archive], stdin=PIPE, stdout=PIPE, text=True) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            assert not lock.is_wanted()
            writer.stdin.write("\n")
            writer.stdin.flush()
            while not lock.is_wanted():
                time.sleep(0.01)
            assert not lock.wait(0.05)
            reader.execute("COMMIT")
            assert writer.stdout.readline() == "committed\n"
        assert lock.wait(0)
    lock.close()
    assert lock.wait(0)


def test_a_statement_waits_for_a_writer_although_another_one_of_this_process_keeps_the_shared_lock(
    archive: Path,
) -> None:
    database = make_datasette(archive).databases["archive"]

    async def count() -> int:
        request_budgets._budget.set(Budget(wait_seconds=0.1))
        rows: int = (await database.execute("select count(*) from t")).single_value()
        return rows

    with closing(sqlite3.connect(archive, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        assert asyncio.run(count()) == 0
        with subprocess.Popen([sys.executable, "-c", COMMIT, archive], stdin=PIPE, stdout=PIPE, text=True) as writer:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
            while not database._writer.is_wanted():
                time.sleep(0.01)
            with pytest.raises(Busy):
                asyncio.run(count())
            reader.execute("COMMIT")
            writer.wait()
        assert asyncio.run(count()) == 1
    database.ds.executor.shutdown()
    database.close()


def test_asking_for_writers_keeps_the_locks_of_this_process(archive: Path) -> None:
    lock = WriterLock(archive)
    with closing(sqlite3.connect(archive, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        lock.wait(0)
        code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('DROP TABLE t')"
        done = subprocess.run([sys.executable, "-c", code, archive], capture_output=True, text=True, check=False)
        assert "database is locked" in done.stderr
    lock.close()
