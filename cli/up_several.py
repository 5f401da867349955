"""`foreign-eyes up` with several sources: crawl them side by side, publish each, then serve."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.alert_findings import report_round
from foreign_eyes.cli.all_sources import make_all
from foreign_eyes.cli.crawl_child import PUBLISHES_AFTER, crawl_several_in_child
from foreign_eyes.cli.disk_floor import require_free_space
from foreign_eyes.cli.hub_notification import notify_hub_of_changes
from foreign_eyes.cli.make_jobs import SourceFailure, make_jobs
from foreign_eyes.cli.output_server import FolderServer
from foreign_eyes.cli.publish import NotInArchive, publish_source
from foreign_eyes.cli.publish_several import publish_each
from foreign_eyes.cli.sample_place import at_its_place
from foreign_eyes.cli.serve_round import print_file, serve_round
from foreign_eyes.cli.site_wishes import without_waiting
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job


def up_several(
    context: Context,
    sources: Sequence[str],
    serving: tuple[str, int | None] | None,
    *,
    delay: float | None,
    contact: str | None,
    scheduled: bool,
    quiet: bool,
) -> int:
    """Crawl the sources, publish each, and serve the folder; return the exit code.

    `serving` are the host and the port to serve on; None only crawls and publishes. If `scheduled`, a source whose site
    asked to wait is not crawled before that time.
    """
    jobs = make_jobs(context, sources, delay=delay, contact=contact)
    for failure in jobs.failures:
        failure.report()
    codes = [failure.code for failure in jobs.failures]
    if not jobs.by_source:
        return exit_codes.worst(codes)
    context = at_its_place(context, next(iter(jobs.by_source.values())).source, publishing=True)
    require_free_space(context, context.output)
    codes += _leave_out_unpublishable(context, jobs.by_source)
    if not jobs.by_source:
        return exit_codes.worst(codes)
    with FolderServer(context.output, *serving) if serving else nullcontext() as server:
        if server is not None:
            server.make_parent()
            server.take(quiet=quiet)  # before the crawl: report a port in use at once
        here = [replace(job, archive=context.archive) for job in jobs.by_source.values()]
        due = {job.name for job in (without_waiting(here) if scheduled else here)}
        wanted = [source for source, job in jobs.by_source.items() if job.name in due]
        codes += [exit_codes.TRY_AGAIN] * (len(jobs.by_source) - len(wanted))
        code = exit_codes.DONE
        if wanted:
            code = crawl_several_in_child(context, wanted, delay=delay, contact=contact, quiet=quiet)
        codes.append(code)
        early = [job.name for job in here if job.name not in due]
        report_round(context, wanted, code, waiting=early, failures=jobs.failures)
        if code not in (*PUBLISHES_AFTER, exit_codes.USAGE, exit_codes.CONFIGURATION):
            return exit_codes.worst(codes)
        failures: list[SourceFailure] = []
        publish = partial(_publish, context, list(jobs.by_source.values()), code, server, failures, quiet=quiet)
        published = publish()
        if server is not None:
            serve_round(context, server, publish, published=published, code=code, quiet=quiet)
        elif published and not quiet:
            print_file(context)
    return exit_codes.worst([*codes, *(failure.code for failure in failures)])


def _leave_out_unpublishable(context: Context, jobs: dict[str, Job]) -> list[int]:
    """Remove the jobs of sources that cannot be published, report each, and return their exit codes.

    This comes before the crawl: a lost archive must not be replaced by a new one.
    """
    from foreign_eyes.cli.publish_places import require_place

    codes = []
    for source, job in list(jobs.items()):
        try:
            require_place(context, job.name)
        except Exception as error:  # `SourceFailure.of` raises a programming error again
            failure = SourceFailure.of(source, error)
            failure.report()
            codes.append(failure.code)
            del jobs[source]
    return codes


def _publish(
    context: Context,
    jobs: Sequence[Job],
    code: int,
    server: FolderServer | None,
    failures: list[SourceFailure],
    *,
    quiet: bool,
) -> bool:
    """Publish the sources after a crawl that ended with `code`; return whether any is published.

    The `failures` are replaced.
    """
    publish_one = partial(
        publish_source, context, served_at=server.chosen_address if server is not None else None, quiet=quiet
    )
    published = publish_each([job.name for job in jobs], publish_one)
    # the crawl has printed why there is nothing to publish
    failures[:] = [f for f in published.failures if code == exit_codes.DONE or not _is_never_read(f.error)]
    for failure in failures:
        failure.report()
    if published.done:
        if not quiet:
            print_line(published.summary)
        make_all(context, quiet=quiet)
    notify_hub_of_changes(context)
    return bool(published.done)


def _is_never_read(error: Exception) -> bool:
    """Return whether a source cannot be published because no crawl of it has settled."""
    from foreign_eyes.archive.errors import NoArchive
    from foreign_eyes.feeds.errors import NothingToPublish

    return isinstance(error, (NothingToPublish, NoArchive, NotInArchive))
