"""Read a secret from where a setting says it is: an environment variable or a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from foreign_eyes.crawler.site_settings import SettingSource
from foreign_eyes.crawler.sources import SiteSettingError


def place_of(source: SettingSource) -> str:
    """Return where a secret is, for a message."""
    return f"the environment variable {source.env}" if source.env is not None else f"the file {source.file}"


def read_secret(where: str, source: SettingSource, environment: Mapping[str, str]) -> str:
    """Return a secret; of a file without the end of its last line.

    Raises:
        SiteSettingError: the variable or the file is missing or cannot be read. The message begins with `where`.
    """
    place = place_of(source)
    if source.env is not None:
        if (value := environment.get(source.env)) is None:
            raise SiteSettingError(f"{where}: {place} is not set: set it where this command runs")
        return value
    try:
        return Path(source.file or "").read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise SiteSettingError(f"{where}: {place} cannot be read ({error.strerror}): check path and owner") from None
    except UnicodeDecodeError:
        raise SiteSettingError(f"{where}: {place} is not text: write the value into it, in one line") from None
