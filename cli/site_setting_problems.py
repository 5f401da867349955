"""The problems of the tables of sources in the settings: files that they name, and names of before a rename."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.cli.settings_loader import Configuration


def site_setting_problems(configuration: Configuration) -> Iterator[Problem]:
    """Yield the certificates and files with secrets that a crawl could not read.

    Environment variables are not checked: the scheduler's can differ from those of `check`.
    """
    import msgspec

    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.crawler.site_access import read_site_access
    from foreign_eyes.crawler.sources import SiteSettingError

    for name, source in configuration.sources.items():
        in_files = {key: value for key, value in source.headers.items() if not isinstance(value, str) and value.file}
        if not in_files and not source.ca_file:
            continue
        try:
            read_site_access(name, msgspec.structs.replace(source, headers=in_files), {})
        except SiteSettingError as error:
            what, _, remedy = str(error).rpartition(": ")
            yield Problem(what, f"source {name}", remedy)


def former_name_problems(db: Database, configuration: Configuration) -> Iterator[Problem]:
    """Yield the tables with the former name of a renamed source: it is neither crawled nor published."""
    from foreign_eyes.archive.errors import SourceRenamed
    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.archive.source_names import present_name, refuse_former_name
    from foreign_eyes.archive.values import Source

    for name, source in configuration.sources.items():
        try:
            refuse_former_name(db, Source(name, source.url, source.title, source.language))
        except SourceRenamed as error:
            what = f"the settings use the former name of {present_name(db, name)}, so crawls of it are refused"
            yield Problem(what, f"source {name}", error.remedy)
