"""Many sources in one archive, and the captures of a node on their way into it: `python benchmarks/nodes.py`.

No network: the crawls are recorded and settled in this process. Each step is one run for all sources of a node:

    settle      the first crawl of each source, 40 entries on one page
    again       a second one: one new entry and one edit in each source
    publish     all files of each source
    unchanged   the same again: nothing to write
    changed     after the second crawl
    export      the archive as a WARC file
    collect     import that file into an archive that holds another node of the same size
    collect 2   import the next export, after the second crawl
    repeat      import that again: nothing is new

The times are processor times, per source and in all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sqlite_utils import Database  # noqa: E402 - the paths come first
from support.listings import Entry, make_entries, make_page  # noqa: E402
from support.settling import START  # noqa: E402

from foreign_eyes.archive.captures import record_capture  # noqa: E402
from foreign_eyes.archive.crawls import begin_crawl  # noqa: E402
from foreign_eyes.archive.database import open_archive  # noqa: E402
from foreign_eyes.archive.rebuilding.rebuild import rebuild, rebuild_if_outdated  # noqa: E402
from foreign_eyes.archive.settling.settle import settle  # noqa: E402
from foreign_eyes.archive.values import Fetched, Source, Traffic  # noqa: E402
from foreign_eyes.crawler.remembering_parser import RememberingParser  # noqa: E402
from foreign_eyes.feeds.publish import Target, publish  # noqa: E402
from foreign_eyes.listing import parser  # noqa: E402
from foreign_eyes.listing.values import Verdict  # noqa: E402
from foreign_eyes.warc.bodies import temporary_bodies  # noqa: E402
from foreign_eyes.warc.exporting import export  # noqa: E402
from foreign_eyes.warc.import_base import NothingNew  # noqa: E402
from foreign_eyes.warc.import_exports import OwnImport  # noqa: E402
from foreign_eyes.warc.inputs import Input, read_files  # noqa: E402

AUTHORITY = "example.org,2026"
ENTRIES = 40
LIMIT = 100_000_000


def main() -> None:
    """Measure each step and print it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sources", type=int, default=1000)
    options.add_argument("--skip", nargs="*", default=[], choices=["publish", "collect"], help="leave out steps")
    given = options.parse_args()
    count = given.sources
    print(f"{count} sources of {ENTRIES} entries on each of two nodes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = [source_at(f"town-{number}") for number in range(count)]
        others = [source_at(f"village-{number}") for number in range(count)]
        with open_archive(folder / "node.db") as db:
            step("settle", count, lambda: crawl_all(db, sources, day=0))
            if "publish" not in given.skip:
                step("publish", count, lambda: publish_all(db, sources, folder))
                step("unchanged", count, lambda: publish_all(db, sources, folder))
            step("export", count, lambda: write_export(db, folder / "1.warc.gz"))
            step("again", count, lambda: crawl_all(db, sources, day=1))
            if "publish" not in given.skip:
                step("changed", count, lambda: publish_all(db, sources, folder))
            write_export(db, folder / "2.warc.gz")
        with open_archive(folder / "collected.db") as db:
            if "collect" not in given.skip:
                crawl_all(db, others, day=0)
                step("collect", count, lambda: import_export(db, folder / "1.warc.gz"))
                step("collect 2", count, lambda: import_export(db, folder / "2.warc.gz"))
                step("repeat", count, lambda: import_export(db, folder / "2.warc.gz"))
        for path in sorted(folder.glob("*.*")):
            print(f"{path.name:<14} {path.stat().st_size / 1e6:8.1f} MB")


def step(name: str, count: int, run: Callable[[], None]) -> None:
    """Run a step and print its processor time, for a source and in all."""
    before = time.process_time()
    run()
    taken = time.process_time() - before
    print(f"{name:<10} {taken / count * 1000:8.1f} ms a source {taken:8.1f} s in all", flush=True)


def source_at(name: str) -> Source:
    """Return a source with this name."""
    return Source(name, f"http://{name}.example/list/index.htm", "China's IP in Foreign Eyes", "en")


def crawl_all(db: Database, sources: list[Source], day: int) -> None:
    """Record and settle a crawl of each source: on later days with one new entry and one edit."""
    read_by = RememberingParser()
    rebuild_if_outdated(db, read_by, at=START, authority=AUTHORITY)
    for number, source in enumerate(sources):
        entries = make_entries(ENTRIES, first=1 + number * 1000)
        if day:
            first = entries[0]
            edited = Entry(first.title, first.publication, first.excerpt, f"{first.commentary} So it is said.")
            entries = [*make_entries(1, first=900 + number * 1000), edited, *entries[1:]]
        began = START + timedelta(days=day, seconds=number)
        crawl_id = begin_crawl(db, source, "full", began)
        body = make_page(entries, 1, 1)
        fetched = Fetched("listing", source.url, source.url, began, 200, (), body, pass_number=1, page=1)
        record_capture(db, crawl_id, fetched)
        traffic = Traffic(2, 0, len(body))
        settle(db, crawl_id, Verdict("complete"), read_by, traffic, at=began, authority=AUTHORITY)


def publish_all(db: Database, sources: list[Source], folder: Path) -> None:
    """Publish each source to a folder of its own."""
    for source in sources:
        publish(db, source, Target(folder / "public" / source.name, f"https://example.org/{source.name}/"))


def write_export(db: Database, path: Path) -> None:
    """Write the archive as a WARC file."""
    with path.open("wb") as file:
        export(db, file)


def import_export(db: Database, path: Path) -> None:
    """Import an export as `foreign-eyes import` does."""
    with temporary_bodies() as bodies, path.open("rb") as file:
        contents = read_files([Input(path.name, file)], bodies, limit=LIMIT)
        assert contents.dump is not None
        plan = OwnImport(path.name, contents.dump, bodies, parser.PARSER_VERSION)
        try:
            rebuild(db, RememberingParser(), at=START + timedelta(days=9), authority=AUTHORITY, prepare=plan.prepare)
        except NothingNew:
            print("           (nothing new)")


if __name__ == "__main__":
    main()
