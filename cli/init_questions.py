"""The questions of `init`, and the checks of the answers.

The checks are those of the configuration.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from foreign_eyes.cli.init_places import Places
from foreign_eyes.cli.prompts import Question
from foreign_eyes.cli.settings_loader import MEANING, ConfigurationError, checked
from foreign_eyes.feeds.published_urls import normal_base_url


def contact_question(given: str | None) -> Question:
    """Return the question for the contact."""
    why = "The contact is sent with every request, so that a site knows whom to write to."
    return Question("--contact", given, why, "Contact, a mail or web address", check_contact)


def authority_question(given: str | None) -> Question:
    """Return the question for the tag authority."""
    why = (
        "Each entry's id is minted under the tag authority once and kept: a domain or\n"
        "mail address of yours, and a year in which it was yours. It is public."
    )
    return Question("--tag-authority", given, why, "Tag authority", check_authority)


def archive_question(given: str | None, places: Places) -> Question:
    """Return the question for the archive file."""
    why = "The archive is one file; put it on a disk that is backed up."
    return Question("--archive-file", given, why, "Archive file", partial(check_archive, places))


def output_question(given: str | None, places: Places) -> Question:
    """Return the question for the output folder."""
    why = "Feeds and pages are written to a folder of their own, for any web server."
    return Question("--output", given, why, "Output folder", partial(check_output, places))


def base_url_question(given: str | None) -> Question:
    """Return the question for the base URL."""
    why = "The base URL is the address at which readers find that folder."
    return Question("--base-url", given, why, "Base URL", normal_base_url)


def check_contact(value: str) -> str:
    """Return a contact that can be sent in a header.

    Raises:
        ValueError: the value is not allowed; the checks below raise it, too.
    """
    return _allowed(value, {"contact": value}, MEANING["contact"])


def check_authority(value: str) -> str:
    """Return a tag authority (RFC 4151 section 2.1)."""
    return _allowed(value, {"archive": {"tag_authority": value}}, MEANING["tag_authority"])


def check_archive(places: Places, value: str) -> str:
    """Return the archive's path as written into the settings; the file need not exist."""
    path = _path(places, value)
    if path.is_dir():
        raise ValueError(f"{path}: a folder; name a file in it")
    return str(path)


def check_output(places: Places, value: str) -> str:
    """Return the output folder's path as written into the settings; it need not exist."""
    path = _path(places, value)
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path}: a file; name a folder")
    return str(path)


def _path(places: Places, value: str) -> Path:
    if not value.strip():
        raise ValueError("give a path")
    path = places.written(value)
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{str(path)!r}: not UTF-8; a settings file must be UTF-8") from None
    return path


def _allowed(value: str, tables: dict[str, Any], meaning: str) -> str:
    try:
        checked(tables, Path())
    except ConfigurationError:
        raise ValueError(f"{value!r}: give {meaning}") from None
    return value
