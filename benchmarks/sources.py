"""Many sources, crawled side by side and one after the other: `python benchmarks/sources.py`.

A server gives each of 200 hosts of the loopback network (127.1.0.1, 127.1.0.2, …) a listing of 3 pages of 8 entries, and
answers each request after 50 ms. Each contender crawls all sources twice into an archive of its own: a first round, in which
every entry is new, and a second, in which nothing has changed:

    commands   foreign-eyes crawl NAME, one command after the other
    in turn    one process that crawls the sources one after the other
    together   foreign-eyes crawl --all-sources
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.listings import LISTING, make_entries, make_site  # noqa: E402 - the paths come first

IN_TURN = """
import sys
from pathlib import Path
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.make_jobs import make_jobs
from foreign_eyes.crawler.run import CrawlWatcher, crawl_side_by_side
jobs = make_jobs(Context(None, Path(sys.argv[1])), sys.argv[2:]).by_source.values()
crawl_side_by_side(list(jobs), CrawlWatcher(), log_level="ERROR", at_once=1)
"""


@dataclass(frozen=True)
class Took:
    """The time of a round in seconds: on the clock, and of the processor."""

    wall: float
    processor: float


class Listings:
    """A server with a listing of its own for each host."""

    def __init__(self, latency: float):
        self._latency = latency
        self._sites: dict[str, dict[str, tuple[str, bytes]]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
                await asyncio.sleep(self._latency)
                writer.write(self._answer(head[0].split()[1], fields))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str, fields: dict[str, str]) -> bytes:
        found = self._site(fields["host"].partition(":")[0]).get(path)
        if found is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        etag, body = found
        if fields.get("if-none-match") == etag:
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: {etag}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def _site(self, host: str) -> dict[str, tuple[str, bytes]]:
        if host not in self._sites:
            _, _, third, fourth = map(int, host.split("."))
            site = make_site(make_entries(24, 1 + 100 * (256 * third + fourth)), per_page=8, patent_search="/none.htm")
            self._sites[host] = {path: (f'"{sha256(body).hexdigest()[:16]}"', body) for path, body in site.items()}
        return self._sites[host]


async def serve(latency: float) -> None:
    """Serve on a free port of every address and print the port."""
    server = await asyncio.start_server(Listings(latency).serve, "0.0.0.0", 0, backlog=1000)  # noqa: S104 - loopback only
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def write_settings(folder: Path, port: int, sources: int) -> list[str]:
    """Write a settings file with the sources; return their names."""
    names = [f"source{number}" for number in range(sources)]
    folder.joinpath("foreign-eyes.toml").write_text(
        "".join(
            f'[sources.{name}]\nurl = "http://127.1.{number // 250}.{number % 250 + 1}:{port}{LISTING}"\ndelay = 0\n\n'
            for number, name in enumerate(names)
        )
    )
    return names


def run(folder: Path, commands: Sequence[Sequence[str]]) -> Took:
    """Run Python commands one after the other; return their time.

    Raises:
        subprocess.CalledProcessError: one failed.
        RuntimeError: one printed an error or a warning.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for arguments in commands:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        if "error" in done.stderr or "warning" in done.stderr:
            raise RuntimeError(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(time.monotonic() - began, processor)


def check(archive: Path, sources: int) -> None:
    """Check that each round crawled each source well.

    Raises:
        RuntimeError: it did not.
    """
    connection = sqlite3.connect(archive)
    outcomes = dict(connection.execute("SELECT outcome, count(*) FROM crawl_log GROUP BY outcome"))
    connection.close()
    if outcomes != {"complete": sources, "unchanged": sources}:
        raise RuntimeError(f"{archive}: {outcomes}")


def main() -> None:
    """Run the contenders and print their times, with ratios to `together`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--only", choices=["commands", "in turn", "together"], action="append")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.latency))
        return
    ours = [sys.executable, __file__, "--serve", "--latency", str(options.latency)]
    with subprocess.Popen(ours, stdout=subprocess.PIPE, text=True) as server, tempfile.TemporaryDirectory() as name:
        try:
            folder = Path(name)
            names = write_settings(folder, int(server.stdout.readline()), options.sources)  # type: ignore[union-attr]
            compare(folder, names, options.only or ["together", "in turn", "commands"])
        finally:
            server.terminate()


def compare(folder: Path, names: Sequence[str], contenders: Sequence[str]) -> None:
    """Run each contender for both rounds and print its times."""
    program = ["-P", "-m", "foreign_eyes", "--archive"]
    fastest: dict[str, Took] = {}
    for contender in contenders:
        archive = folder / f"{contender.replace(' ', '-')}.db"
        commands = {
            "commands": [[*program, str(archive), "crawl", source, "--quiet"] for source in names],
            "in turn": [["-c", IN_TURN, str(archive), *names]],
            "together": [[*program, str(archive), "crawl", "--all-sources", "--quiet"]],
        }[contender]
        for round_ in ("first", "unchanged"):
            took = run(folder, commands)
            base = fastest.setdefault(round_, took)
            print(
                f"{contender:<9} {round_:<10} {took.wall:7.1f} s, {took.processor:6.1f} s of the processor;"
                f" {took.wall / base.wall:5.1f} times as long, {took.processor / base.processor:.1f} times the processor time",
                flush=True,
            )
        check(archive, len(names))


if __name__ == "__main__":
    main()
