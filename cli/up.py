"""`foreign-eyes up`: the main job in one command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from cli import exits
from cli.amounts import DEFAULT_PORT, PORT, SECONDS
from cli.children import passing_on_signals
from cli.context import Context, pass_context
from cli.crawl import make_job
from cli.publish import publish_source
from cli.sample_place import at_its_place
from cli.serve import serve_until_stopped
from cli.terminal import counted, program, say

if TYPE_CHECKING:
    import socket

    from crawler.jobs import Job

EXAMPLES = """
\b
Examples:
  foreign-eyes up                                 the bundled sample
  foreign-eyes up live --contact you@example.org  the live column
  foreign-eyes up live --no-serve --quiet         one round, for cron
"""


# what the source did wrong keeps nobody from reading what there was before; another run may hold the archive
_GOES_ON = (exits.DONE, exits.SUSPECT, exits.UNAVAILABLE, exits.INTERNAL, exits.TRY_AGAIN)


@click.command(short_help="Crawl, publish and serve, all in one", epilog=EXAMPLES)
@click.argument("source", required=False, metavar="[SOURCE or URL]")
@click.option("--name", metavar="NAME", help="What to call the source of a URL  [default: made of host and path]")
@click.option("--contact", metavar="ADDRESS", help="Whom the site can write to; told to it in each request")
@click.option("--delay", type=SECONDS, help="Seconds between requests")
@click.option("--no-serve", is_flag=True, help="End when all is crawled and published")
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="The address to listen on")
@click.option("--port", type=PORT, help=f"The port to serve on  [default: {DEFAULT_PORT}, or a free one]")
@click.option("-q", "--quiet", is_flag=True, help="Say something only if it goes wrong")
@pass_context
def up(
    context: Context,
    source: str | None,
    name: str | None,
    contact: str | None,
    delay: float | None,
    no_serve: bool,
    host: str,
    port: int | None,
    quiet: bool,
) -> int:
    """Crawl SOURCE, publish it, and serve feeds, pages and Datasette on one port until stopped.

    Where the crawl is refused, what was published before stays and is served; the exit code is then the crawl's.
    """
    job = make_job(context, source, name=name, delay=delay, contact=contact)
    context = at_its_place(context, job.source, publishing=True)
    job = replace(job, archive=context.archive)
    listener = None if no_serve else _listen(host, port, quiet=quiet)
    days = _days_to_show(context, job, quiet=quiet) if job.source.is_bundled else 1
    code = crawl_in_child(context, job, days=days, quiet=quiet)
    if code not in _GOES_ON or not _publish(context, job, listener, named=source is not None, code=code, quiet=quiet):
        return code
    if listener is not None:
        serve_until_stopped(context, listener, context.output)
    return code


def crawl_in_child(context: Context, job: Job, *, days: int = 1, quiet: bool) -> int:
    """Crawl in a process of its own, where Twisted's reactor may start; return its exit code.

    `days` are those of the sample's story, crawled one after the other.
    """
    from crawler.sources import BUILT_IN

    known = {**BUILT_IN, **context.configuration.sources}
    source = [job.name] if job.name in known else [job.source.url, "--name", job.name]
    options = ["--delay", str(job.source.delay)] if job.source.delay is not None else []
    options += ["--contact", job.source.contact] if job.source.contact else []
    options += ["--days", str(days)] if days > 1 else []
    options += ["--quiet"] if quiet else []
    with passing_on_signals() as stop:
        code = stop.run([*context.group_arguments, "crawl", *source, *options])
    return code if stop.told is None else exits.INTERRUPTED


def _listen(host: str, port: int | None, *, quiet: bool) -> socket.socket:
    """Take the port first, so that a busy one is told before the crawl; without a wish, any free port will do."""
    from browse.server import PortInUse, open_socket

    try:
        return open_socket(host, DEFAULT_PORT if port is None else port)
    except PortInUse:
        if port is not None:
            raise
        if not quiet:
            say(f"port {DEFAULT_PORT} is in use; taking a free one", err=True)
        return open_socket(host, 0)


def _publish(
    context: Context, job: Job, listener: socket.socket | None, *, named: bool, code: int, quiet: bool
) -> bool:
    """Publish what there is after a crawl that ended with `code`; return whether there is anything to be read.

    Only a source that was `named` takes the place of another one's feeds.
    """
    from archive.errors import NoArchive
    from browse.server import address_of
    from cli.configuration import DEFAULT_BASE_URL
    from feeds.errors import NothingToPublish

    base_url = context.publishing.base_url
    if listener is not None and base_url == DEFAULT_BASE_URL:
        base_url = address_of(listener)
    try:
        done = publish_source(context, job.name, None, base_url, take_over=named, quiet=quiet)
    except (NothingToPublish, NoArchive, exits.Stopped):
        if code == exits.DONE:
            raise
        return False  # the crawl has said why
    if not quiet:
        say(f"{context.output}: {counted(done.written, 'file')} written, {done.unchanged} unchanged")
    return True


def _days_to_show(context: Context, job: Job, *, quiet: bool) -> int:
    """Return how many days of the sample's story to crawl, and introduce it: several at first, so that something has happened."""
    import sample
    from archive.errors import ArchiveError
    from cli.crawl import days_seen

    try:
        seen = days_seen(job)
    except ArchiveError:  # the crawl brings an older archive up to date, or reports what is wrong with it
        seen = sample.FIRST_DAYS
    days = max(sample.FIRST_DAYS - seen, 1)
    if not quiet:
        _introduce_sample(context, days, is_over=seen >= sample.DAYS)
    return days


def _introduce_sample(context: Context, days: int, *, is_over: bool) -> None:
    say("This is the bundled sample: a small likeness of the column, to look around in.", fg="cyan", bold=True)
    if context.sample_output is not None:
        say(f"It is kept apart from real entries, in {context.archive} and {context.sample_output}.")
    if is_over:
        say("Its story is over: nothing changes any more. To see it again, remove the archive.")
    elif days > 1:
        say(f"This run shows {days} days of its story, each further run the next one.")
    say(f"To archive the live column instead:\n  {program()} up live --contact you@example.org\n")
