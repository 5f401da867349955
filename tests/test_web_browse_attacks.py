"""Statements and pages that are made to cost much, by classes, against one real server process.

Each is asked twice at the same time. Whatever is asked, the process stays under 400 MB, answers, leaves no temporary files
and still sends feeds. The waits for feeds are logged (pytest --log-cli-level=INFO): no
test asserts times, which depend on the machine.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from conftest import CommandLine, examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.browse_servers import make_archive_of
from support.processes import running

from foreign_eyes.listing.values import ListedEntry
from foreign_eyes.web.unsent import PATIENCE

LOG = logging.getLogger(__name__)
MEGABYTES = 400
SOME = settings(max_examples=examples(1, in_ci=6))
ENTRIES = [
    ListedEntry(
        f"{number} filings. " * 20, f"——Title {number}, Paper", f"Title {number}", "Paper", f"They grew <{number}>."
    )
    for number in range(30)
]


class Served:
    """A running server: its process and port, and the waits for feeds so far, in seconds."""

    def __init__(self, process: int, port: int) -> None:
        self.process = process
        self.port = port
        self.feeds: list[float] = []

    def ask(self, path: str, **query: str) -> tuple[int, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            connection.request("GET", f"{path}?{urlencode(query)}" if query else path)
            response = connection.getresponse()
            return response.status, response.read()

    def attack(self, path: str, **query: str) -> set[int]:
        """Ask twice at the same time; return the statuses. Check that the server survives it."""
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda _: self.ask(path, **query), range(2)))
        assert self.peak() < MEGABYTES
        assert all(len(body) < 40e6 for _, body in answers)
        assert self.ask("/browse/archive/sources")[0] == 200
        return {status for status, _ in answers}

    def peak(self) -> int:
        """Return the largest resident size of the process so far, in megabytes."""
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process}/status").read_text())[1]) // 1024  # type: ignore[index]

    def temporary_files(self) -> list[str]:
        """Return the open temporary files of SQLite, which have no name in their folder."""
        folder = Path(f"/proc/{self.process}/fd")
        links = [link for number in folder.iterdir() if (link := _target(number))]
        return [link for link in links if "etilqs" in link]


def _target(link: Path) -> str | None:
    try:
        return str(link.readlink())
    except OSError:
        return None


@contextmanager
def repeating(work: Callable[[], object]) -> Iterator[None]:
    over = threading.Event()

    def loop() -> None:
        while not over.wait(0.05):
            work()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("attacks") / "run"
    (folder / "public").mkdir(parents=True)
    (folder / "public" / "atom.xml").write_bytes(b"<feed/>")
    make_archive_of(folder / "archive.db", [ENTRIES, ENTRIES[1:]])
    with running(CommandLine(folder), "serve", "--port", "0", anew=True) as serving:
        port = int(serving.wait_for(r"http://127\.0\.0\.1:(\d+)/")[1])
        server = Served(serving.process.pid, port)

        def read_feed() -> None:
            before = time.monotonic()
            assert server.ask("/atom.xml")[0] == 200
            server.feeds.append(time.monotonic() - before)

        server.ask("/browse/archive/current_entries")
        with repeating(read_feed):
            yield server


@pytest.fixture(autouse=True)
def _recorded(served: Served) -> Iterator[None]:
    Path(f"/proc/{served.process}/clear_refs").write_text("5")  # forgets the peak
    served.feeds.clear()
    yield
    feeds = [0.0, *served.feeds]
    LOG.info("peak %d MB, longest wait for a feed %.2f s of %d", served.peak(), max(feeds), len(feeds))


# --- prepare: statements that are short, and long when SQLite has expanded them

DOUBLINGS = (
    "select * from {0} union all select * from {0}",
    "select {0}.* from {0}, {0} as other",
    "select x + (select max(x) from {0}) as x from {0}",
)
SOURCES = ("select 1 as x", "select entry_id as x from current_entries", "select 1 as x from entries")
RESULTS = ("*", "count(*)", "max(x)")
TABLES = ("current_entries", "entries", "changes")


@st.composite
def expansions(draw: st.DrawFn) -> str:
    steps = draw(st.integers(12, 40))
    step = draw(st.sampled_from(DOUBLINGS))
    source, result = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(RESULTS))
    named = [f"a{n} as ({step.format(f'a{n - 1}')})" for n in range(1, steps)]
    return f"with a0 as ({source}), {', '.join(named)} select {result} from a{steps - 1}"


@st.composite
def large_statements(draw: st.DrawFn) -> str:
    count = draw(st.integers(20, 64))
    tables = [f"{draw(st.sampled_from(TABLES))} t{n}" for n in range(count)]
    joined = [f"t{n}.entry_id = t{draw(st.integers(0, n))}.entry_id" for n in range(1, count)]
    operator = draw(st.sampled_from((" and ", " or ")))
    return f"select count(*) from {', '.join(tables)} where {operator.join(joined)}"


def doubling(steps: int) -> str:
    named = [f"a{n} as ({DOUBLINGS[0].format(f'a{n - 1}')})" for n in range(1, steps)]
    return f"with a0 as (select 1 as x), {', '.join(named)} select count(*) from a{steps - 1}"


@SOME
@given(st.one_of(expansions(), large_statements()))
@example(doubling(15))
@example(doubling(18))
def test_statements_that_grow_while_they_are_prepared(served: Served, sql: str) -> None:
    assert served.attack("/browse/archive.json", sql=sql) <= {200, 400, 503}


# --- run and sort: statements with many rows inside

MANY = ", ".join(f"revisions r{n}, changes c{n}" for n in range(6))
LONG = (
    "replace(replace(replace('aaaaaaaaaaaaaaaa','a','aaaaaaaaaaaaaaaa'),'a','aaaaaaaaaaaaaaaa'),'a','aaaaaaaaaaaaaaaa')"
)
VALUES = (
    "r0.commentary || c1.entry_id || r2.excerpt",
    f"{LONG} || c0.rowid || c1.rowid",
    "c0.rowid * 1e9 + c1.rowid",
    "random()",
)
SORTS = (
    "select {0} as x from {1} order by x",
    "select {0} as x, count(*) from {1} group by x",
    "select distinct {0} from {1}",
    "select count(distinct {0}) from {1}",
    "with v as materialized (select {0} as x from {1}) select max(x) from v",
    "select row_number() over (order by {0}) from {1}",
    "select {0} from {1} union select {0} from {1}",
    "select group_concat({0}, '') from {1}",
    "select max({0}) from {1} where {0} in (select {0} from {1})",
)


@SOME
@given(st.sampled_from(SORTS), st.sampled_from(VALUES))
def test_statements_that_sort_and_keep_many_rows(served: Served, sort: str, value: str) -> None:
    found: list[str] = []
    with repeating(lambda: found.extend(served.temporary_files())):
        assert served.attack("/browse/archive.json", sql=sort.format(value, MANY)) <= {200, 400, 503}
    assert found == []


# --- render: results that are small in the archive and large in a response

CELLS = (
    "1",
    "'x' || r0.rowid",
    "'http://x/' || r0.rowid",
    "r0.commentary",
    f"substr({LONG}, 1, 390)",
    f"replace({LONG}, 'a', '''')",
    f"substr(replace({LONG}, 'a', char(1)), 1, 4000)",
    f"substr(replace({LONG}, 'a', char(0x1f600)), 1, 900)",
)
ROWS = "from revisions r0, changes c0, changes c1 limit 1000"


@SOME
@example(CELLS[-2], 1, 1, ".json", "array")
@example(CELLS[-2], 80, 1, ".json", "objects")
@example(CELLS[1], 80, 1, "", "arrays")
@given(
    st.sampled_from(CELLS),
    st.integers(1, 90),
    st.integers(1, 60),
    st.sampled_from(("", ".json", ".csv")),
    st.sampled_from(("arrays", "objects", "array", "arrayfirst")),
)
def test_results_that_are_large_when_they_are_rendered(
    served: Served, cell: str, columns: int, length: int, ending: str, shape: str
) -> None:
    names = [f'{cell} as "{"n" * (length if length * columns < 4000 else 1)}{n}"' for n in range(columns)]
    sql = f"select {', '.join(names)} {ROWS}"
    if len(quote(sql)) > 7000:
        sql = f"with v as (select {cell} as x {ROWS}) select {', '.join(['x'] * columns)} from v"
    assert served.attack(f"/browse/archive{ending}", sql=sql, _shape=shape) <= {200, 400, 503}


COLUMNS = ("title", "excerpt", "commentary", "publication", "entry_id")


@SOME
@given(
    st.lists(st.sampled_from((*COLUMNS, "nothing")), min_size=1, max_size=48),
    st.sampled_from(("30", "max")),
    st.sampled_from(("_facet", "_facet_date", "_facet_array")),
)
def test_pages_with_many_facets(served: Served, columns: list[str], size: str, kind: str) -> None:
    query = urlencode([*((kind, column) for column in columns), ("_facet_size", size), ("_size", "max")])
    assert served.attack(f"/browse/archive/current_entries?{query}") <= {200, 400, 503}


# --- send: clients that take nothing


@pytest.mark.long
def test_clients_that_do_not_read_their_responses(served: Served) -> None:
    sql = f"select substr(replace({LONG}, 'a', char(1)), 1, 3000) as x from revisions, changes limit 400"
    target = f"/browse/archive.json?{urlencode({'sql': sql, '_shape': 'array'})}"
    with ExitStack() as stack:
        for _ in range(60):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(0.1)
        assert served.ask("/browse/archive/sources")[0] == 200
        time.sleep(2 * PATIENCE)
        assert served.ask("/browse/archive.json", sql="select 1")[0] == 200
    assert served.peak() < MEGABYTES
