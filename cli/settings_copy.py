"""The copy of the settings file beside a backup: write it, read it, and compare it with the settings in force.

Tag authority, topics and names of publications decide what feeds say, so a backup without them is not whole. Secrets are
not in the settings, unless an operator wrote them there; the copy has the permissions of the original.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from foreign_eyes.archive.creation import sync_file, temporary_beside
from foreign_eyes.archive.errors import ArchiveUnwritable, WouldLose

_MARK = "# A copy of the settings, made by foreign-eyes backup. The original: "
_DEPTH = 3


def copy_path(backup: Path) -> Path:
    """Return the path of the settings beside a backup. Pure."""
    beside = backup.with_name(f"{backup.stem}.toml")
    return beside if beside != backup else backup.with_name(f"{backup.name}.toml")


def refuse_other_file(backup: Path) -> None:
    """Refuse a backup beside which another file has the name of the settings.

    Raises:
        WouldLose: there is such a file, and `backup` did not write it.
    """
    path = copy_path(backup)
    if os.path.lexists(path) and not _is_copy(path):
        raise WouldLose(f"{path}: exists and is not a copy of settings; name another file for the backup")


def write_copy(settings: Path | None, backup: Path) -> Path | None:
    """Copy the settings file beside a backup, atomically; without one, remove the copy of an earlier backup.

    Raises:
        WouldLose: another file has the name of the copy.
        ArchiveUnwritable: the copy cannot be written.
    """
    refuse_other_file(backup)
    if settings is None:
        remove_copy(backup)
        return None
    path = copy_path(backup)
    try:
        text, mode = settings.read_bytes(), stat.S_IMODE(settings.stat().st_mode)
        with temporary_beside(path) as temporary:
            temporary.chmod(mode | stat.S_IWUSR)
            temporary.write_bytes(f"{_MARK}{settings.absolute()}\n".encode(errors="surrogateescape") + text)
            sync_file(temporary)
            temporary.replace(path)
    except OSError as error:
        raise ArchiveUnwritable(path, error.strerror or error) from error
    return path


def remove_copy(backup: Path) -> None:
    """Remove the settings beside a backup, if `backup` wrote them.

    Raises:
        ArchiveUnwritable: they cannot be removed.
    """
    path = copy_path(backup)
    try:
        if _is_copy(path):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ArchiveUnwritable(path, error.strerror or error) from error


def read_copy(backup: Path) -> str | None:
    """Return the text of the settings beside a backup as they were; None if there is no copy."""
    path = copy_path(backup)
    if not _is_copy(path):
        return None
    return path.read_bytes().decode(errors="replace").partition("\n")[2]


def differing_keys(copied: str, tables: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values differ between copied settings and those in force, sorted. Pure.

    A value can be a secret, so only keys are named.
    """
    try:
        former = dict(_leaves(tomllib.loads(copied)))
    except tomllib.TOMLDecodeError:
        return ["all keys: the copy is not TOML"]
    present = dict(_leaves(tables))
    missing = object()
    return sorted(
        key for key in former.keys() | present.keys() if former.get(key, missing) != present.get(key, missing)
    )


def _leaves(tables: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    for key, value in tables.items():
        if isinstance(value, Mapping) and depth < _DEPTH:
            yield from _leaves(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


def _is_copy(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MARK)) == _MARK.encode()
    except OSError:
        return False
