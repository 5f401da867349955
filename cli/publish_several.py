"""Publish several sources, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.all_sources import make_all
from foreign_eyes.cli.disk_floor import require_free_space
from foreign_eyes.cli.hub_notification import notify_hub_of_changes
from foreign_eyes.cli.make_jobs import SourceFailure
from foreign_eyes.cli.terminal import counted, json_text, print_line

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.feeds.publish import Published

_FIGURES = ("written", "unchanged", "removed", "seconds")
# publishes the source of a name
PublishOne = Callable[[str], "Published"]


@dataclass(slots=True)
class PublishedSources:
    """The sources that were published, and those that could not be."""

    done: dict[str, Published] = field(default_factory=dict)
    failures: list[SourceFailure] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code."""
        return exit_codes.worst(failure.code for failure in self.failures)

    @property
    def summary(self) -> str:
        """How many files were written, in one line."""
        written = sum(done.written for done in self.done.values())
        unchanged = sum(done.unchanged for done in self.done.values())
        removed = sum(done.removed for done in self.done.values())
        files = f"{counted(written, 'file')} written, {unchanged} unchanged, {removed} removed"
        return f"{counted(len(self.done), 'source')} published: {files}"


def figures_of(done: Published) -> dict[str, Any]:
    """Return what --json prints of a publish."""
    return {name: getattr(done, name) for name in _FIGURES}


def publish_each(names: Sequence[str], publish_one: PublishOne) -> PublishedSources:
    """Publish each source; one that cannot be published does not stop the others.

    Raises:
        Exception: a programming error.
    """
    published = PublishedSources()
    for name in names:
        try:
            published.done[name] = publish_one(name)
        except Exception as error:  # `SourceFailure.of` raises a programming error again
            published.failures.append(SourceFailure.of(name, error))
    return published


def publish_several(
    context: Context,
    names: Sequence[str],
    publish_one: PublishOne,
    *,
    everything: bool,
    take_over: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Publish several sources and the folder over all, and print the results; return the exit code."""
    require_free_space(context, context.output)
    published = publish_each(names, publish_one)
    for failure in published.failures:
        failure.report()
    if published.done:
        make_all(context, everything=everything, take_over=take_over, quiet=quiet or as_json)
    notify_hub_of_changes(context)
    if as_json:
        for name, done in published.done.items():
            click.echo(json_text({"source": name, **figures_of(done)}))
        for failure in published.failures:
            click.echo(json_text({"source": failure.source, "problem": failure.reason}))
    elif not quiet:
        print_line(published.summary)
    return published.code
