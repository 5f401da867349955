"""`foreign-eyes crawl`: run one crawl into the archive."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli import exit_codes, signals
from foreign_eyes.cli.alert_findings import report_crawls
from foreign_eyes.cli.contact import print_contact_note
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.crawl_report import print_crawl, print_days, print_problem, said_doubts
from foreign_eyes.cli.crawl_several import CrawlOptions, crawl_several
from foreign_eyes.cli.disk_floor import require_free_space
from foreign_eyes.cli.make_jobs import make_job
from foreign_eyes.cli.new_archive import warn_of_new_archive
from foreign_eyes.cli.parameter_types import SECONDS
from foreign_eyes.cli.recorded_runs import recorded
from foreign_eyes.cli.sample_place import at_its_place
from foreign_eyes.cli.site_wishes import asked_delay_of
from foreign_eyes.cli.source_arguments import several_sources, source_arguments
from foreign_eyes.cli.terminal import page_progress, print_json, print_line

if TYPE_CHECKING:
    from foreign_eyes.crawler.jobs import Job

EXAMPLES = """
\b
Examples:
  foreign-eyes crawl               the configured default source
  foreign-eyes crawl --all-sources --quiet  all of the settings file, for cron
  foreign-eyes crawl live --quick  stop at the first page without new entries
  foreign-eyes crawl live --fresh  request every page, bypassing caches
  foreign-eyes crawl https://example.org/list/index.htm --name example
  foreign-eyes crawl live --json | jq .outcome
  foreign-eyes crawl live --accept --dry-run  what --accept would do
"""


@click.command(short_help="Crawl once into the archive", epilog=EXAMPLES)
@source_arguments
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
@click.option("--json", "as_json", is_flag=True, help="Print the row of crawl_log of each crawl as a JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@click.option("-v", "--verbose", is_flag=True, help="Show what Scrapy logs")
@pass_context
@recorded("crawl")
def crawl(
    context: Context,
    sources: tuple[str, ...],
    all_sources: bool,
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
    """Crawl each SOURCE once: a configured or built-in name, or the URL of a listing's first page.

    Every response is archived at once. When the whole listing has been read, one transaction records which entries are new,
    revised, withdrawn or returned. A blocked, incomplete or suspect listing changes no entry, and the reason is printed.

    Sources on different hosts are crawled side by side, those on one host in turn. A source that fails does not stop the
    others; the exit code is that of the worst result.
    """
    alone = {"--name": name is not None, "--days": days > 1}
    if several := several_sources(context, sources, all_sources=all_sources, alone=alone):
        options = CrawlOptions(_opener(dry_run), full, fresh, accept, delay, contact, dry_run, as_json, quiet, verbose)
        return crawl_several(context, several, options)
    job = make_job(context, *sources, name=name, delay=delay, contact=contact)
    if not dry_run:
        require_free_space(context)
        warn_of_new_archive(context, job)
        context = at_its_place(context, job.source, publishing=False)
    if not quiet:
        print_contact_note(context, job, given=contact)
    job = replace(job, archive=context.archive, mode="full" if full else "quick", accept=accept, fresh=fresh)
    with _opener(dry_run)([job]) as [the_job]:
        rows, interrupted = run_job(the_job, days, quiet=quiet or as_json, verbose=verbose)
        doubts = [] if quiet or as_json else said_doubts(the_job, rows, dry_run=dry_run)
        delay_asked = None if quiet or as_json else asked_delay_of(the_job)
    row = rows[-1]
    if not dry_run:
        report_crawls(context, [] if interrupted else [row])
    if as_json:
        print_json(row)
    elif not quiet and days > 1:
        print_days(rows, days_seen(job) - len(rows))
    elif not quiet:
        print_crawl(row, dry_run=dry_run)
        if delay_asked:
            print_line(f"  {delay_asked}")
    for line in doubts:
        print_line(line)
    print_problem(row)
    return exit_codes.INTERRUPTED if interrupted else exit_codes.OF_OUTCOME[row["outcome"]]


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


def _opener(dry_run: bool) -> Callable[[Sequence[Job]], AbstractContextManager[list[Job]]]:
    return _copied if dry_run else lambda jobs: nullcontext(list(jobs))


@contextmanager
def _copied(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Give the same jobs on a temporary copy of the archive.

    The copy is empty if the sample would be set aside.
    """
    from foreign_eyes.archive.backup import copy_archive
    from foreign_eyes.archive.sample_sources import holdings_of_file

    archive = jobs[0].archive
    with tempfile.TemporaryDirectory(prefix="foreign-eyes-") as folder:
        copy = Path(folder) / "archive.db"
        holdings = holdings_of_file(archive)
        apart = holdings.real if jobs[0].source.is_bundled else holdings.only_invented
        if archive.exists() and not apart:
            copy_archive(archive, copy)
        yield [replace(job, archive=copy) for job in jobs]


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
