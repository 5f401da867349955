"""The floor of free disk space before a crawl and a publish: `[archive] min_free_mb`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.cli.exit_codes import CANNOT_WRITE, Stopped

if TYPE_CHECKING:
    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.cli.context import Context


class DiskLow(Stopped):
    """A file system has less free space than the floor of the settings."""


def require_free_space(context: Context, *folders: Path) -> None:
    """Check the file systems of the archive and of `folders` before a run writes to them.

    Raises:
        DiskLow: one of them has less free space than the settings ask for.
    """
    from foreign_eyes.archive.free_space import free_spaces, low_space_message, low_spaces

    floor = context.configuration.archive.min_free_mb
    if not floor:
        return
    for space in low_spaces(free_spaces([context.archive, *folders]), floor):
        raise DiskLow(CANNOT_WRITE, low_space_message(space, floor))


@contextmanager
def enough_space(context: Context, *folders: Path) -> Iterator[None]:
    """Do what `require_free_space` does, as the first step of a `with` statement."""
    require_free_space(context, *folders)
    yield


def disk_problems(context: Context) -> list[Problem]:
    """Return a problem for each file system of the archive and the output folder that is below the floor."""
    from foreign_eyes.archive.free_space import free_spaces, low_space_problem, low_spaces

    floor = context.configuration.archive.min_free_mb
    return [
        low_space_problem(space, floor) for space in low_spaces(free_spaces([context.archive, context.output]), floor)
    ]
