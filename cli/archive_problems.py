"""The problems that `status` and `check` report, each with the command that fixes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreign_eyes.archive.errors import ArchiveError, DamagedArchive
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.times import from_text
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.sample_sources import Holdings

# an unattended archive is crawled at least daily; after two days without a good crawl, report it
STALE = timedelta(days=2)
# setting the clock back by minutes must not make crawls count as future ones
AHEAD = timedelta(hours=1)
_CLOCKS_TOLD = 5

_REMEDIES = {
    "partial": "foreign-eyes crawl {source}",
    "suspect": "look at the listing; what accepting it would do: foreign-eyes crawl {source} --accept --dry-run",
    "blocked": "wait some hours, then: foreign-eyes crawl {source}",
    "unreachable": "foreign-eyes crawl {source}, when the site answers again",
    "failed": "foreign-eyes crawl {source} --verbose",
}


def crawl_problems(crawls: list[dict[str, Any]], totals: list[dict[str, Any]], now: datetime) -> Iterator[Problem]:
    """Yield the problems of the last crawl of each source.

    A source without a good crawl for two days is also a problem. Pure.
    """
    if not totals:
        yield Problem("nothing has been crawled yet", "archive", "foreign-eyes crawl")
    for row in crawls:
        if remedy := _remedy(row):
            what = f"the last crawl was {row['outcome']}: {row['reason']}"
            yield Problem(what, f"source {row['source']}", remedy.format(source=row["source"]))
    for row in totals:
        good = row["last_good_crawl"]
        if good is not None and now - from_text(good) > STALE:
            what = f"no good crawl for {(now - from_text(good)).days} days"
            yield Problem(what, f"source {row['source']}", f"foreign-eyes crawl {row['source']}; see also: schedule")


def future_problems(crawls: list[dict[str, Any]]) -> Iterator[Problem]:
    """Yield the crawls that are dated in the future, each with the command that corrects it.

    Pure.
    """
    for row in crawls[:_CLOCKS_TOLD]:
        what = f"crawl {row['crawl_id']} is dated in the future, {row['started_at']}: the clock was wrong then or is wrong now"
        yield Problem(
            what,
            f"source {row['source']}, crawl {row['crawl_id']}",
            f"set this machine's clock if it is wrong; else: foreign-eyes redate {row['crawl_id']} TIME, where TIME is its start",
        )
    if (more := len(crawls) - _CLOCKS_TOLD) > 0:
        yield Problem(
            f"{more} more crawls are dated in the future",
            "archive",
            "redate the crawls named here, then run the command again",
        )


def _remedy(row: dict[str, Any]) -> str | None:
    """Return the remedy for a crawl's outcome; for an empty page it does not suggest --accept."""
    if row["outcome"] == "suspect" and "lists no entries" in row["reason"]:
        return "archived entries stay; look at the listing; when it shows entries again: foreign-eyes crawl {source}"
    return _REMEDIES.get(row["outcome"])


def mixture_problems(holdings: Holdings) -> Iterator[Problem]:
    """Yield a problem if the archive holds both invented and real entries.

    Pure.
    """
    if holdings.mixed:
        yield Problem(
            "the archive mixes the sample's invented entries with real ones", "archive", "foreign-eyes set-aside"
        )


def killed_problems(open_crawls: list[int], holder: str | None) -> Iterator[Problem]:
    """Yield the crawls that were killed: started, not ended, and no process holds the archive.

    Pure.
    """
    if holder is None:
        for crawl_id in open_crawls:
            yield Problem("a crawl was killed before it settled", f"crawl {crawl_id}", "foreign-eyes crawl")


def file_problems(db: Database, output: Path, *, expected: bool) -> Iterator[Problem]:
    """Yield published files that are missing or changed.

    With `expected`, also report that none were published.
    """
    from foreign_eyes.archive.feed_state.output_manifest import Manifest

    written = Manifest(db, output).digests()
    if expected and not written:
        yield Problem("nothing was published to this folder", str(output), f"foreign-eyes publish --output {output}")
    for name, digest in sorted(written.items()):
        path = output / name
        if not path.is_file():
            yield Problem("a published file is missing", str(path), "foreign-eyes publish --all")
        elif sha256(path.read_bytes()).hexdigest() != digest:
            yield Problem("a published file was changed by another program", str(path), "foreign-eyes publish --all")


def as_report(problems: list[Problem]) -> dict[str, Any]:
    """Return `ok` and `problems`, the keys of every health report."""
    return {"ok": not problems, "problems": [asdict(problem) for problem in problems]}


@contextmanager
def errors_as_report(as_json: bool) -> Iterator[None]:
    """Print an error of the archive as a report if `as_json`, then raise it again."""
    try:
        yield
    except ArchiveError as error:
        if as_json:
            damaged = isinstance(error, DamagedArchive)
            remedy = "foreign-eyes restore FILE" if damaged else "foreign-eyes crawl, or name another with --archive"
            print_json(as_report([Problem(str(error), "archive", remedy)]))
        raise
