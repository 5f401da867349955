"""Make the jobs of the sources that a command names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from foreign_eyes.cli.exit_codes import USAGE, Stopped, of_error
from foreign_eyes.cli.terminal import print_error, printable

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source that failed without a crawl of its own: its name as given, the error, and the exit code."""

    source: str
    error: Exception
    code: int

    @property
    def reason(self) -> str:
        """Why it failed."""
        return str(self.error)

    @classmethod
    def of(cls, source: str, error: Exception) -> SourceFailure:
        """Return the failure of a source by an error that the user can fix.

        Raises:
            Exception: the error itself, if it is a programming error.
        """
        code = of_error(error)
        if code is None:
            raise error
        return cls(source, error, code)

    def report(self) -> None:
        """Print the failure as an error."""
        print_error(f"{printable(self.source)}: {self.reason}")


@dataclass(slots=True)
class Jobs:
    """The jobs of several sources, by the source as given, and the sources that have none."""

    by_source: dict[str, Job] = field(default_factory=dict)
    failures: list[SourceFailure] = field(default_factory=list)


def make_jobs(
    context: Context, sources: Iterable[str], *, delay: float | None = None, contact: str | None = None
) -> Jobs:
    """Return the jobs of several sources; one that cannot be crawled does not stop the others.

    Raises:
        ConfigurationError: the settings cannot be used.
    """
    from foreign_eyes.crawler.sources import SourceError

    jobs = Jobs()
    names: set[str] = set()
    for source in sources:
        try:
            job = make_job(context, source, delay=delay, contact=contact)
            if job.source.is_bundled:
                raise Stopped(USAGE, f"the sample is invented and is crawled alone: foreign-eyes up {source}")
        except (SourceError, Stopped) as error:
            jobs.failures.append(SourceFailure.of(source, error))
            continue
        if job.name not in names:
            jobs.by_source[source] = job
        names.add(job.name)
    return jobs


def make_job(
    context: Context,
    source: str | None = None,
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
