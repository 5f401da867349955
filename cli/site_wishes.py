"""What sites asked for in earlier crawls: a pause (Retry-After), and a delay between requests (Crawl-delay)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from foreign_eyes.cli.terminal import print_line, program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job
    from foreign_eyes.crawler.requested_pause import Pause
    from foreign_eyes.crawler.sources import SourceSettings


def without_waiting(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs of a scheduled round whose sites did not ask to wait; print why the others are skipped.

    All jobs have the same archive. A crawl that a user starts is never skipped.
    """
    due = []
    for job, pause in zip(jobs, _pauses(jobs), strict=True):
        if pause is None:
            due.append(job)
        else:
            anyway = f"to crawl anyway: {program()} crawl {job.name}"
            print_line(f"{job.name}: crawl skipped: {describe_pause(pause)}; {anyway}", err=True)
    return due


def describe_pause(pause: Pause) -> str:
    """Return until when a site asked to wait. Pure."""
    return f"the site answered {pause.status} and asked to wait until {pause.until:%Y-%m-%d %H:%M} UTC (Retry-After)"


def find_pause(db: Database, name: str, source: SourceSettings) -> Pause | None:
    """Return the pause that the site of a source asked for, if it is not over."""
    from foreign_eyes.archive.last_answers import answers_of_bad_crawl
    from foreign_eyes.archive.times import now
    from foreign_eyes.crawler.requested_pause import requested_pause

    return requested_pause(answers_of_bad_crawl(db, name), source.host, now())


def find_delay(db: Database, name: str, source: SourceSettings) -> str | None:
    """Return what is said about the Crawl-delay of a source's site, or None if it changes nothing."""
    from foreign_eyes.archive.last_answers import last_robots
    from foreign_eyes.crawler.crawl_delay import agents_of, asked_delay, describe_delay, parse_robots
    from foreign_eyes.listing.parser import is_html

    robots = last_robots(db, name, urljoin(source.url, "/robots.txt"))
    if robots is None or is_html(*robots):
        return None
    asked = asked_delay(parse_robots(robots[0]), agents_of(source.user_agent))
    return describe_delay(asked, source.seconds_between_requests)


def asked_delay_of(job: Job) -> str | None:
    """Return what is said about the Crawl-delay of a source that was crawled, or None if it changes nothing."""
    from foreign_eyes.archive.database import read_archive

    with read_archive(job.archive) as db:
        return find_delay(db, job.name, job.source)


def find_wishes(db: Database, context: Context, name: str, url: str) -> dict[str, str | None]:
    """Return what the site of a source asked for, as `status` shows it; `url` is that of its last crawl."""
    from foreign_eyes.archive.times import to_text
    from foreign_eyes.crawler.sources import BUILT_IN, SourceSettings

    source = {**BUILT_IN, **context.configuration.sources}.get(name) or SourceSettings(url=url)
    pause = find_pause(db, name, source)
    return {
        "not_before": to_text(pause.until) if pause else None,
        "pause": describe_pause(pause) if pause else None,
        "crawl_delay": find_delay(db, name, source),
    }


def _pauses(jobs: Sequence[Job]) -> list[Pause | None]:
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.errors import ArchiveError

    nothing: list[Pause | None] = [None] * len(jobs)
    if not jobs or not jobs[0].archive.exists():
        return nothing
    try:
        with read_archive(jobs[0].archive) as db:
            return [find_pause(db, job.name, job.source) for job in jobs]
    except ArchiveError:  # the crawl brings an older archive up to date, or reports what is wrong with it
        return nothing
