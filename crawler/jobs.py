"""The parameters of one crawl."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from foreign_eyes.crawler.settings_file import DEFAULT_ARCHIVE, SettingsError
from foreign_eyes.crawler.sources import (
    Contact,
    FreshDays,
    SourceSettings,
    completed,
    find_source,
    with_contact,
    with_fresh_days,
)
from foreign_eyes.listing.values import Mode

DEFAULT_AUTHORITY = "foreign-eyes.example,2026"


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl: its source, its archive and its options.

    Attributes:
        authority: the authority of the `tag:` URIs of new entries.
        accept: whether a suspect listing is settled.
        fresh: request every page unconditionally, even if that is not due.
        configured: whether the settings file has the source.
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
    """The keys of `[archive]` that a crawl reads."""

    file: str = DEFAULT_ARCHIVE
    tag_authority: str = DEFAULT_AUTHORITY


class _SettingsFile(msgspec.Struct, frozen=True):
    """The keys of the settings file that a crawl reads; the command line checks the others."""

    contact: Contact | None = None
    fresh_days: FreshDays | None = None
    default_source: str = "sample"
    archive: _ArchiveTable = _ArchiveTable()
    sources: Mapping[str, SourceSettings] = {}


def job_named(wanted: str | None, archive: Path | None, settings_file: Path | None) -> Job:
    """Return the job for a source's name or URL, as given to `scrapy crawl`.

    Args:
        wanted: a configured or built-in name, or a URL; None for the default source of the settings.
        archive: the archive; None for the one in the settings, by default `archive.db`.
        settings_file: the operator's settings file, or None.

    Raises:
        SourceError: the source does not exist.
        SettingsError: the settings file cannot be read or is invalid.
    """
    settings = _read(settings_file) if settings_file else _SettingsFile()
    name, source = find_source(wanted or settings.default_source, settings.sources)
    return Job(
        name,
        with_fresh_days(with_contact(source, settings.contact), settings.fresh_days),
        archive or Path(settings.archive.file),
        settings.archive.tag_authority,
        configured=name in settings.sources,
    )


def _read(settings_file: Path) -> _SettingsFile:
    try:
        tables = tomllib.loads(settings_file.read_text(encoding="utf-8"))
        if isinstance(sources := tables.get("sources"), dict):
            tables["sources"] = {name: completed(name, table) for name, table in sources.items()}
        return msgspec.convert(tables, type=_SettingsFile)
    except OSError as error:
        raise SettingsError(f"{settings_file}: cannot be read ({error.strerror})") from None
    except ValueError as error:  # not UTF-8, not TOML, or a wrong value
        raise SettingsError(f"{settings_file}: {error}; to see all settings: foreign-eyes config") from None
