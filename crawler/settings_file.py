"""Where the operator's settings are: one search order for the command line and for `scrapy crawl`.

A file named by `--config`; else `foreign-eyes.toml` in the working directory; else in the user's configuration folder
(XDG_CONFIG_HOME, ~/.config).
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

FILE_NAME = "foreign-eyes.toml"
ARCHIVE_VARIABLE = "FOREIGN_EYES_ARCHIVE"
DEFAULT_ARCHIVE = "archive.db"

_APPLICATION = "foreign-eyes"


def user_settings_file() -> Path:
    """Return the settings file in the user's configuration folder; it need not exist."""
    return platformdirs.user_config_path(_APPLICATION, appauthor=False) / FILE_NAME


def user_data_folder() -> Path:
    """Return the folder for a user's archive and published files (XDG_DATA_HOME, ~/.local/share); it need not exist."""
    return platformdirs.user_data_path(_APPLICATION, appauthor=False)


def find_settings_file() -> Path | None:
    """Return the settings file that is read when none is named, or None.

    A broken link or a folder of that name counts as found: reading it then fails with a message, instead of other
    settings being used.
    """
    return next((path for path in (Path(FILE_NAME), user_settings_file()) if os.path.lexists(path)), None)


def archive_in_environment() -> str | None:
    """Return the archive that FOREIGN_EYES_ARCHIVE names, or None."""
    return os.environ.get(ARCHIVE_VARIABLE) or None
