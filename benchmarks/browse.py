"""Time of pages under /browse/: `python benchmarks/browse.py`.

Fills an archive with `--entries` entries (1,000,000), or takes the one that `--keep` made before, and serves it as
`foreign-eyes serve` does, in a process of its own. Each address is asked for as a page and as JSON, in turns with its
statement in plain sqlite3: the statement of the table or query, and those of its facets for a page. The figures are processor
time in milliseconds (of the whole server, with all its threads), which other programs change little; `--clock` shows the
time by the clock instead. They are medians of `--rounds` (3) after one request to warm up. `over` is the time of the page or
the JSON above that of the statement. An address is marked if a page is over by more than 50 ms or JSON by more than 20 ms,
or if something was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from large_archives import fill_to_browse  # noqa: E402
from sqlite_utils import Database  # noqa: E402

from foreign_eyes.archive.database import open_archive  # noqa: E402
from foreign_eyes.archive.schema import migrations  # noqa: E402
from foreign_eyes.archive.search_query import search_query  # noqa: E402
from foreign_eyes.archive.sql_functions import add_functions  # noqa: E402
from foreign_eyes.web.browse.metadata import load_metadata  # noqa: E402
from foreign_eyes.web.browse.sorting import limit_sorting  # noqa: E402

PAGE_MS, JSON_MS = 50, 20
SERVER = """
import sys
from contextlib import nullcontext
from pathlib import Path
from foreign_eyes.web.server import make_app, open_socket, serve_on

archive = Path(sys.argv[1])
serve_on(open_socket("127.0.0.1", 0), make_app(archive.parent / "nothing-published", archive), lambda stop: nullcontext(),
         lambda address: print(address, flush=True))
"""
COLUMNS = (
    "entry_id", "tag_uri", "source", "title", "publication", "first_seen", "not_before", "feed_date", "withdrawn_at",
    "revision", "page", "position",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A page below `/browse/`, with its query string; `has_json` if its data comes as JSON too."""

    name: str
    path: str
    query: str = ""
    has_json: bool = True

    def target(self, ending: str = "") -> str:
        """Return the request target."""
        return f"/browse/{self.path}{ending}" + (f"?{self.query}" if self.query else "")


def addresses(archive: Path) -> Iterator[Address]:
    """Yield what a reader can open first: every page that a link leads to, every sort, a filter by every column."""
    table, tables = "archive/current_entries", load_metadata()["databases"]["archive"]["tables"]
    yield Address("home", "", has_json=False)
    yield Address("the archive", "archive", has_json=False)
    yield Address("entries, with facets", table)
    yield Address("entries, page 1,000", table, urlencode({"_next": 49_950}))
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)) as db:
        row = db.execute(
            f"SELECT {', '.join(COLUMNS)} FROM current_entries ORDER BY feed_date LIMIT 1 OFFSET 100"  # noqa: S608 - our own names
        ).fetchone()
        limit_sorting(db, tables)
        for name, value in zip(COLUMNS, row, strict=True):
            if name in tables["current_entries"].get("sortable_columns", COLUMNS):
                yield Address(f"sort by {name}", table, urlencode({"_sort": name}))
                yield Address(f"sort by {name}, descending", table, urlencode({"_sort_desc": name}))
            yield Address(
                f"filter {name}", table, urlencode({name: value} if value is not None else {f"{name}__isnull": 1})
            )
            yield Address(f"filter {name}, no entry", table, urlencode({name: "999999"}))
        for words in ("patents", "quantum", "patents quantum", "almor", "nosuchword"):
            yield Address(f"search {words}", table, urlencode({"_search": words}))
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    yield Address("a row", f"archive/entries/{row[0]}", has_json=False)
    for name in sorted(set(names)):
        if "_fts" not in name and not name.startswith("sqlite_") and not tables[name].get("hidden"):
            yield Address(f"table {name}", f"archive/{name}")


def questions() -> Iterator[Address]:
    """Yield the canned queries, with their default values."""
    for name in load_metadata()["databases"]["archive"]["queries"]:
        query = urlencode({"q": "patents"}) if name.startswith("search") else ""
        yield Address(f"question {name}", f"archive/{quote(name)}", query)


@contextmanager
def serving(archive: Path) -> Iterator[tuple[int, int]]:
    """Serve an archive in a process of its own; yield its port and its process id."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SERVER, str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline().strip().rstrip("/").rpartition(":")[2]), server.pid
        finally:
            server.terminate()


def processor_seconds(process: int) -> float:
    """Return the processor time of a process, with all its threads (Linux)."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


class Measurement:
    """Requests to the server, in turns with the same statements in plain sqlite3."""

    def __init__(self, archive: Path, port: int, rounds: int, server_time: Callable[[], float]) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._rounds = rounds
        self._server_time = server_time
        self._own_time = time.thread_time if server_time is not time.perf_counter else time.perf_counter
        self._db = sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)
        self._db.create_function("escape_fts", 1, search_query, deterministic=True)
        add_functions(self._db)

    def ask(self, target: str) -> tuple[int, bytes]:
        """Send a request; return status and body."""
        # a connection that waits for a slow statement would be closed
        self._connection.close()
        self._connection.request("GET", target)
        response = self._connection.getresponse()
        return response.status, response.read()

    def measure(self, address: Address) -> str:
        """Return the line for an address."""
        ways: dict[str, Callable[[], object]] = {}
        failed = ""
        status, body = self.ask(address.target())
        if status != 200:
            failed = f" PAGE {status}"
        elif b"timed out" in body or b"took too long" in body:
            failed = " STOPPED"
        if address.has_json:
            status, body = self.ask(address.target(".json"))
            if status != 200:
                return f"{address.name:44} JSON {status}{failed}"
            data = json.loads(body)
            sql, values = data["query"]["sql"], data["query"]["params"]
            facets = [_facet(sql, name) for name in data.get("facet_results", {})]
            ways["sql"] = lambda: self._db.execute(sql, values).fetchall()
            ways["facets"] = lambda: [self._db.execute(facet, values).fetchall() for facet in facets]
            ways["json"] = lambda: self.ask(address.target(".json"))
        ways["page"] = lambda: self.ask(address.target())
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(self._rounds):
            for name, way in ways.items():
                clock = self._server_time if name in ("page", "json") else self._own_time
                began = clock()
                way()
                taken[name].append((clock() - began) * 1000)
        return _line(address, {name: statistics.median(times) for name, times in taken.items()}, failed)


def _facet(sql: str, column: str) -> str:
    rows = sql.partition(" order by ")[0].partition(" limit ")[0]
    return (
        f"select {column} as value, count(*) as count from ({rows}) where {column} is not null"  # noqa: S608
        f" group by {column} order by count desc, value limit 31"
    )


def _line(address: Address, took: dict[str, float], failed: str) -> str:
    if "sql" not in took:
        over = took["page"] > PAGE_MS
        return f"{address.name:44} {'':>20} page {took['page']:7.0f}{failed}{'  <' if over or failed else ''}"
    sql, facets = took["sql"], took["facets"]
    page_over, json_over = took["page"] - sql - facets, took["json"] - sql - facets
    is_slow = page_over > PAGE_MS or json_over > JSON_MS or failed
    return (
        f"{address.name:44} SQL {sql:6.1f} + {facets:5.1f}  page {took['page']:7.1f} (over {page_over:6.1f})"
        f"  JSON {took['json']:7.1f} (over {json_over:6.1f}){failed}{'  <' if is_slow else ''}"
    )


def main() -> None:
    """Measure all addresses, and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--keep", type=Path, help="the archive to make, or to use if it exists")
    options.add_argument("--clock", action="store_true", help="measure by the clock instead of processor time")
    options.add_argument("--only", default="", help="only addresses whose name contains this")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = (chosen.keep or Path(folder) / "archive.db").resolve()
        if not archive.exists():
            fill_to_browse(archive, chosen.entries)
        if migrations.pending(Database(archive)):
            with open_archive(archive):  # checks the whole file before it applies them
                pass
        with serving(archive) as (port, process):
            clock = time.perf_counter if chosen.clock else partial(processor_seconds, process)
            measurement = Measurement(archive, port, chosen.rounds, clock)
            for address in (*addresses(archive), *questions()):
                if chosen.only in address.name:
                    print(measurement.measure(address), flush=True)


if __name__ == "__main__":
    main()
