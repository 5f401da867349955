"""Notes on the contact that a crawl sends to the site.

A note says that the contact is missing, or how to store it.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foreign_eyes.cli.terminal import print_line, program
from foreign_eyes.listing.host_names import shown_host

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.cli.settings_loader import Configuration
    from foreign_eyes.crawler.jobs import Job


def print_contact_note(context: Context, job: Job, *, given: str | None = None) -> None:
    """Print to stderr that a contact is missing, or how to store the one `given` by option.

    Print nothing otherwise.
    """
    note = missing_contact(job, context.configuration) or contact_not_kept(job, given, context.configuration)
    if note is not None:
        print_line(note, err=True)


def print_contact_notes(context: Context, jobs: Sequence[Job], *, given: str | None = None) -> None:
    """Print to stderr, once for several sources, that contacts are missing, or how to store the one `given` by option."""
    missing = [job for job in jobs if missing_contact(job, context.configuration)]
    if len(missing) < 2:
        noted = missing or jobs[:1]
        print_contact_note(context, noted[0], given=given)
        return
    keep = _keeping(context.configuration, "you@example.org")
    print_line(
        f"{len(missing)} sources: no contact is configured, so their sites cannot tell whom to write to about this crawler."
        f" To set it permanently: {keep}; for this run: --contact you@example.org",
        err=True,
    )


def missing_contact(job: Job, configuration: Configuration) -> str | None:
    """Return a warning if a crawl of another operator's site has no contact.

    Return None otherwise. Pure except for `program`.
    """
    if job.source.contact or not job.source.is_foreign:
        return None
    keep = _keeping(configuration, "you@example.org")
    return (
        f"{job.name}: no contact is configured, so {shown_host(job.source.host)} cannot tell whom to write to about this crawler."
        f" To set it permanently: {keep}; for this run: --contact you@example.org"
    )


def contact_not_kept(job: Job, given: str | None, configuration: Configuration) -> str | None:
    """Return how to store the contact `given` by option if none is configured.

    Return None otherwise. Pure except for `program`.
    """
    own = configuration.sources[job.name].contact if job.name in configuration.sources else None
    if given is None or own or configuration.contact or not job.source.is_foreign:
        return None
    return f"{job.name}: --contact applies to this run only; to store it: {_keeping(configuration, given)}"


def _keeping(configuration: Configuration, contact: str) -> str:
    """Return the command that stores the contact, or the line to add to existing settings."""
    if configuration.path is not None:
        return f'write contact = "{contact}" at the top of {configuration.path}'
    return f"{program()} init --contact {shlex.quote(contact)} --yes"
