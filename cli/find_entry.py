"""Find the entry that a user names by id, tag URI or part of a title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.exit_codes import NO_INPUT, Stopped
from foreign_eyes.cli.terminal import print_line, printable

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.entry_lookup import NamedEntry

OFFERED = 10


def find_one(db: Database, wanted: str, command: str = "history") -> NamedEntry:
    """Return the entry that `wanted` names.

    Print a note if it was merged or has another title now.

    Raises:
        click.UsageError: `wanted` is empty.
        Stopped: no entry matches, or several do; the message lists them.
    """
    from foreign_eyes.archive.entry_lookup import find_entries

    if not wanted.strip():
        raise click.UsageError("ENTRY is empty: give an id, a tag URI or a part of a title")
    found = _the_one(wanted, find_entries(db, wanted), command)
    if found.merged_id is not None:
        print_line(f"{found.merged_id} was merged into {found.entry_id}", err=True)
    if found.former_title is not None:
        print_line(f'{found.entry_id} was formerly titled "{printable(found.former_title)}"', err=True)
    return found


def _the_one(wanted: str, found: list[NamedEntry], command: str) -> NamedEntry:
    """Return the only match.

    Raises:
        Stopped: no entry matches, or several do; the message lists them.
    """
    if len(found) == 1:
        return found[0]
    if not found:
        raise Stopped(
            NO_INPUT,
            f"{wanted!r}: no entry has this id, tag or title; search by a part of a title: foreign-eyes history PART,"
            " or search all texts under /browse/ of: foreign-eyes serve",
        )
    from foreign_eyes.cli.history_screen import shortened

    lines = [shortened(f"  {match.entry_id}  {_name(match)}") for match in found[:OFFERED]]
    more = [f"  and {len(found) - OFFERED} more"] if len(found) > OFFERED else []
    head = f"{wanted!r} is in the titles of {len(found)} entries; name one by its id: foreign-eyes {command} ID"
    raise Stopped(NO_INPUT, "\n".join([head, *lines, *more]))


def _name(entry: NamedEntry) -> str:
    publication = f", by {entry.publication}" if entry.publication else ""
    former = f' (formerly "{entry.former_title}")' if entry.former_title is not None else ""
    return printable(f"{entry.title}{publication}{former}")
