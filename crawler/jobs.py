"""What a crawl is told: which source, how, and into which archive."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from foreign_eyes.crawler.settings_file import DEFAULT_ARCHIVE
from foreign_eyes.crawler.sources import Contact, FreshDays, SourceSettings, find_source, with_contact, with_fresh_days
from foreign_eyes.listing.values import Mode

DEFAULT_AUTHORITY = "foreign-eyes.example,2026"


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl to do; the tags of new entries are minted under `authority`.

    `fresh` asks for every page without a condition, whether that is due or not. `configured`: the settings name the source.
    """

    name: str
    source: SourceSettings
    archive: Path
    authority: str = DEFAULT_AUTHORITY
    mode: Mode = "full"
    accept: bool = False
    fresh: bool = False
    configured: bool = False


class _ArchiveTable(msgspec.Struct, frozen=True):
    """The keys of `[archive]` that a crawl needs."""

    file: str = DEFAULT_ARCHIVE
    tag_authority: str = DEFAULT_AUTHORITY


class _SettingsFile(msgspec.Struct, frozen=True):
    """The keys of the settings file that a crawl needs; the command line checks the others."""

    contact: Contact | None = None
    fresh_days: FreshDays | None = None
    archive: _ArchiveTable = _ArchiveTable()
    sources: Mapping[str, SourceSettings] = {}


def job_named(wanted: str, archive: Path | None, settings_file: Path | None) -> Job:
    """Return the job that `scrapy crawl` means by a source's name or URL.

    Args:
        wanted: a configured or built-in name, or a URL.
        archive: the archive that was named; None for the one in the settings, which is `archive.db` by default.
        settings_file: the operator's settings; None where there are none.

    Raises:
        SourceError: there is no such source.
        OSError, tomllib.TOMLDecodeError, msgspec.ValidationError: the settings cannot be used.
    """
    tables = tomllib.loads(settings_file.read_text(encoding="utf-8")) if settings_file else {}
    settings = msgspec.convert(tables, type=_SettingsFile)
    name, source = find_source(wanted, settings.sources)
    return Job(
        name,
        with_fresh_days(with_contact(source, settings.contact), settings.fresh_days),
        archive or Path(settings.archive.file),
        settings.archive.tag_authority,
        configured=name in settings.sources,
    )
