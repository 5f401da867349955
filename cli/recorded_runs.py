"""Record the runs of a scheduler, ping its monitor, and report how a command ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.parameter_types import DURATION

if TYPE_CHECKING:
    from foreign_eyes.alerts.channels.ping import Ping
    from foreign_eyes.alerts.values import Finding, Kind
    from foreign_eyes.cli.context import Context

P = ParamSpec("P")
R = TypeVar("R")

every_option = click.option(
    "--every",
    type=DURATION,
    metavar="DURATION",
    help="A scheduler runs this command so often: 6h, 1d; if it stops, status and alerts say that it is overdue",
)
# the name of the feeds over all sources
ALL = "all sources"
_TOLD = "_told_to_operators"


def recorded(
    name: str,
) -> Callable[[Callable[Concatenate[Context, P], R]], Callable[..., R]]:
    """Record and report the runs of a command: "round", "check", "backup" or "crawl".

    The command has `every_option`, which this decorator takes. A run that ends with an error reports it, unless it was
    reported where it happened.
    """

    def decorate(command: Callable[Concatenate[Context, P], R]) -> Callable[..., R]:
        @wraps(command)
        def run(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
            given: Any = kwargs.pop("every", None)
            every: float | None = given
            with _recording(context, name, every, kwargs) as ended:
                result = command(context, *args, **kwargs)
                ended(result if isinstance(result, int) else exit_codes.DONE)
                return result

        return run

    return decorate


@contextmanager
def _reporting_errors(
    context: Context, kind: Kind, subjects: Sequence[str], *, command: str, scheduled: bool
) -> Iterator[None]:
    """Report an error about these subjects, unless it was reported where it happened, and raise it again.

    A wrong command line is reported only if it is `scheduled`.
    """
    from foreign_eyes.cli.alert_findings import error_finding
    from foreign_eyes.cli.alerts import report

    try:
        yield
    except BaseException as error:
        if not vars(error).get(_TOLD) and (scheduled or exit_codes.of_error(error) != exit_codes.USAGE):
            found = [error_finding(kind, subject, error, command=command) for subject in subjects]
            report(context, [finding for finding in found if finding is not None])
        raise


@dataclass
class Publishing:
    """What is published: `name` is a source, or `ALL`."""

    name: str


@contextmanager
def reporting_publish(context: Context, source: str | None) -> Iterator[Publishing]:
    """Report whether feeds could be published; the caller corrects `name` when it knows the source.

    A source without a settled crawl is not reported: there is nothing to publish yet.
    """
    from foreign_eyes.alerts.values import Finding
    from foreign_eyes.archive.errors import NoArchive
    from foreign_eyes.cli.alert_findings import DISK, error_finding, feeds_subject
    from foreign_eyes.cli.alerts import report
    from foreign_eyes.feeds.errors import NothingToPublish

    publishing = Publishing(source or context.configuration.default_source)
    try:
        yield publishing
    except BaseException as error:
        if not isinstance(error, (NothingToPublish, NoArchive)):
            which = "--all-sources" if publishing.name == ALL else f"--source {publishing.name}"
            command = f"foreign-eyes publish {which}"
            finding = error_finding("publish", feeds_subject(publishing.name), error, command=command)
            report(context, [finding] if finding else [])
        vars(error)[_TOLD] = True
        raise
    # before a publish, the disks of the archive and of the folder were found to have space
    report(context, [Finding("publish", feeds_subject(publishing.name)), Finding("disk", DISK)])


def end_schedule(context: Context, sources: Sequence[str]) -> None:
    """Record that rounds of these sources are no longer due."""
    from foreign_eyes.alerts.state import Task
    from foreign_eyes.alerts.tasks import ROUND, without_task
    from foreign_eyes.cli.alerts import change_state

    subject = Task(ROUND, tuple(sources) or (context.configuration.default_source,)).subject
    change_state(context, lambda state: without_task(state, subject))


@contextmanager
def _recording(
    context: Context, name: str, every: float | None, options: dict[str, Any]
) -> Iterator[Callable[[int], None]]:
    from foreign_eyes.alerts import tasks
    from foreign_eyes.alerts.state import Task
    from foreign_eyes.alerts.values import Finding
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.alerts import change_state, report

    if options.get("dry_run"):
        yield lambda _code: None
        return
    sources = _sources(context, options) if "sources" in options else ()
    task = Task(name, sources, timedelta(seconds=every)) if every else None
    ping = _ping(context, name, every, options)
    if task is not None:
        begun = task
        change_state(context, lambda state: tasks.begin(state, begun, now()))
    if ping is not None:
        ping.start()
    codes = [exit_codes.INTERNAL]

    def end(code: int) -> None:
        codes.append(code)

    kind, subjects, command = _names(context, name, sources, options)
    try:
        is_tried = name == "round" and task is None and not options.get("no_serve")  # a person sees the error
        subjects = [] if is_tried else subjects
        with _reporting_errors(context, kind, subjects, command=command, scheduled=task is not None):
            yield end
        if "--all-sources" in sources:
            report(context, [Finding("crawl", ALL)])  # a source that failed has a state of its own
    except BaseException as error:
        end(exit_codes.of_error(error) or exit_codes.INTERNAL)
        raise
    finally:
        if task is not None:
            ended = task
            change_state(context, lambda state: tasks.end(state, ended, now(), codes[-1]))
        if task is not None or name in ("check", "backup"):
            report(context, _final(name, codes[-1]))
        if ping is not None:
            _end_ping(context, ping, codes[-1])


def _sources(context: Context, options: dict[str, Any]) -> tuple[str, ...]:
    """Return the sources of a run as on its command line, by default the default source, or `--all-sources`."""
    if options.get("all_sources"):
        return ("--all-sources",)
    return tuple(options["sources"]) or (context.configuration.default_source,)


def _final(name: str, code: int) -> list[Finding]:
    """Return the finding that a backup succeeded; other commands report their own findings."""
    from foreign_eyes.alerts.values import Finding

    return [Finding("backup", "backup")] if name == "backup" and code == exit_codes.DONE else []


def _names(
    context: Context, command: str, sources: tuple[str, ...], options: dict[str, Any]
) -> tuple[Kind, list[str], str]:
    """Return kind and subjects of an error of the command itself, and the command for the remedy."""
    from foreign_eyes.cli.alert_findings import check_subject, source_subject

    if command == "check":
        subject = check_subject(deep=options["deep"], url=options["url"])
        return "check", [subject], f"foreign-eyes {subject}"
    if command == "backup":
        return "backup", ["backup"], "foreign-eyes backup FILE"
    if "--all-sources" in sources:
        return "crawl", [ALL], "foreign-eyes crawl --all-sources"
    chosen = [_source_name(context, source, options.get("name")) for source in sources]
    return "crawl", [source_subject(source) for source in chosen], f"foreign-eyes crawl {' '.join(chosen)}"


def _source_name(context: Context, source: str, name: str | None) -> str:
    """Return the name of a source that is given as for a command; if there is none, what was given."""
    from foreign_eyes.crawler.sources import SourceError, find_source

    try:
        return find_source(source, context.configuration.sources, name=name)[0]
    except SourceError:
        return source


def _ping(context: Context, name: str, every: float | None, options: dict[str, Any]) -> Ping | None:
    """Return the ping of a round; a command that a person runs and that then serves is not a round."""
    from foreign_eyes.cli.alert_channels import ping_of

    return ping_of(context) if name == "round" and (every or options.get("no_serve")) else None


def _end_ping(context: Context, ping: Ping, code: int) -> None:
    """Tell the monitor how a round ended.

    Exit code 75 (try again) is sent as a success, unless operators have been told of a trouble of crawls or publishes.
    """
    from foreign_eyes.alerts.state_file import read_state

    if code == exit_codes.TRY_AGAIN:
        troubles = read_state(context.archive).troubles.values()
        lasts = any(one.told is not None and one.kind in ("crawl", "publish") for one in troubles)
        code = code if lasts else exit_codes.DONE
    if code == exit_codes.DONE:
        ping.success()
    elif code != exit_codes.INTERRUPTED:
        ping.failure(code)
