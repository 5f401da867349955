"""Errors that a damaged archive causes, told as such: any command may meet a value that no run of ours wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cli import exits


@contextmanager
def explained(archive: Path) -> Iterator[None]:
    """Turn an error that nobody foresaw into one of the archive, where the archive is damaged.

    Raises:
        DamagedArchive: the error came up, and the archive is not what was written.
    """
    try:
        yield
    except Exception as error:
        if exits.of_error(error) is not None or isinstance(error, click.exceptions.Exit):
            raise
        damaged = damage_behind(error, archive)
        if damaged is None:
            raise
        raise damaged from error


def damage_behind(error: BaseException, archive: Path) -> Exception | None:
    """Return an error that says how the archive is damaged, if it is; what was unforeseen then came of that."""
    if not isinstance(error, Exception) or not archive.is_file():
        return None
    from sqlite_utils import Database

    from archive.clock import now
    from archive.errors import DamagedArchive, DamagedRows
    from archive.rebuilding.deep_check import verify_derived
    from archive.verify import open_damaged, verify
    from crawler.session import RememberingParser

    try:
        with open_damaged(archive) as connection:
            db = Database(connection)
            first = next(verify(db), None) or next(
                verify_derived(db, RememberingParser(), at=now(), authority="example.org,2026"), None
            )
    except Exception as unreadable:
        return DamagedArchive(archive, str(unreadable))
    return None if first is None else DamagedRows(archive, f"{first.where}: {first.what}", first.remedy)
