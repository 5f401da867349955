"""The exit codes, a contract with scripts, and the code of each error.

Most codes are those of sysexits.h.
"""

from __future__ import annotations

import click

from foreign_eyes.cli import signals

DONE = 0
PROBLEMS = 1
USAGE = 64
SUSPECT = 65
NO_INPUT = 66
UNAVAILABLE = 69
INTERNAL = 70
CANNOT_WRITE = 73
TRY_AGAIN = 75
CONFIGURATION = 78
INTERRUPTED = signals.INTERRUPTED

OF_OUTCOME = {
    "complete": DONE,
    "unchanged": DONE,
    "partial": TRY_AGAIN,
    "suspect": SUSPECT,
    "blocked": UNAVAILABLE,
    "unreachable": UNAVAILABLE,
    "failed": INTERNAL,
}


class Stopped(Exception):
    """An error that ends a command with an exit code and a message."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code = code


def of_error(error: BaseException) -> int | None:
    """Return the exit code of an error that the user can fix; None for a programming error."""
    if isinstance(error, Stopped):
        return error.code
    return next((code for kind, code in _codes() if isinstance(error, kind)), None)


def _codes() -> list[tuple[type[BaseException], int]]:
    """Return the exit codes by exception class.

    The first match counts. Imported late, so that `--help` starts fast.
    """
    from foreign_eyes.archive.errors import ArchiveBusy, ArchiveError, ArchiveUnwritable, WouldLose
    from foreign_eyes.cli.settings_loader import ConfigurationError
    from foreign_eyes.crawler.sources import SourceError
    from foreign_eyes.feeds.errors import CombinedFolderTaken, FeedsError, FilesOfOthers, OutputTaken, OutputUnwritable
    from foreign_eyes.warc.errors import CannotWrite, ExchangeError, WrongImport
    from foreign_eyes.web.output_lock import AlreadyServed
    from foreign_eyes.web.server import CannotListen

    return [
        (KeyboardInterrupt, INTERRUPTED),
        (click.Abort, INTERRUPTED),
        (click.ClickException, USAGE),
        (ArchiveBusy, TRY_AGAIN),
        (ArchiveUnwritable, CANNOT_WRITE),
        (WouldLose, CANNOT_WRITE),
        (ArchiveError, NO_INPUT),
        (ConfigurationError, CONFIGURATION),
        (SourceError, USAGE),
        (OutputUnwritable, CANNOT_WRITE),
        (OutputTaken, CANNOT_WRITE),
        (CombinedFolderTaken, CANNOT_WRITE),
        (FilesOfOthers, CANNOT_WRITE),
        (FeedsError, NO_INPUT),
        (CannotListen, TRY_AGAIN),
        (AlreadyServed, TRY_AGAIN),
        (CannotWrite, CANNOT_WRITE),
        (WrongImport, USAGE),
        (ExchangeError, NO_INPUT),
    ]
