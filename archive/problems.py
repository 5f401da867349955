"""The findings of `status` and `check`: each problem with the command that repairs it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from foreign_eyes.archive.search_indexes import SEARCH_INDEXES

RESTORE = "foreign-eyes restore FILE, with a backup from before the damage"
REPARSE = "foreign-eyes reparse"
_NO_DAMAGE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
MOST_LISTED_FINDINGS = 20  # findings of one kind that are listed one by one

_DERIVED = {
    "entries",
    "revisions",
    "readings",
    "placements",
    "links",
    "publications",
    "publication_aliases",
}
_DERIVED |= SEARCH_INDEXES.keys()


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem: what is wrong, where, and the command or action that repairs it."""

    what: str
    where: str
    remedy: str


def damage_as_problem(where: str, find: Callable[[], Iterable[Problem]], remedy: str = RESTORE) -> Iterator[Problem]:
    """Yield the problems that `find` yields; if it raises an error, yield that as damage.

    Any error counts as damage: a flipped bit can cause invalid dates, JSON or UTF-8, or hide a table. An OSError, a full
    disk and a locked archive are not damage, and are raised.
    """
    try:
        yield from find()
    except OSError:
        raise
    except Exception as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_DAMAGE:
            raise
        yield Problem(f"the file is damaged: {_on_one_line(error)}", where, remedy)


def limited(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first problems, and one that counts the others.

    A damaged file can have a problem for each row.
    """
    last: Problem | None = None
    number = 0
    for number, problem in enumerate(problems, start=1):
        if number <= MOST_LISTED_FINDINGS:
            yield problem
        last = problem
    if last is not None and number > MOST_LISTED_FINDINGS:
        yield Problem(f"and {number - MOST_LISTED_FINDINGS} more like these", last.where, last.remedy)


def remedy_for(table: str) -> str:
    """Return the command that repairs a damaged table."""
    return REPARSE if table in _DERIVED else RESTORE


def _on_one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{f': {text}' if text else ''}".encode("ascii", "backslashreplace").decode()[:300]
