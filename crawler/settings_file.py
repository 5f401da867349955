"""Find the operator's settings file, for the command line and for `scrapy crawl`.

Search order: the file named by `--config`; `foreign-eyes.toml` in the working directory; the same name in the user's
configuration folder (XDG_CONFIG_HOME, ~/.config).
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

FILE_NAME = "foreign-eyes.toml"
ARCHIVE_VARIABLE = "FOREIGN_EYES_ARCHIVE"
DEFAULT_ARCHIVE = "archive.db"

_APPLICATION = "foreign-eyes"


class SettingsError(ValueError):
    """The settings of `scrapy crawl` cannot be used; the message says which, where, and what to do."""


def user_settings_file() -> Path:
    """Return the path of the settings file in the user's configuration folder.

    The file may not exist.
    """
    return platformdirs.user_config_path(_APPLICATION, appauthor=False) / FILE_NAME


def user_data_folder() -> Path:
    """Return the user's folder for archive and published files (XDG_DATA_HOME, ~/.local/share).

    It may not exist.
    """
    return platformdirs.user_data_path(_APPLICATION, appauthor=False)


def find_settings_file() -> Path | None:
    """Return the settings file to read if `--config` names none; None if there is none.

    A broken link or a folder of that name counts as found, so that reading it fails with a message instead of other
    settings being used.
    """
    return next((path for path in (Path(FILE_NAME), user_settings_file()) if os.path.lexists(path)), None)


def archive_in_environment() -> str | None:
    """Return the value of FOREIGN_EYES_ARCHIVE, or None."""
    return os.environ.get(ARCHIVE_VARIABLE) or None
