"""The paths that `init` proposes, and how it makes files and folders."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from foreign_eyes.cli.context import Context
from foreign_eyes.cli.exit_codes import CANNOT_WRITE, Stopped

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Places:
    """The settings file, and the paths of archive and output as written in it."""

    settings: Path
    archive: Path
    output: Path

    def written(self, value: str) -> Path:
        """Return a path as written into the settings.

        It is as given if the settings are in the working directory, otherwise absolute. Settings in the working
        directory are read only there, so the folder can be moved. Others are read from any folder, where a relative
        path would name another file.
        """
        path = Path(value).expanduser()
        return path if self.settings.absolute().parent == Path.cwd() else path.absolute()


def default_places(context: Context, settings: Path | None) -> Places:
    """Return the paths to propose.

    They are in the working directory if it is a checkout or in use, otherwise in the user's folders. The settings file
    is the one named by `settings`, or by the group's --config. The archive is the one named by the group's --archive,
    or by the environment.
    """
    from foreign_eyes.crawler.settings_file import DEFAULT_ARCHIVE, FILE_NAME, user_data_folder, user_settings_file

    named = settings or context.config
    in_use = os.path.lexists(FILE_NAME) or os.path.lexists(DEFAULT_ARCHIVE)
    here = (ROOT / "pyproject.toml").is_file() or in_use
    if named is not None:
        named = named.expanduser()
        here = here or named.absolute().parent == Path.cwd()
    data = Path() if here else user_data_folder()
    own = Path(FILE_NAME) if here else user_settings_file()
    places = Places(named or own, context.archive_option or data / DEFAULT_ARCHIVE, data / "public")
    return Places(places.settings, places.written(str(places.archive)), places.written(str(places.output)))


def refuse_existing(settings: Path, *, force: bool) -> None:
    """Refuse to replace existing settings without `force`, and always to replace a folder.

    Raises:
        Stopped: nothing was written.
    """
    place = settings.absolute()
    if settings.is_dir():
        raise Stopped(CANNOT_WRITE, f"{place}: a folder; name a file in it with --file")
    if os.path.lexists(settings) and not force:
        raise Stopped(
            CANNOT_WRITE,
            f"{place}: exists and was not changed; edit it, or replace it with --force, which keeps it as"
            f" {settings.name}.bak",
        )


def make_folders(settings: Path, archive: Path, output: Path) -> None:
    """Make the folders of settings, archive and output.

    Raises:
        Stopped: a folder cannot be made.
    """
    for folder, option in ((settings.parent, "--file"), (archive.parent, "--archive-file"), (output, "--output")):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or str(error)
            raise Stopped(
                CANNOT_WRITE, f"{folder.absolute()}: cannot be made ({why}); name another place with {option}"
            ) from None


def write_settings(settings: Path, text: str) -> Path | None:
    """Write the file atomically; keep an existing one under another name, and return that name.

    Raises:
        Stopped: it cannot be written.
    """
    temporary = settings.with_name(f".{settings.name}.{os.getpid()}.tmp")
    kept = None
    try:
        try:
            with temporary.open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if os.path.lexists(settings):
                kept = _free_name(settings)
                shutil.copy2(settings, kept)
            temporary.replace(settings)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise Stopped(
            CANNOT_WRITE, f"{settings.absolute()}: cannot be written ({why}); name another place with --file"
        ) from None
    return kept


def _free_name(settings: Path) -> Path:
    """Return FILE.bak, or FILE.bak2 and so on if that exists."""
    number = 1
    while os.path.lexists(name := settings.with_name(f"{settings.name}.bak{number if number > 1 else ''}")):
        number += 1
    return name
