"""`foreign-eyes crawl`: run one crawl into the archive."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli import exit_codes, signals
from foreign_eyes.cli.contact import print_contact_note
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.new_archive import warn_of_new_archive
from foreign_eyes.cli.parameter_types import SECONDS
from foreign_eyes.cli.sample_place import at_its_place
from foreign_eyes.cli.site_wishes import asked_delay_of
from foreign_eyes.cli.terminal import counted, kilobytes, page_progress, print_error, print_json, print_line

if TYPE_CHECKING:
    from foreign_eyes.crawler.jobs import Job

EXAMPLES = """
\b
Examples:
  foreign-eyes crawl               the configured default source
  foreign-eyes crawl live --quick  stop at the first page without new entries
  foreign-eyes crawl live --fresh  request every page, bypassing caches
  foreign-eyes crawl https://example.org/list/index.htm --name example
  foreign-eyes crawl live --json | jq .outcome
  foreign-eyes crawl live --accept --dry-run  what --accept would do
"""


@click.command(short_help="Crawl once into the archive", epilog=EXAMPLES)
@click.argument("source", required=False, metavar="[SOURCE or URL]")
@click.option("--name", metavar="NAME", help="The name of the source at a URL  [default: made of host and path]")
@click.option(
    "--full/--quick",
    default=True,
    help="Read all pages, or stop at one without new entries  [default: full]",
)
@click.option("--delay", type=SECONDS, help="Seconds between requests; 0 is allowed")
@click.option("--contact", metavar="ADDRESS", help="Your mail or web address, sent to the site in the User-Agent")
@click.option("--fresh", is_flag=True, help="Request every page unconditionally, bypassing caches")
@click.option("--accept", is_flag=True, help="Settle a suspect listing after you have looked at it")
@click.option("--days", type=click.IntRange(1), default=1, hidden=True)  # of the sample's story, for `up`
@click.option("--dry-run", is_flag=True, help="Report what a crawl would do; do not change the archive")
@click.option("--json", "as_json", is_flag=True, help="Print the crawl's row of crawl_log as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@click.option("-v", "--verbose", is_flag=True, help="Show what Scrapy logs")
@pass_context
def crawl(
    context: Context,
    source: str | None,
    name: str | None,
    full: bool,
    delay: float | None,
    contact: str | None,
    fresh: bool,
    accept: bool,
    days: int,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Crawl SOURCE once: a configured or built-in name, or the URL of a listing's first page.

    Every response is archived at once. When the whole listing has been read, one transaction records which entries are new,
    revised, withdrawn or returned. A blocked, incomplete or suspect listing changes no entry, and the reason is printed.
    """
    job = make_job(context, source, name=name, delay=delay, contact=contact)
    if not dry_run:
        warn_of_new_archive(context, job)
        context = at_its_place(context, job.source, publishing=False)
    if not quiet:
        print_contact_note(context, job, given=contact)
    job = replace(job, archive=context.archive, mode="full" if full else "quick", accept=accept, fresh=fresh)
    with _copied(job) if dry_run else _as_it_is(job) as the_job:
        rows, interrupted = run_job(the_job, days, quiet=quiet or as_json, verbose=verbose)
        doubts = 0 if quiet or as_json else _new_doubts(the_job, rows)
        delay_asked = None if quiet or as_json else asked_delay_of(the_job)
    row = rows[-1]
    if as_json:
        print_json(row)
    elif not quiet and days > 1:
        _report_days(rows, days_seen(job) - len(rows))
    elif not quiet:
        _report(row, dry_run=dry_run)
        if delay_asked:
            print_line(f"  {delay_asked}")
    if doubts:
        verb = "would be" if dry_run else "is" if doubts == 1 else "are"
        print_line(f"  {counted(doubts, 'match', 'matches')} {verb} doubtful: foreign-eyes doubts")
    good = exit_codes.OF_OUTCOME[row["outcome"]] == exit_codes.DONE
    if good and row["reason"]:
        print_line(f"warning: {row['source']}: {row['reason']}", err=True)
    elif not good:
        print_error(f"{row['source']}: {row['outcome']}: {row['reason']}")
    return exit_codes.INTERRUPTED if interrupted else exit_codes.OF_OUTCOME[row["outcome"]]


def make_job(
    context: Context,
    source: str | None,
    *,
    name: str | None = None,
    delay: float | None = None,
    contact: str | None = None,
) -> Job:
    """Return the job for `source`, or for the configured default, with what the options change.

    Raises:
        SourceError: there is no such source.
        ConfigurationError: the settings cannot be used.
    """
    import msgspec

    from foreign_eyes.crawler.jobs import Job
    from foreign_eyes.crawler.sources import SourceError, SourceSettings, find_source, with_contact, with_fresh_days

    configuration = context.configuration
    chosen, settings = find_source(source or configuration.default_source, configuration.sources, name=name)
    settings = with_fresh_days(with_contact(settings, configuration.contact), configuration.fresh_days)
    options = {key: value for key, value in (("delay", delay), ("contact", contact)) if value is not None}
    try:
        settings = msgspec.convert({**msgspec.structs.asdict(settings), **options}, type=SourceSettings)
    except msgspec.ValidationError:  # the delay's own type has checked it
        raise SourceError(f"--contact {contact!r}: give an address without spaces, such as you@example.org") from None
    return Job(
        chosen,
        settings,
        context.archive,
        configuration.archive.tag_authority,
        configured=chosen in configuration.sources,
    )


def run_job(job: Job, times: int, *, quiet: bool, verbose: bool) -> tuple[list[dict[str, Any]], bool]:
    """Run crawls one after the other in this process and show their progress.

    Returns the log row of each, and whether the user stopped the last one.
    """
    from foreign_eyes.crawler.run import CrawlWatcher, crawl_in_turn

    with page_progress(job.name, quiet=quiet or (times > 1 and not sys.stderr.isatty())) as show:
        log_level = "DEBUG" if verbose else "ERROR"
        ended = crawl_in_turn(
            job,
            times,
            CrawlWatcher(
                on_page=lambda _source, progress: show(progress),
                on_accept=lambda source, effects: print_line(f"{source}: accepting: {effects}", err=True),
            ),
            log_level=log_level,
            signals=signals.calling,
        )
    return [crawl.log_row for crawl in ended], ended[-1].interrupted


@contextmanager
def _as_it_is(job: Job) -> Iterator[Job]:
    yield job


@contextmanager
def _copied(job: Job) -> Iterator[Job]:
    """Give the same job on a temporary copy of the archive.

    The copy is empty if the sample would be set aside.
    """
    from foreign_eyes.archive.backup import copy_archive
    from foreign_eyes.archive.sample_sources import holdings_of_file

    with tempfile.TemporaryDirectory(prefix="foreign-eyes-") as folder:
        copy = Path(folder) / "archive.db"
        holdings = holdings_of_file(job.archive)
        apart = holdings.real if job.source.is_bundled else holdings.only_invented
        if job.archive.exists() and not apart:
            copy_archive(job.archive, copy)
        yield replace(job, archive=copy)


def _report(row: dict[str, Any], *, dry_run: bool) -> None:
    good = exit_codes.OF_OUTCOME[row["outcome"]] == exit_codes.DONE
    print_line(f"{row['source']}: {row['outcome']}", style="bold green" if good else "bold yellow")
    if good or row["outcome"] == "partial":
        would = "would be " if dry_run else ""
        entries, pages = counted(row["entries"], "entry", "entries"), counted(row["pages"], "page")
        print_line(f"  {entries} on {pages}: {row['new']} {would}new, {row['revised']} revised, "
            f"{row['withdrawn']} withdrawn, {row['returned']} returned")  # fmt: skip
    print_line(
        f"  {counted(row['requests'], 'request')}, {row['not_modified']} of them not modified, {kilobytes(row['bytes'])}"
    )


def _new_doubts(job: Job, rows: list[dict[str, Any]]) -> int:
    """Return how many doubtful matches these crawls found."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.doubtful_matches import count_new_doubts

    with read_archive(job.archive) as db:
        return count_new_doubts(db, [row["crawl_id"] for row in rows])


def days_seen(job: Job) -> int:
    """Return how many days of the sample's story an archive has seen.

    Each crawl that ended well has seen one day.
    """
    from foreign_eyes.archive.crawls import count_good
    from foreign_eyes.archive.database import read_archive

    if not job.archive.exists():
        return 0
    with read_archive(job.archive) as db:
        return count_good(db, job.name)


def _report_days(rows: list[dict[str, Any]], before: int) -> None:
    """Write one line for each day of the sample's story that was crawled.

    `before` are the days seen before.
    """
    for number, row in enumerate(rows, start=before + 1):
        kinds = ("new", "revised", "withdrawn", "returned")
        happened = ", ".join(f"{row[kind]} {kind}" for kind in kinds if row[kind]) or "nothing changed"
        print_line(
            f"  day {number}: {counted(row['entries'], 'entry', 'entries')} on {counted(row['pages'], 'page')}, {happened}"
        )
