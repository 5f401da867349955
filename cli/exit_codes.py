"""The exit codes, a contract with scripts, and the code of each error.

Most codes are those of sysexits.h.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from foreign_eyes.crawler.exit_status import (
    CANNOT_WRITE,
    CONFIGURATION,
    DONE,
    INTERNAL,
    INTERRUPTED,
    NO_INPUT,
    OF_OUTCOME,
    SUSPECT,
    TRY_AGAIN,
    UNAVAILABLE,
    USAGE,
    codes_of_errors,
)

__all__ = [
    "CANNOT_WRITE",
    "CONFIGURATION",
    "DONE",
    "INTERNAL",
    "INTERRUPTED",
    "NO_INPUT",
    "OF_OUTCOME",
    "PROBLEMS",
    "SUSPECT",
    "TRY_AGAIN",
    "UNAVAILABLE",
    "USAGE",
    "Stopped",
    "of_error",
]

PROBLEMS = 1

# Where several apply, the first: what the operator must repair, then what has its cause at a source
_FIRST_TO_LAST = (
    *(INTERRUPTED, INTERNAL, CANNOT_WRITE, CONFIGURATION, USAGE, NO_INPUT),
    *(UNAVAILABLE, SUSPECT, TRY_AGAIN, PROBLEMS, DONE),
)


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of a command with these results for several sources. Pure.

    A code that is not one of ours, such as that of a killed child, comes before all others.
    """
    rank = {code: place for place, code in enumerate(_FIRST_TO_LAST)}
    return min(codes, key=lambda code: rank.get(code, -1), default=DONE)


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
    from foreign_eyes.cli.settings_loader import ConfigurationError
    from foreign_eyes.feeds.errors import (
        CombinedFolderTaken,
        FeedsError,
        FilesOfOthers,
        OutputTaken,
        OutputUnwritable,
        PlaceUnusable,
    )
    from foreign_eyes.warc.errors import CannotWrite, ExchangeError, WrongImport
    from foreign_eyes.web.output_lock import AlreadyServed
    from foreign_eyes.web.server import CannotListen

    return [
        (KeyboardInterrupt, INTERRUPTED),
        (click.Abort, INTERRUPTED),
        (click.ClickException, USAGE),
        (ConfigurationError, CONFIGURATION),
        *codes_of_errors(),
        (PlaceUnusable, CONFIGURATION),
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
