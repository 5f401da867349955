"""The problems of crawls that `status`, `check` and the health of Datasette report, each with its remedy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.times import from_text

if TYPE_CHECKING:
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


def emptiness_problems(is_empty: bool) -> Iterator[Problem]:
    """Yield a problem if the archive has no source yet."""
    if is_empty:
        yield Problem("nothing has been crawled yet", "archive", "foreign-eyes crawl")


def crawl_problems(
    crawls: Sequence[Mapping[str, Any]], totals: Sequence[Mapping[str, Any]], now: datetime
) -> Iterator[Problem]:
    """Yield the problems of the last crawl of each source.

    A source without a good crawl for two days is also a problem. A forgotten source has none.
    """
    forgotten = {row["source"] for row in totals if row["forgotten"]}
    for row in crawls:
        if row["source"] not in forgotten and (remedy := _remedy(row)):
            what = f"the last crawl was {row['outcome']}: {row['reason']}"
            yield Problem(what, f"source {row['source']}", remedy.format(source=row["source"]))
    for row in totals:
        good = row["last_good_crawl"]
        if row["source"] not in forgotten and good is not None and now - from_text(good) > STALE:
            what = f"no good crawl for {(now - from_text(good)).days} days"
            yield Problem(what, f"source {row['source']}", f"foreign-eyes crawl {row['source']}; see also: schedule")


def future_problems(crawls: list[dict[str, Any]]) -> Iterator[Problem]:
    """Yield the crawls that are dated in the future, each with the command that corrects it."""
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


def _remedy(row: Mapping[str, Any]) -> str | None:
    """Return the remedy for a crawl's outcome; for an empty page it does not suggest --accept."""
    if row["outcome"] == "suspect" and "lists no entries" in row["reason"]:
        return "archived entries stay; look at the listing; when it shows entries again: foreign-eyes crawl {source}"
    return _REMEDIES.get(row["outcome"])


def derivation_problems(is_current: bool) -> Iterator[Problem]:
    """Yield a problem if another version derived the archive: tables that this version added may be empty."""
    if not is_current:
        what = "an older version derived it, so past listings may be missing until it is derived again"
        yield Problem(what, "archive", "foreign-eyes reparse; the next crawl does it, too")


def mixture_problems(holdings: Holdings) -> Iterator[Problem]:
    """Yield a problem if the archive holds both invented and real entries."""
    if holdings.mixed:
        yield Problem(
            "the archive mixes the sample's invented entries with real ones", "archive", "foreign-eyes set-aside"
        )


def killed_problems(open_crawls: list[dict[str, Any]], holder: str | None) -> Iterator[Problem]:
    """Yield the crawls that were killed: started, not ended, and no process holds the archive."""
    if holder is None:
        for row in open_crawls:
            yield Problem("a crawl was killed before it settled", f"crawl {row['crawl_id']}", "foreign-eyes crawl")
