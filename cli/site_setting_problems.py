"""The problems of files that the settings of sources name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
