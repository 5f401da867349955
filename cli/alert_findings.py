"""What crawls, checks and errors mean for operators: findings for the alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from foreign_eyes.alerts.values import Finding, Kind
from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.disk_floor import DiskLow

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.cli.context import Context
    from foreign_eyes.cli.make_jobs import SourceFailure

# a partial crawl or a run that holds the lock may pass by itself
PASSING = timedelta(days=2)
CLOCK, DISK = "clock", "disk"
_REMEDIES = {
    exit_codes.USAGE: "correct the command of the schedule; to print it again: foreign-eyes schedule cron, or: schedule systemd",
    exit_codes.NO_INPUT: "foreign-eyes check",
    exit_codes.CANNOT_WRITE: "free disk space or correct permissions, then: {command}",
    exit_codes.TRY_AGAIN: "find the run that holds it: foreign-eyes status",
    exit_codes.CONFIGURATION: "correct the settings: foreign-eyes config",
}


def report_crawls(context: Context, rows: Sequence[dict[str, Any]], failures: Sequence[SourceFailure] = ()) -> None:
    """Report the crawls that ended, by their rows of `crawl_log`, and the sources that could not be crawled."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.archive.silent_sources import silent_sources, without_silent
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.alerts import report

    at = now()
    command = "foreign-eyes crawl {}".format
    found = [
        *(crawl_finding(row, at) for row in rows),
        *(
            error_finding("crawl", source_subject(one.source), one.error, command=command(one.source))
            for one in failures
        ),
    ]
    try:
        with read_archive(context.archive) as db:
            silent = {source_subject(source) for source in silent_sources(db)}
            found.append(clock_finding(db, without_silent(rows, silent_sources(db)), at))
    except ArchiveError:  # the crawl itself has reported what is wrong with it
        silent = set()
    report(context, [one for one in found if one is not None and one.subject not in silent])


def report_round(
    context: Context,
    sources: Sequence[str],
    code: int,
    *,
    waiting: Sequence[str] = (),
    failures: Sequence[SourceFailure] = (),
) -> None:
    """Report what the crawls of a round could not report by themselves.

    Args:
        context: the settings.
        sources: the sources whose crawl ended with `code` in a child process; it may have been killed.
        code: its exit code.
        waiting: the sources whose site asked to wait.
        failures: the sources that could not be crawled.
    """
    from foreign_eyes.cli.alerts import report

    pause = "not crawled, since the site asked to wait (Retry-After)"
    found: list[Finding | None] = [
        Finding("crawl", source_subject(source), pause, f"foreign-eyes crawl {source}", PASSING) for source in waiting
    ]
    for one in failures:
        command = f"foreign-eyes crawl {one.source}"
        found.append(error_finding("crawl", source_subject(one.source), one.error, command=command))
    if code > exit_codes.INTERRUPTED:
        found += [
            code_finding("crawl", source_subject(source), code, command=f"foreign-eyes crawl {source}")
            for source in sources
        ]
    report(context, [one for one in found if one is not None])


def report_check(context: Context, problems: Sequence[Problem], subject: str) -> None:
    """Report the problems of a check, such as "check --deep", without those of crawls and clocks, which crawls report."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.archive.reported_problems import reported_problems
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.alerts import report

    try:
        with read_archive(context.archive) as db:
            reported = [one for one in reported_problems(db, now()) if one.where.startswith("source ")]
    except ArchiveError:
        reported = []
    kept = [one for one in problems if one not in reported]
    report(context, [check_finding(subject, kept)])


def source_subject(source: str) -> str:
    """Return how a source is named in messages, as in `status`."""
    return f"source {source}"


def check_subject(*, deep: bool, url: str | None) -> str:
    """Return how a check is named in messages: by its command, so that only the same check tells its recovery."""
    from foreign_eyes.feeds.published_urls import normal_base_url

    if url is None:
        return "check --deep" if deep else "check"
    with suppress(ValueError):  # a URL that cannot be used may hold a password
        return f"check --url {normal_base_url(url, 'URL of the site')}"
    return "check --url"


def feeds_subject(source: str) -> str:
    """Return how the published files of a source are named in messages."""
    return f"feeds of {source}"


def crawl_finding(row: Mapping[str, Any], now: datetime) -> Finding | None:
    """Return the finding of an ended crawl, by its row of `crawl_log`; None if its clock was in doubt."""
    from foreign_eyes.archive.status_problems import crawl_problems

    subject = source_subject(row["source"])
    for problem in crawl_problems([row], [], now):
        if is_clock_doubt(row):
            return None
        patience = PASSING if row["outcome"] == "partial" else timedelta(0)
        return Finding("crawl", subject, problem.what, problem.remedy, patience)
    return Finding("crawl", subject)


def is_clock_doubt(row: Mapping[str, Any]) -> bool:
    """Return whether a crawl was refused because clocks disagree."""
    reason = row["reason"] or ""
    return row["outcome"] == "suspect" and "clock" in reason and "of this machine" in reason


def clock_finding(db: Database, rows: Sequence[Mapping[str, Any]], now: datetime) -> Finding | None:
    """Return the finding about the clock after the crawls of `rows`; None if they say nothing about it."""
    from foreign_eyes.archive import overview, status_problems
    from foreign_eyes.archive.silent_sources import silent_sources, without_silent

    for row in filter(is_clock_doubt, rows):
        remedy = "set this machine's clock if it is wrong; the reason names the command for each case"
        return Finding("clock", CLOCK, f"source {row['source']}: {row['reason']}", remedy)
    ahead = without_silent(overview.future_crawls(db, now + status_problems.AHEAD), silent_sources(db))
    for problem in status_problems.future_problems(ahead):
        return Finding("clock", CLOCK, problem.what, problem.remedy)
    return Finding("clock", CLOCK) if any(exit_codes.OF_OUTCOME[row["outcome"]] == 0 for row in rows) else None


def error_finding(kind: Kind, subject: str, error: BaseException, *, command: str) -> Finding | None:
    """Return the finding of a run that ended with an error; None if its operator interrupted it.

    `command` is the run's command, for the remedy.
    """
    code = exit_codes.of_error(error)
    if isinstance(error, DiskLow):
        kind, subject = "disk", DISK
    if isinstance(error, KeyboardInterrupt) or code == exit_codes.INTERRUPTED:
        return None
    what = " ".join(str(error).split()) if code is not None else f"internal error: {type(error).__name__}"
    return Finding(kind, subject, what or type(error).__name__, _remedy(code, command), _patience(code))


def code_finding(kind: Kind, subject: str, code: int, *, command: str) -> Finding:
    """Return the finding of a child process that ended with an exit code and could not report by itself."""
    how = f"was killed by signal {code - 128}" if 128 < code < 160 else f"ended with exit code {code}"
    return Finding(kind, subject, f"its process {how}", _remedy(code, command), _patience(code))


def check_finding(subject: str, problems: Sequence[Problem]) -> Finding:
    """Return the finding of a check that found these problems, or none."""
    if not problems:
        return Finding("check", subject)
    first = problems[0]
    if len(problems) == 1:
        return Finding("check", subject, f"{first.where}: {first.what}", first.remedy)
    more = f"{first.where}: {first.what}, and {len(problems) - 1} more"
    return Finding("check", subject, more, f"{first.remedy}; to see all: foreign-eyes {subject}")


def _remedy(code: int | None, command: str) -> str:
    return _REMEDIES.get(code or exit_codes.INTERNAL, "{command}").format(command=command)


def _patience(code: int | None) -> timedelta:
    return PASSING if code == exit_codes.TRY_AGAIN else timedelta(0)
