"""The budget of a request, and the memory that all statements share."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.web.browse.budget import LARGEST_BYTES, LARGEST_CELLS, SECONDS, STREAM_SECONDS, Budget, sent_bytes
from foreign_eyes.web.browse.database import ArchiveDatabase
from foreign_eyes.web.browse.request_budgets import budget_for
from foreign_eyes.web.browse.sql_memory import NoMemory, ReadersStatements
from foreign_eyes.web.browse.writer_lock import WriterLock
from foreign_eyes.web.own_loop import OwnLoop


@given(st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.none(), st.text("'\"<>&\x01é中😀")))
def test_no_format_sends_more_bytes_than_a_value_is_charged(value: object) -> None:
    assert len(json.dumps(value)) <= sent_bytes(value)
    assert len(escape(str(value)).encode("utf-8", "surrogatepass")) <= sent_bytes(value)


@pytest.mark.parametrize(
    ("path", "query", "own_sql", "seconds"),
    [
        ("/archive", b"sql=select+1", True, SECONDS),
        ("/archive.json", b"%73ql=select+1", True, SECONDS),
        ("/archive/entries", b"_wher%65=1", True, SECONDS),
        ("/archive/entries", b"_facet=title", False, SECONDS),
        ("/archive/entries.csv", b"_stream=1", False, STREAM_SECONDS),
        ("/archive/entries", b"_stream=1", False, SECONDS),
    ],
)
def test_a_request_gets_its_budget_by_its_decoded_arguments(
    path: str, query: bytes, own_sql: bool, seconds: float
) -> None:
    budget = budget_for(path, query)
    assert (budget.own_sql, budget.seconds) == (own_sql, seconds)


def test_rows_of_all_statements_of_a_request_are_charged_together() -> None:
    budget = Budget()
    budget.charge_row((1,) * (LARGEST_CELLS - 1), 0)
    budget.begin_statement()
    with pytest.raises(sqlite3.OperationalError, match="cells"):
        budget.charge_row((1, 2), 0)


def test_rows_of_a_stream_are_charged_by_page() -> None:
    budget = Budget(streams=True)
    for _ in range(3):
        budget.begin_statement()
        budget.charge_row((), LARGEST_BYTES)
    with pytest.raises(sqlite3.OperationalError, match="too large"):
        budget.charge_row((), 1)


def test_statements_get_the_time_that_is_left_and_never_none() -> None:
    budget = Budget(seconds=0.5)
    assert (budget.time_limit(400), budget.time_limit(1000)) == (400, 500)
    budget.seconds = -3.0
    assert 0 < budget.time_limit(1000) < 50


def test_a_statement_that_needs_memory_waits_until_no_reader_has_one_running() -> None:
    readers = ReadersStatements()
    ended: list[str] = []

    def read() -> None:
        with readers.one(5) as had_company:
            started.set()
            time.sleep(0.1)
            ended.append("reader")
            assert not had_company()

    started = threading.Event()
    thread = threading.Thread(target=read)
    thread.start()
    started.wait()
    with readers.paused(5):
        ended.append("alone")
        with pytest.raises(NoMemory), readers.one(0.01):
            pass
    thread.join()
    assert ended == ["reader", "alone"]
    with readers.one(0.01):
        pass


def test_readers_that_do_not_end_leave_no_pause_behind() -> None:
    readers = ReadersStatements()
    with readers.one(0) as had_company:
        with pytest.raises(NoMemory), readers.paused(0.01):
            pass
        with readers.one(0):
            assert had_company()


class Guest(ArchiveDatabase):
    """An archive database without a Datasette, to run one piece of work."""

    def __init__(self, path: Path) -> None:
        self._readers = ReadersStatements()
        self._writer = WriterLock(path)


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    path = tmp_path / "archive.db"
    path.touch()
    guest = Guest(path)
    yield guest
    guest._writer.close()


@pytest.mark.parametrize("own_sql", [False, True])
def test_a_statement_whose_memory_another_one_took_runs_again(guest: Guest, own_sql: bool) -> None:
    budget, calls = Budget(own_sql=own_sql), []
    other = guest._readers.one(0)
    other.__enter__()

    def work() -> str:
        calls.append("run")
        if len(calls) == 1:
            other.__exit__(None, None, None)
            raise MemoryError
        return "rows"

    assert guest._with_memory(work, budget) == "rows"
    assert len(calls) == 2


def test_a_statement_of_a_reader_that_ran_alone_does_not_run_again(guest: Guest) -> None:
    calls = []

    def work() -> None:
        calls.append("run")
        raise MemoryError

    with pytest.raises(NoMemory):
        guest._with_memory(work, Budget(own_sql=True))
    assert calls == ["run"]


LIMITED = """
import sqlite3
from foreign_eyes.web.browse.sql_memory import LARGEST_HEAP, limit_heap
limit_heap()
connection = sqlite3.connect(":memory:")
print(connection.execute("PRAGMA hard_heap_limit").fetchone()[0] == LARGEST_HEAP)
try:
    connection.execute("SELECT length(zeroblob(9e7) || 'x')").fetchone()
except MemoryError:
    print("no memory")
"""


def test_the_heap_of_sqlite_is_limited_for_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split("\n")[:2] == ["True", "no memory"]


def test_own_loop_joins_small_pieces_and_passes_errors_on() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"end"})  # type: ignore[operator]
        raise ValueError(threading.current_thread().name)

    sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    own = OwnLoop(app)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="own-loop"):
        asyncio.run(own({"type": "http"}, None, send))  # type: ignore[arg-type]
    own.close()
    assert [message.get("body") for message in sent] == [None, b"x" * 100 + b"end"]
