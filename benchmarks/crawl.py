"""Processor time of a crawl compared with Scrapy alone: `python benchmarks/crawl.py`.

A local server has a listing of 8 pages of 40 entries. The contenders run in turn, each as a process, and the script
compares the medians of their processor times:

    nothing    Scrapy without requests: imports, reactor, start and stop (the baseline)
    fetching   Scrapy that fetches the same pages as often as a first crawl, and ignores them
    refused    foreign-eyes crawl that robots.txt forbids: the cost of our start-up
    first      foreign-eyes crawl into a new archive: two passes, captured, parsed, settled
    unchanged  foreign-eyes crawl of the same listing again: 304s
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.listing_server import ListingServer  # noqa: E402 - the paths come first
from support.listings import LISTING, make_entries, make_site, page_name  # noqa: E402

ROUNDS = 7
PLAIN_SCRAPY = """
import sys
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess

class Plain(Spider):
    name = "plain"
    async def start(self):
        for url in sys.argv[1:]:
            yield Request(url, dont_filter=True)
    def parse(self, response):
        pass

settings = {"CONCURRENT_REQUESTS": 1, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False, "ROBOTSTXT_OBEY": True}
process = AsyncCrawlerProcess(settings)
process.crawl(Plain)
process.start()
"""


def main() -> None:
    """Run the contenders in turn and print the ratios."""
    figures: dict[str, list[float]] = {"nothing": [], "fetching": [], "refused": [], "first": [], "unchanged": []}
    with ListingServer(make_site(make_entries(320), per_page=40)) as server, tempfile.TemporaryDirectory() as folder:
        pages = [server.origin + page_name(number) for number in range(1, 9)]
        for number in range(ROUNDS):
            archive = Path(folder) / f"{number}.db"
            crawl = ["-P", "-m", "foreign_eyes", "--archive", str(archive), "crawl", server.origin + LISTING]
            crawl += ["--name", "bench", "--delay", "0", "--quiet"]
            figures["nothing"].append(seconds(["-c", PLAIN_SCRAPY], folder))
            figures["fetching"].append(seconds(["-c", PLAIN_SCRAPY, *pages, *pages], folder))
            server.faults["/robots.txt"] = lambda handler: handler.reply(200, b"User-agent: *\nDisallow: /\n")
            figures["refused"].append(seconds(crawl, folder, expected=69))
            server.faults.clear()
            figures["first"].append(seconds(crawl, folder))
            figures["unchanged"].append(seconds(crawl, folder))
    baseline = statistics.median(figures["nothing"])
    peer = statistics.median(figures["fetching"]) - baseline
    for name, taken in figures.items():
        print(f"{name:<10} {statistics.median(taken) * 1000:6.0f} ms of processor time (min {min(taken) * 1000:.0f})")
    refused, first, unchanged = (statistics.median(figures[name]) for name in ("refused", "first", "unchanged"))
    print(f"first / fetching, each net of its start-up: {(first - refused) / peer:.2f}")
    print(f"unchanged / nothing, whole processes:       {unchanged / baseline:.2f}")


def seconds(arguments: list[str], folder: str, expected: int = 0) -> float:
    """Run Python and return its processor time in seconds.

    Exit with a message unless the exit code of the run is `expected`.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, check=False, stderr=subprocess.PIPE, text=True
    )
    if done.returncode != expected:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


if __name__ == "__main__":
    main()
