"""The findings of `status` and `check`: each problem with the command that repairs it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

RESTORE = "foreign-eyes restore FILE, with a backup from before the damage"
REPARSE = "foreign-eyes reparse"
_NO_DAMAGE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
MOST_LISTED_FINDINGS = 20  # findings of one kind that are told one by one

_DERIVED = {"entries", "revisions", "listing_rows", "links", "publications", "publication_aliases", "entries_fts"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: what it is, where, and the command or act that mends it."""

    what: str
    where: str
    remedy: str


def guarded(where: str, look: Callable[[], Iterable[Problem]], remedy: str = RESTORE) -> Iterator[Problem]:
    """Yield the problems that `look` finds; if damage makes it fail, yield the damage as a problem.

    Any error counts as damage: a flipped bit can cause invalid dates, JSON or UTF-8, or hide a table. Errors of files,
    of a full disk and of an archive in use are raised.
    """
    try:
        yield from look()
    except OSError:
        raise
    except Exception as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_DAMAGE:
            raise
        yield Problem(f"the file is damaged: {_in_a_line(error)}", where, remedy)


def few(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first problems, and how many more there are: a file that is damaged all over has one for every row."""
    more: Problem | None = None
    number = 0
    for number, problem in enumerate(problems, start=1):
        if number <= MOST_LISTED_FINDINGS:
            yield problem
        more = problem
    if more is not None and number > MOST_LISTED_FINDINGS:
        yield Problem(f"and {number - MOST_LISTED_FINDINGS} more like these", more.where, more.remedy)


def remedy_for(table: str) -> str:
    """Return what mends a table: deriving it again, or a backup."""
    return REPARSE if table in _DERIVED else RESTORE


def _in_a_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{f': {text}' if text else ''}".encode("ascii", "backslashreplace").decode()[:300]
