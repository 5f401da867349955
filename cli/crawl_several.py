"""Crawl several sources with one command, those of different hosts side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli import exit_codes, signals
from foreign_eyes.cli.alert_findings import report_crawls
from foreign_eyes.cli.contact import print_contact_notes
from foreign_eyes.cli.crawl_report import crawl_line, print_problem, said_doubts
from foreign_eyes.cli.disk_floor import require_free_space
from foreign_eyes.cli.make_jobs import SourceFailure, make_jobs
from foreign_eyes.cli.new_archive import warn_of_new_archive
from foreign_eyes.cli.sample_place import at_its_place
from foreign_eyes.cli.several_progress import CrawlCounts, crawl_counts
from foreign_eyes.cli.terminal import counted, json_text, print_line

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job
    from foreign_eyes.crawler.run import EndedCrawl

# the columns of view crawl_log
COLUMNS = (
    "crawl_id", "source", "mode", "started_at", "finished_at", "outcome", "reason", "pages", "entries",
    "new", "revised", "withdrawn", "returned", "requests", "not_modified", "bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """The options of `crawl` that apply to each of several sources.

    `opened` gives the jobs on the archive, or with --dry-run on a copy of it.
    """

    opened: Callable[[Sequence[Job]], AbstractContextManager[list[Job]]]
    full: bool
    fresh: bool
    accept: bool
    delay: float | None
    contact: str | None
    dry_run: bool
    as_json: bool
    quiet: bool
    verbose: bool


def crawl_several(context: Context, sources: Sequence[str], options: CrawlOptions) -> int:
    """Crawl the sources and print the result of each; return the exit code.

    A source that cannot be crawled does not stop the others.
    """
    made = make_jobs(context, sources, delay=options.delay, contact=options.contact)
    report = _Report(options, len(sources))
    for failure in made.failures:
        report.fail(failure)
    jobs = list(made.by_source.values())
    if jobs:
        if not options.dry_run:
            require_free_space(context)
            warn_of_new_archive(context, jobs[0])
            context = at_its_place(context, jobs[0].source, publishing=False)
        if not options.quiet:
            print_contact_notes(context, jobs, given=options.contact)
        mode = {"mode": "full" if options.full else "quick", "accept": options.accept, "fresh": options.fresh}
        jobs = [replace(job, archive=context.archive, **mode) for job in jobs]  # type: ignore[arg-type]
        with options.opened(jobs) as the_jobs:
            _run(the_jobs, report)
    if not options.dry_run:
        report_crawls(context, report.rows, report.failures)
    report.end()
    return exit_codes.worst(report.codes)


def _run(jobs: Sequence[Job], report: _Report) -> None:
    """Crawl the sources of the jobs and report each."""
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.crawler.run import CrawlsDone, CrawlWatcher, crawl_side_by_side

    options = report.options
    with crawl_counts(len(jobs), quiet=options.quiet or options.as_json) as counts:
        report.counts = counts
        watcher = CrawlWatcher(
            on_begin=lambda _source: counts.begin(),
            on_accept=lambda source, effects: print_line(f"{source}: accepting: {effects}", err=True),
            on_end=report.add,
        )
        try:
            log_level = "DEBUG" if options.verbose else "ERROR"
            done = crawl_side_by_side(jobs, watcher, log_level=log_level, signals=signals.calling)
        except ArchiveError as error:
            done = CrawlsDone(error=error)
    for source, refusal in done.refused.items():
        report.fail(SourceFailure.of(source, refusal))
    ended = {crawl.log_row["source"] for crawl in done.ended}
    report.leave_out([job.name for job in jobs if job.name not in ended | set(done.refused)], done.error)
    if not (options.quiet or options.as_json):
        report.lines += said_doubts(jobs[0], [crawl.log_row for crawl in done.ended], dry_run=options.dry_run)


@dataclass(slots=True)
class _Report:
    """Prints the results of crawls: at once, or after the progress bar.

    `codes` are the exit codes of the sources so far, `rows` the crawls that ended, `failures` the sources that have none.
    """

    options: CrawlOptions
    total: int
    counts: CrawlCounts = field(default_factory=CrawlCounts)
    codes: list[int] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    failures: list[SourceFailure] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    good: int = 0

    def add(self, ended: EndedCrawl) -> None:
        """Report a crawl that has ended."""
        row = ended.log_row
        if not ended.interrupted:
            self.rows.append(row)
        self.counts.end(good=ended.went_well)
        self.good += ended.went_well
        self.codes.append(exit_codes.INTERRUPTED if ended.interrupted else exit_codes.OF_OUTCOME[row["outcome"]])
        if self.options.as_json:
            click.echo(json_text(row))
        elif not self.options.quiet:
            self.lines.append(crawl_line(row, dry_run=self.options.dry_run))
            self._print_lines()
        print_problem(row)

    def fail(self, failure: SourceFailure) -> None:
        """Report a source that has no crawl."""
        self.codes.append(failure.code)
        self.failures.append(failure)
        failure.report()
        self._print_without_row(failure.source, failure.reason)

    def leave_out(self, sources: Sequence[str], error: Exception | None) -> None:
        """Report the sources that were not crawled because of an error of the archive, or because the user stopped.

        Raises:
            Exception: the error, if it is a programming error.
        """
        if error is not None:
            failure = SourceFailure.of(f"{counted(len(sources), 'source')} not crawled", error)
            self.codes.append(failure.code)
            self.failures += [SourceFailure.of(source, error) for source in sources]
            failure.report()
        elif sources:
            self.codes.append(exit_codes.INTERRUPTED)
        for source in sources:
            self._print_without_row(source, str(error) if error else "the run was interrupted before this crawl")

    def end(self) -> None:
        """Print the lines that waited for the progress bar, and how many crawls went well."""
        self.counts = CrawlCounts()
        self._print_lines()
        if not (self.options.quiet or self.options.as_json):
            print_line(f"{self.good} of {counted(self.total, 'source')} crawled without a problem", style="bold")

    def _print_lines(self) -> None:
        if self.counts.is_shown:
            return  # a line would break the bar
        for line in self.lines:
            print_line(line)
        self.lines.clear()

    def _print_without_row(self, source: str, reason: str) -> None:
        """Print the JSON object of a source without a row of crawl_log: its columns, those that are unknown null."""
        if self.options.as_json:
            unknown: dict[str, Any] = dict.fromkeys(COLUMNS)
            click.echo(json_text({**unknown, "source": source, "outcome": "failed", "reason": reason}))
