"""Sources that are crawled side by side in one process."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import Answer, Handler, ListingServer, redirect
from support.listings import LISTING, PATENT_SEARCH, make_entries, make_site
from support.processes import PATIENCE, running

from foreign_eyes.crawler.host_turns import HostTurns
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.run import lines_by_host
from foreign_eyes.crawler.sources import SourceSettings

TOWNS = ("town1", "town2", "town3", "town4")


@contextmanager
def serving(*addresses: str) -> Iterator[list[ListingServer]]:
    """Serve a listing with entries of its own at each address of the loopback network."""
    with ExitStack() as servers:
        yield [
            servers.enter_context(ListingServer(make_site(make_entries(6, 1 + 100 * number)), address=address))
            for number, address in enumerate(addresses)
        ]


@pytest.fixture
def towns() -> Iterator[list[ListingServer]]:
    """Serve four listings on four hosts."""
    with serving("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4") as servers:
        yield servers


def configure(command: CommandLine, servers: list[ListingServer], **settings: object) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"delay": 0, **settings}.items()]
    (command.folder / "foreign-eyes.toml").write_text(
        "\n".join(
            "\n".join((f"[sources.{name}]", f'url = "{server.origin}{LISTING}"', *lines))
            for name, server in zip(TOWNS, servers, strict=False)
        )
    )


def outcomes(command: CommandLine) -> dict[str, str]:
    return {row["source"]: row["outcome"] for row in command.rows("SELECT source, outcome FROM crawl_log")}


@dataclass
class Traffic:
    """Counts the requests that servers answer at the same time."""

    now: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def counted(self, server: ListingServer, path: str) -> Answer:
        """Return an answer that takes a while, so that another request at the same time is seen."""
        body = server.site[path]

        def answer(handler: Handler) -> None:
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(0.02)
            with self.lock:
                self.now -= 1
            handler.reply(200, body, Content_Type="text/html")

        return answer


def together(count: int, body: bytes) -> Callable[[], Answer]:
    """Return a maker of answers that wait, the first time, until `count` servers have been asked."""
    barrier = threading.Barrier(count)

    def make() -> Answer:
        waited = threading.Event()

        def answer(handler: Handler) -> None:
            if not waited.is_set():
                waited.set()
                barrier.wait(PATIENCE)
            handler.reply(200, body, Content_Type="text/html")

        return answer

    return make


def test_the_sources_of_a_host_form_a_line_and_the_longest_lines_come_first() -> None:
    def job(name: str, host: str) -> Job:
        return Job(name, SourceSettings(url=f"http://{host}/list.htm"), Path("archive.db"))

    jobs = [job("a", "one.example"), job("b", "two.example:81"), job("c", "TWO.example"), job("d", "three.example")]
    assert [[job.name for job in line] for line in lines_by_host(jobs)] == [["b", "c"], ["a"], ["d"]]


def test_a_turn_at_a_host_is_given_to_one_at_a_time_in_order() -> None:
    said: list[str] = []

    async def ask(turns: HostTurns, host: str, name: str) -> None:
        async with turns.turn(host, 0):
            said.append(f"{name} begins")
            await asyncio.sleep(0)
            said.append(f"{name} ends")

    async def main() -> None:
        turns = HostTurns()
        await asyncio.gather(*(ask(turns, "one.example", name) for name in "abc"))

    asyncio.run(main())
    assert said == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


def test_a_turn_at_another_host_does_not_wait() -> None:
    async def main() -> None:
        turns = HostTurns()
        async with turns.turn("one.example", 0), turns.turn("two.example", 0):
            pass

    asyncio.run(main())


@pytest.mark.parametrize(("first", "second"), [(0.2, 0.0), (0.0, 0.2)])
def test_a_turn_waits_for_the_longer_delay_since_the_last_request(first: float, second: float) -> None:
    async def main() -> float:
        turns = HostTurns()
        began = time.monotonic()
        async with turns.turn("one.example", first):
            pass
        async with turns.turn("one.example", second):
            return time.monotonic() - began

    assert asyncio.run(main()) >= 0.2


def test_the_time_limit_of_a_link_does_not_run_while_it_waits_for_its_turn() -> None:
    async def follow(turns: HostTurns) -> bool:
        async with asyncio.timeout(0.05) as limit, turns.turn("one.example", 0, limit):
            return True

    async def main() -> bool:
        turns = HostTurns()
        async with turns.turn("one.example", 0):
            waiting = asyncio.create_task(follow(turns))
            await asyncio.sleep(0.2)
        return await waiting

    assert asyncio.run(main())


def test_a_time_limit_runs_again_after_the_wait() -> None:
    async def main() -> None:
        turns = HostTurns()
        async with turns.turn("one.example", 0.1):
            pass
        async with asyncio.timeout(0.05) as limit, turns.turn("one.example", 0, limit):
            await asyncio.sleep(PATIENCE)

    with pytest.raises(TimeoutError):
        asyncio.run(main())


def test_sources_on_different_hosts_are_crawled_at_the_same_time(
    command: CommandLine, towns: list[ListingServer]
) -> None:
    configure(command, towns)
    make = together(len(towns), b"User-agent: *\nDisallow:\n")
    for server in towns:
        server.faults["/robots.txt"] = make()
    done = command("crawl", "--all-sources", "--quiet")
    assert done.returncode == 0, done.stderr
    assert outcomes(command) == dict.fromkeys(TOWNS, "complete")


def test_sources_on_one_host_get_one_request_at_a_time(command: CommandLine) -> None:
    with serving(*["127.0.0.1"] * 3) as servers:
        configure(command, servers)
        traffic = Traffic()
        for server in servers:
            server.faults = {path: traffic.counted(server, path) for path in server.site}
        done = command("crawl", "--all-sources", "--quiet")
    assert done.returncode == 0, done.stderr
    assert traffic.most == 1
    hosts_in_turn = command.rows(
        "SELECT group_concat(crawl_id) AS ids FROM (SELECT crawl_id FROM captures ORDER BY capture_id)"
    )
    ids = hosts_in_turn[0]["ids"].split(",")
    assert ids == sorted(ids)


def test_links_of_several_listings_to_one_host_are_followed_one_at_a_time(command: CommandLine) -> None:
    """The hosts are behind a proxy, because the crawler connects to no private address but that of a listing."""
    with ListingServer() as proxy:
        portal = "http://portal.example"
        proxy.site = {f"{portal}{PATENT_SEARCH}": b"<html>Patent Search</html>", f"{portal}/robots.txt": b""}
        for number, name in enumerate(TOWNS):
            site = make_site(make_entries(6, 1 + 100 * number), patent_search=f"{portal}{PATENT_SEARCH}")
            proxy.site.update({f"http://{name}.example{path}": body for path, body in site.items()})
        traffic = Traffic()
        proxy.faults = {url: traffic.counted(proxy, url) for url in proxy.site if url.startswith(portal)}
        (command.folder / "foreign-eyes.toml").write_text(
            "\n".join(
                f'[sources.{name}]\nurl = "http://{name}.example{LISTING}"\ndelay = 0\nproxy = "{proxy.origin}"'
                for name in TOWNS
            )
        )
        done = command("crawl", "--all-sources", "--quiet")
    assert done.returncode == 0, done.stderr
    assert [row["outcome"] for row in command.rows("SELECT outcome FROM links")] == ["ok"] * len(TOWNS)
    assert traffic.most == 1


def test_each_source_keeps_its_own_settings(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    settings = command.folder / "foreign-eyes.toml"
    for name in TOWNS:
        settings.write_text(
            settings.read_text().replace(f"[sources.{name}]", f'[sources.{name}]\ncontact = "{name}@example.org"')
        )
    assert command("crawl", "--all-sources", "--quiet").returncode == 0
    for name, server in zip(TOWNS, towns, strict=True):
        agents = {asked.headers["User-Agent"] for asked in server.asked}
        assert len(agents) == 1
        assert f"contact: {name}@example.org" in agents.pop()


def test_the_private_host_of_one_source_is_refused_to_the_others(
    command: CommandLine, towns: list[ListingServer]
) -> None:
    configure(command, towns[:2])
    towns[0].faults[LISTING] = redirect(towns[1].origin + LISTING)
    done = command("crawl", "--all-sources", "--json")
    rows = {row["source"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["town2"]["outcome"] == "complete"
    assert rows["town1"]["outcome"] == "blocked"
    assert "127.0.0.2 is not public" in rows["town1"]["reason"]


def test_a_crawl_that_ends_after_a_later_one_is_derived_again_without_a_difference(
    command: CommandLine, towns: list[ListingServer]
) -> None:
    configure(command, towns[:2])
    last_page = LISTING.replace("index.htm", "index1.htm")
    body = towns[0].site[last_page]

    def wait_for_the_other(handler: Handler) -> None:
        until = time.monotonic() + PATIENCE
        while outcomes(command).get("town2") != "complete" and time.monotonic() < until:
            time.sleep(0.02)
        handler.reply(200, body, Content_Type="text/html")

    towns[0].faults[last_page] = wait_for_the_other
    assert command("crawl", "town1", "town2", "--quiet").returncode == 0
    [first, second] = command.rows("SELECT source, finished_at FROM crawl_log ORDER BY crawl_id")
    assert (first["source"], second["source"]) == ("town1", "town2")
    assert first["finished_at"] > second["finished_at"]
    assert "nothing differs" in command("reparse", "--check").stdout
    deep = command("check", "--deep")
    assert deep.returncode == 0, deep.stdout


def test_a_stop_signal_ends_all_crawls_and_begins_no_other(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns[:3])
    reached = threading.Barrier(4)
    release = threading.Event()

    def hold(handler: Handler) -> None:
        reached.wait(PATIENCE)
        release.wait(PATIENCE)
        handler.reply(200, b"", Content_Type="text/html")

    for server in towns[:3]:
        server.faults[LISTING] = hold
    with running(command, "crawl", "--all-sources", "--json") as crawl:
        reached.wait(PATIENCE)
        crawl.process.send_signal(signal.SIGINT)
        release.set()
        assert crawl.process.wait(PATIENCE) == 130
    rows = command.rows("SELECT source, outcome, reason FROM crawl_log ORDER BY source")
    assert rows == [{"source": name, "outcome": "failed", "reason": "the run was interrupted"} for name in TOWNS[:3]]


def test_crawls_that_were_killed_together_are_closed_by_the_next_run(
    command: CommandLine, towns: list[ListingServer]
) -> None:
    configure(command, towns[:2])
    reached = threading.Barrier(3)

    def hold(handler: Handler) -> None:
        reached.wait(PATIENCE)
        handler.close_connection = True

    for server in towns[:2]:
        server.faults[LISTING] = hold
    with running(command, "crawl", "--all-sources", "--quiet") as crawl:
        reached.wait(PATIENCE)
        crawl.process.kill()
        crawl.process.wait()
        for server in towns[:2]:
            server.faults.clear()
    assert command("crawl", "--all-sources", "--quiet").returncode == 0
    rows = command.rows("SELECT source, outcome FROM crawl_log ORDER BY crawl_id")
    assert [row["outcome"] for row in rows[:2]] == ["failed", "failed"]
    assert sorted(row["source"] for row in rows[2:] if row["outcome"] == "complete") == ["town1", "town2"]


AT_ONCE = """
import sys
from pathlib import Path
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.run import CrawlWatcher, crawl_side_by_side
from foreign_eyes.crawler.sources import SourceSettings
running, most = set(), 0
def begin(source):
    global most
    running.add(source)
    most = max(most, len(running))
jobs = [Job(f"s{n}", SourceSettings(url=url, delay=0), Path("archive.db")) for n, url in enumerate(sys.argv[1:])]
watcher = CrawlWatcher(on_begin=begin, on_end=lambda ended: running.discard(ended.log_row["source"]))
done = crawl_side_by_side(jobs, watcher, at_once=2)
print(most, sorted(ended.log_row["outcome"] for ended in done.ended))
"""


def test_only_so_many_crawls_run_at_once(tmp_path: Path, towns: list[ListingServer]) -> None:
    urls = [server.origin + LISTING for server in towns]
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, *urls],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"2 {['complete'] * len(towns)}"
