"""`foreign-eyes up`: crawl, publish and serve with one command."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.alert_findings import report_round
from foreign_eyes.cli.all_sources import make_all
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.crawl_child import PUBLISHES_AFTER, crawl_in_child
from foreign_eyes.cli.disk_floor import require_free_space
from foreign_eyes.cli.hub_notification import notify_hub_of_changes
from foreign_eyes.cli.make_jobs import make_job
from foreign_eyes.cli.only_changes import only_changes_option
from foreign_eyes.cli.output_server import FolderServer
from foreign_eyes.cli.parameter_types import DEFAULT_PORT, PORT, SECONDS
from foreign_eyes.cli.publish import publish_source
from foreign_eyes.cli.recorded_runs import every_option, recorded
from foreign_eyes.cli.sample_place import at_its_place
from foreign_eyes.cli.serve_round import print_file, serve_round
from foreign_eyes.cli.site_wishes import without_waiting
from foreign_eyes.cli.source_arguments import several_sources, source_arguments
from foreign_eyes.cli.terminal import counted, print_line, program, shown_path
from foreign_eyes.cli.up_several import up_several

if TYPE_CHECKING:
    from foreign_eyes.crawler.jobs import Job

EXAMPLES = """
\b
Examples:
  foreign-eyes up                                 the bundled sample
  foreign-eyes up live --contact you@example.org  the live column
  foreign-eyes up live --no-serve --quiet         one round, for cron
  foreign-eyes up --all-sources --no-serve        all configured sources
"""


@click.command(short_help="Crawl, publish and serve, all in one", epilog=EXAMPLES)
@source_arguments
@click.option("--name", metavar="NAME", help="The name of the source at a URL  [default: made of host and path]")
@click.option("--contact", metavar="ADDRESS", help="Your mail or web address, sent to the site in the User-Agent")
@click.option("--delay", type=SECONDS, help="Seconds between requests")
@click.option("--no-serve", is_flag=True, help="Crawl and publish, then exit")
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="The address to listen on")
@click.option("--port", type=PORT, help=f"The port to serve on  [default: {DEFAULT_PORT}, or a free one]")
@click.option("--scheduled", is_flag=True, help="Do not crawl before the time that the site asked for (Retry-After)")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@every_option
@only_changes_option
@pass_context
@recorded("round")
def up(
    context: Context,
    sources: tuple[str, ...],
    all_sources: bool,
    name: str | None,
    contact: str | None,
    delay: float | None,
    no_serve: bool,
    host: str,
    port: int | None,
    scheduled: bool,
    quiet: bool,
) -> int:
    """Crawl each SOURCE, publish it, and serve feeds, pages and Datasette on one port until stopped.

    If the crawl fails, the files published earlier are served, and the exit code is that of the crawl. If another process
    already serves the folder, `up` crawls, publishes, prints the address of that server and ends. If the output folder
    belongs to another archive, nothing is crawled and the exit code is 66. Schedulers pass --scheduled: a site that asked
    to wait is not crawled before that time (exit code 75), but published.

    Several sources are crawled side by side, if they are on different hosts, and published one after the other. A source that
    fails does not stop the others; the exit code is that of the worst result.
    """
    from foreign_eyes.cli.publish_places import require_place

    if several := several_sources(context, sources, all_sources=all_sources, alone={"--name": name is not None}):
        serving = None if no_serve else (host, port)
        return up_several(context, several, serving, delay=delay, contact=contact, scheduled=scheduled, quiet=quiet)
    job = make_job(context, *sources, name=name, delay=delay, contact=contact)
    context = at_its_place(context, job.source, publishing=True)
    job = replace(job, archive=context.archive)
    require_free_space(context, context.output)
    require_place(context, job.name)  # before the crawl: a lost archive must not be replaced by a new one
    with FolderServer(context.output, host, port) as server:
        if not no_serve:
            server.make_parent()
            server.take(quiet=quiet)  # before the crawl: report a port in use at once
        days = _days_to_show(context, job, quiet=quiet) if job.source.is_bundled else 1
        is_early = scheduled and not without_waiting([job])
        code = exit_codes.TRY_AGAIN if is_early else crawl_in_child(context, job, days=days, quiet=quiet)
        report_round(context, [job.name], code, waiting=[job.name] if is_early else [])
        if code not in PUBLISHES_AFTER:
            return code
        publish = partial(_publish, context, job, server, code=code, serves=not no_serve, quiet=quiet)
        published = publish()
        if not no_serve:
            serve_round(context, server, publish, published=published, code=code, quiet=quiet)
    return code


def _publish(context: Context, job: Job, server: FolderServer, *, code: int, serves: bool, quiet: bool) -> bool:
    """Publish after a crawl that ended with `code`; return whether anything is published.

    Unless the command `serves` it afterwards, print where the front page is.
    """
    from foreign_eyes.archive.errors import NoArchive
    from foreign_eyes.feeds.errors import NothingToPublish

    try:
        done = publish_source(context, job.name, served_at=server.chosen_address, quiet=quiet)
    except (NothingToPublish, NoArchive, exit_codes.Stopped):
        if code == exit_codes.DONE:
            raise
        return False  # the crawl printed the reason
    if not quiet:
        print_line(f"{shown_path(done.folder)}: {counted(done.written, 'file')} written, {done.unchanged} unchanged")
    make_all(context, quiet=quiet)
    notify_hub_of_changes(context)
    if not serves and not quiet:
        print_file(context, done.folder)
    return True


def _days_to_show(context: Context, job: Job, *, quiet: bool) -> int:
    """Return how many days of the sample's story to crawl.

    The first run crawls several, so that it has changes to show.
    """
    from foreign_eyes import sample
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.cli.crawl import days_seen

    try:
        seen = days_seen(job)
    except ArchiveError:  # the crawl brings an older archive up to date, or reports what is wrong with it
        seen = sample.FIRST_DAYS
    days = max(sample.FIRST_DAYS - seen, 1)
    if not quiet:
        _introduce_sample(context, days, is_over=seen >= sample.DAYS)
    return days


def _introduce_sample(context: Context, days: int, *, is_over: bool) -> None:
    print_line("This is the bundled sample: a small imitation of the column, with invented entries.", style="bold cyan")
    if context.sample_output is not None:
        print_line(f"It is stored apart from real entries, in {context.archive} and {context.sample_output}.")
    if is_over:
        print_line(
            f"Its story has ended: nothing changes any more. To see it again, remove {context.archive} and {context.output}."
        )
    elif days > 1:
        print_line(f"This run shows {days} days of its story, each further run the next one.")
    print_line(f"To archive the live column instead:\n  {program()} init\n  {program()} up live\n")
