"""The arguments of `scrapy crawl listing`, also under Scrapyd.

    -a source=NAME              a configured or built-in name, or a URL; default: `default_source` of the settings
    -s ARCHIVE=FILE             the archive; default: FOREIGN_EYES_ARCHIVE, else the settings, else archive.db
    -s SETTINGS_FILE=FILE       the settings; default: the file that `crawler.settings_file` finds

Scrapyd starts jobs in its own working directory, so a relative path would put the archive there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scrapy.settings import BaseSettings

from foreign_eyes.crawler.jobs import Job, job_named
from foreign_eyes.crawler.settings_file import ARCHIVE_VARIABLE, SettingsError, find_settings_file
from foreign_eyes.crawler.sources import SourceError

# Scrapyd passes the id of the job to every spider
SCRAPYD_JOB = "_job"
_ALLOWED = ("source", SCRAPYD_JOB)


def job_of_arguments(arguments: Mapping[str, str], settings: BaseSettings) -> Job:
    """Return the job for the arguments and settings of `scrapy crawl`.

    Raises:
        SourceError: the source does not exist, or an argument is unknown.
        SettingsError: the settings cannot be read, or Scrapyd's working directory would hold the archive.
    """
    if unknown := [name for name in arguments if name not in _ALLOWED]:
        raise SourceError(f"unknown argument {unknown[0]!r} of the spider; the source is given by -a source=NAME")
    archive, settings_file = settings.get("ARCHIVE"), settings.get("SETTINGS_FILE")
    found = Path(settings_file) if settings_file else find_settings_file()
    job = job_named(arguments.get("source"), Path(archive) if archive else None, found)
    if SCRAPYD_JOB in arguments and not job.archive.is_absolute():
        raise SettingsError(
            f"the archive {job.archive} is a relative path, and would be in the folder of scrapyd, {Path.cwd()}; give the "
            f"whole path: in {ARCHIVE_VARIABLE} in the environment of scrapyd, as [archive] file in "
            f"{found or 'foreign-eyes.toml'}, or with a job as setting=ARCHIVE=/path/to/archive.db"
        )
    return job
