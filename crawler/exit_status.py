"""The exit codes of a crawl and of the errors that prevent one, for the command line and for `scrapy crawl`.

Most codes are those of sysexits.h.
"""

from __future__ import annotations

DONE = 0
USAGE = 64
SUSPECT = 65
NO_INPUT = 66
UNAVAILABLE = 69
INTERNAL = 70
CANNOT_WRITE = 73
TRY_AGAIN = 75
CONFIGURATION = 78
INTERRUPTED = 130

OF_OUTCOME = {
    "complete": DONE,
    "unchanged": DONE,
    "partial": TRY_AGAIN,
    "suspect": SUSPECT,
    "blocked": UNAVAILABLE,
    "unreachable": UNAVAILABLE,
    "failed": INTERNAL,
}


def codes_of_errors() -> list[tuple[type[BaseException], int]]:
    """Return the exit codes of errors that the user can fix; the first class that fits counts."""
    # imported late, so that `--help` starts fast
    from foreign_eyes.archive import errors  # noqa: PLC0415
    from foreign_eyes.crawler.settings_file import SettingsError  # noqa: PLC0415
    from foreign_eyes.crawler.sources import SiteSettingError, SourceError  # noqa: PLC0415

    return [
        (errors.ArchiveBusy, TRY_AGAIN),
        (errors.ArchiveUnwritable, CANNOT_WRITE),
        (errors.WouldLose, CANNOT_WRITE),
        (errors.SourceRenamed, CONFIGURATION),
        (errors.UnknownSource, USAGE),
        (errors.ArchiveError, NO_INPUT),
        (SettingsError, CONFIGURATION),
        (SiteSettingError, CONFIGURATION),
        (SourceError, USAGE),
    ]


def of_error(error: BaseException) -> int | None:
    """Return the exit code of an error; None for a programming error."""
    return next((code for kind, code in codes_of_errors() if isinstance(error, kind)), None)
