"""Finding the one entry that a user means, by id, tag URI or a part of a title."""

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
    """Return the entry that `wanted` means, and say on stderr where it is not plainly that.

    Raises:
        click.UsageError: nothing is wanted.
        Stopped: there is none, or there are several, which it lists.
    """
    from foreign_eyes.archive.entry_lookup import find_entries

    if not wanted.strip():
        raise click.UsageError("ENTRY is empty: give an id, a tag URI or a part of a title")
    found = _the_one(wanted, find_entries(db, wanted), command)
    if found.merged_id is not None:
        print_line(f"{found.merged_id} was merged into {found.entry_id}", err=True)
    if found.former_title is not None:
        print_line(f'{found.entry_id} was once called "{printable(found.former_title)}"', err=True)
    return found


def _the_one(wanted: str, found: list[NamedEntry], command: str) -> NamedEntry:
    """Return the only entry found.

    Raises:
        Stopped: there is none, or there are several, which it lists.
    """
    if len(found) == 1:
        return found[0]
    if not found:
        raise Stopped(
            NO_INPUT,
            f"{wanted!r}: no such entry, by id, tag or title; give a part of a title: foreign-eyes history PART,"
            " or search all texts under /browse/ of: foreign-eyes serve",
        )
    from foreign_eyes.cli.history_screen import shortened

    lines = [shortened(f"  {one.entry_id}  {_name(one)}") for one in found[:OFFERED]]
    more = [f"  and {len(found) - OFFERED} more"] if len(found) > OFFERED else []
    head = f"{wanted!r} is in the titles of {len(found)} entries; name one by its id: foreign-eyes {command} ID"
    raise Stopped(NO_INPUT, "\n".join([head, *lines, *more]))


def _name(one: NamedEntry) -> str:
    publication = f", by {one.publication}" if one.publication else ""
    once = f' (once "{one.former_title}")' if one.former_title is not None else ""
    return printable(f"{one.title}{publication}{once}")
