"""The unattended rounds that `watch` runs and `schedule` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.cli.make_jobs import make_job, make_jobs
from foreign_eyes.cli.source_arguments import several_sources

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job


def round_arguments(sources: tuple[str, ...], *, all_sources: bool, contact: str | None) -> list[str]:
    """Return the command of one round, without the program and its options. Pure.

    --all-sources stays as it is: each round reads the settings again.
    """
    named = ["--all-sources"] if all_sources else list(sources)
    contact_option = ["--contact", contact] if contact else []
    return ["up", *named, *contact_option, "--no-serve", "--scheduled", "--quiet"]


def round_jobs(context: Context, sources: tuple[str, ...], *, all_sources: bool, contact: str | None) -> list[Job]:
    """Return the jobs of a round, so that wrong arguments are refused before the first one.

    Raises:
        SourceError, Stopped: a source that was named does not exist, or the contact cannot be sent.
    """
    several = several_sources(context, sources, all_sources=all_sources)
    if several is None:
        return [make_job(context, *sources, contact=contact)]
    jobs = make_jobs(context, several, contact=contact)
    for failure in jobs.failures:
        failure.report()
    if jobs.failures and not all_sources:
        raise jobs.failures[0].error
    return list(jobs.by_source.values())
