"""The settings beside a backup, when it is restored: compare them with those in force, or put them back."""

from __future__ import annotations

import stat
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from foreign_eyes.cli.init_places import write_settings
from foreign_eyes.cli.settings_copy import copy_path, differing_keys, read_copy

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context


@dataclass(frozen=True, slots=True)
class RestoredSettings:
    """What a restore found or did about settings.

    `file` is the copy beside the backup, or the settings file that was written; `kept` is the former settings file.
    """

    state: Literal["none", "equal", "differ", "restored"]
    file: str | None = None
    differing: tuple[str, ...] = ()
    kept: Path | None = None

    def lines(self) -> list[str]:
        """Return the lines to print. Pure."""
        if self.state == "none":
            return []
        if self.state == "equal":
            return ["settings: the same as when the backup was made"]
        if self.state == "restored":
            former = f"; the former ones are now {self.kept}" if self.kept else ""
            return [f"settings: restored to {self.file}{former}"]
        shown = ", ".join(self.differing[:5]) + (
            f" and {len(self.differing) - 5} more" if len(self.differing) > 5 else ""
        )
        return [
            f"settings: not changed; the backup's differ in {shown}",
            f"  look at them: {self.file}; to restore them, repeat with --settings",
        ]


def compare_settings(context: Context, backup: Path) -> RestoredSettings:
    """Compare the settings beside the backup with those in force."""
    if (copied := read_copy(backup)) is None:
        return RestoredSettings("none")
    differing = tuple(differing_keys(copied, context.configuration.tables))
    return RestoredSettings("differ" if differing else "equal", str(copy_path(backup)), differing)


def context_with_copied_settings(context: Context, backup: Path) -> Context:
    """Return a context with the settings beside the backup: they say where archive and outputs are.

    Raises:
        BackupUnusable: there are none.
        ConfigurationError: they cannot be used.
    """
    from foreign_eyes.archive.errors import BackupUnusable
    from foreign_eyes.cli.settings_loader import checked

    if (copied := read_copy(backup)) is None:
        raise BackupUnusable(copy_path(backup), "there is no copy of the settings beside the backup")
    path = copy_path(backup)
    used = replace(context, config=path)
    try:
        used.configuration = checked(tomllib.loads(copied), path)
    except tomllib.TOMLDecodeError:
        used.configuration  # noqa: B018 - reading the file raises the error with its place
    return used


def restore_settings(context: Context, backup: Path) -> RestoredSettings:
    """Write the settings beside the backup to the settings file, and keep the former one.

    Raises:
        Stopped: it cannot be written.
    """
    from foreign_eyes.crawler.settings_file import FILE_NAME, find_settings_file

    copied = read_copy(backup) or ""
    target = context.config or find_settings_file() or Path(FILE_NAME)
    if target.exists() and target.read_bytes() == copied.encode():
        return RestoredSettings("equal", str(copy_path(backup)))
    kept = write_settings(target, copied)
    target.chmod(stat.S_IMODE(copy_path(backup).stat().st_mode))
    return RestoredSettings("restored", str(target), (), kept)
