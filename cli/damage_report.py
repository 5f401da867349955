"""Report an unexpected error as damage if the archive is damaged.

Any command can read a value from a damaged archive that this program never wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from foreign_eyes.cli import exit_codes


@contextmanager
def explained(archive: Path) -> Iterator[None]:
    """Replace an unexpected error with one that describes the damage, if the archive is damaged.

    Raises:
        DamagedArchive: an unexpected error occurred, and the archive is damaged.
    """
    try:
        yield
    except Exception as error:
        if exit_codes.of_error(error) is not None or isinstance(error, click.exceptions.Exit):
            raise
        damaged = damage_behind(error, archive)
        if damaged is None:
            raise
        raise damaged from error


def damage_behind(error: BaseException, archive: Path) -> Exception | None:
    """Return an error that describes the damage to the archive; None if the archive is sound."""
    if not isinstance(error, Exception) or not archive.is_file():
        return None
    from sqlite_utils import Database

    from foreign_eyes.archive.errors import DamagedArchive, DamagedRows
    from foreign_eyes.archive.integrity import open_damaged, verify
    from foreign_eyes.archive.rebuilding.deep_check import verify_derived
    from foreign_eyes.archive.times import now
    from foreign_eyes.crawler.remembering_parser import RememberingParser

    try:
        with open_damaged(archive) as connection:
            db = Database(connection)
            first = next(verify(db), None) or next(
                verify_derived(db, RememberingParser(), at=now(), authority="example.org,2026"), None
            )
    except Exception as unreadable:
        return DamagedArchive(archive, str(unreadable))
    return None if first is None else DamagedRows(archive, f"{first.where}: {first.what}", first.remedy)
