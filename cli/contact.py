"""What is said about the contact that a crawl gives to the site: who is missing one, and how to keep one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from foreign_eyes.cli.terminal import print_line, program

if TYPE_CHECKING:
    from foreign_eyes.cli.configuration import Configuration
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job


def print_contact_note(context: Context, job: Job, *, given: str | None = None) -> None:
    """Write to standard error that a contact is missing, or how to keep the one `given` by option, if either is so."""
    told = missing_contact(job, context.configuration) or contact_not_kept(job, given, context.configuration)
    if told is not None:
        print_line(told, err=True)


def missing_contact(job: Job, configuration: Configuration) -> str | None:
    """Return a warning where somebody else's site would not be told whom to write to; else None. Pure but for `program`."""
    if job.source.contact or not job.source.is_foreign:
        return None
    keep = _keeping(configuration, "you@example.org")
    return (
        f"{job.name}: no contact is configured, so {job.source.host} cannot tell whom to write to about this crawler."
        f" To set it for good: {keep}; for this run: --contact you@example.org"
    )


def contact_not_kept(job: Job, given: str | None, configuration: Configuration) -> str | None:
    """Return how to keep the contact `given` by option where none is configured; else None. Pure but for `program`."""
    own = configuration.sources[job.name].contact if job.name in configuration.sources else None
    if given is None or own or configuration.contact or not job.source.is_foreign:
        return None
    return f"{job.name}: --contact holds for this run; to keep it: {_keeping(configuration, given)}"


def _keeping(configuration: Configuration, contact: str) -> str:
    """Return what to type, or to write into the settings that are there already."""
    if configuration.path is not None:
        return f'write contact = "{contact}" at the top of {configuration.path}'
    return f"{program()} init --contact {shlex.quote(contact)} --yes"
