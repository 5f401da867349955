"""The free space of the file systems that a run writes to, and the floor below which nothing is begun."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from foreign_eyes.archive.problems import Problem

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """The space of the file system of `place` that an ordinary user may still fill, in bytes."""

    place: Path
    free: int


def free_spaces(places: Iterable[Path]) -> list[FreeSpace]:
    """Return the free space at each of these files or folders, once for each file system.

    A path that does not exist yet counts as its nearest folder that exists. A file system that does not say how large it is,
    such as /proc or one of a network, is left out.
    """
    found: dict[int, FreeSpace] = {}
    for place in places:
        existing = _existing(place)
        device = existing.stat().st_dev
        if device not in found:
            state = os.statvfs(existing)
            if state.f_blocks:
                found[device] = FreeSpace(place, state.f_bavail * state.f_frsize)
    return list(found.values())


def low_spaces(spaces: Iterable[FreeSpace], floor_mb: int) -> list[FreeSpace]:
    """Return those with less free space than `floor_mb` megabytes. Pure."""
    return [space for space in spaces if space.free < floor_mb * MEGABYTE]


def low_space_problem(space: FreeSpace, floor_mb: int) -> Problem:
    """Return what `status` and `check` say about a file system with too little free space. Pure."""
    return Problem(
        f"{_megabytes(space.free)} MB free, less than {floor_mb} MB: crawls and publishes do not begin",
        f"disk of {space.place}",
        "free disk space, or lower [archive] min_free_mb in the settings",
    )


def low_space_message(space: FreeSpace, floor_mb: int) -> str:
    """Return the error message of a run that does not begin because of too little free space. Pure."""
    return (
        f"{space.place}: its file system has {_megabytes(space.free)} MB free, less than {floor_mb} MB; nothing was"
        " written. Free disk space, or lower [archive] min_free_mb in the settings"
    )


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f}" if size < 10 * MEGABYTE else str(size // MEGABYTE)


def _existing(place: Path) -> Path:
    folder = Path(os.path.realpath(place))
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
