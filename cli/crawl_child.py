"""Crawl in a child process, where Twisted's reactor can start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.subprocesses import passing_on_signals

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job

# after these exit codes of a crawl, the entries of earlier crawls are published and served
PUBLISHES_AFTER = (
    exit_codes.DONE,
    exit_codes.SUSPECT,
    exit_codes.UNAVAILABLE,
    exit_codes.INTERNAL,
    exit_codes.TRY_AGAIN,
)


def crawl_in_child(context: Context, job: Job, *, days: int = 1, quiet: bool) -> int:
    """Crawl one source in a child process; return its exit code.

    `days` is the number of days of the sample's story to crawl, one after the other.
    """
    from foreign_eyes.crawler.sources import BUILT_IN

    known = {**BUILT_IN, **context.configuration.sources}
    source = [job.name] if job.name in known else [job.source.url, "--name", job.name]
    options = ["--delay", str(job.source.delay)] if job.source.delay is not None else []
    options += ["--contact", job.source.contact] if job.source.contact else []
    options += ["--days", str(days)] if days > 1 else []
    options += ["--quiet"] if quiet else []
    return _crawl(context, [*source, *options])


def crawl_several_in_child(
    context: Context, sources: Sequence[str], *, delay: float | None, contact: str | None, quiet: bool
) -> int:
    """Crawl several sources, named as for the command line, in a child process; return its exit code."""
    options = ["--delay", str(delay)] if delay is not None else []
    options += ["--contact", contact] if contact else []
    options += ["--quiet"] if quiet else []
    return _crawl(context, [*options, "--", *sources])


def _crawl(context: Context, arguments: Sequence[str]) -> int:
    with passing_on_signals() as stop:
        code = stop.run([*context.group_arguments, "crawl", *arguments])
    return code if stop.signal is None else exit_codes.INTERRUPTED
