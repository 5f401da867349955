"""What a crawl is told: which source, how, and into which archive."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from archive.values import Mode
from crawler.sources import SourceSettings, find_source

DEFAULT_AUTHORITY = "foreign-eyes.example,2026"


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl to do; the tags of new entries are minted under `authority`."""

    name: str
    source: SourceSettings
    archive: Path
    authority: str = DEFAULT_AUTHORITY
    mode: Mode = "full"
    accept: bool = False


def job_named(wanted: str, archive: Path, configuration: Path) -> Job:
    """Return the job that `scrapy crawl` means by a source's name or URL, read from the configuration file if any.

    Raises:
        SourceError: there is no such source.
        msgspec.ValidationError: the configuration's sources are not what they must be.
    """
    tables = tomllib.loads(configuration.read_text(encoding="utf-8")) if configuration.is_file() else {}
    sources = msgspec.convert(tables.get("sources", {}), type=Mapping[str, SourceSettings])
    name, source = find_source(wanted, sources)
    return Job(name, source, archive, tables.get("archive", {}).get("tag_authority", DEFAULT_AUTHORITY))
