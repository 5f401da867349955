"""Finding the entry that somebody means: by id, tag URI, or a part of a title, current or former."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.settling.operator_decisions import surviving_id
from foreign_eyes.listing.text import clean, folded

ID_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Named:
    """An entry as it is offered for choice, under its current title; that of an untitled one is its attribution line.

    `former_title` is set where only an earlier title is what was asked for, `merged_id` where the id asked for was merged
    into this entry.
    """

    entry_id: int
    title: str
    publication: str | None
    former_title: str | None = None
    merged_id: int | None = None


def find_entries(db: Database, wanted: str) -> list[Named]:
    """Return the entries that `wanted` may mean, newest feed date first: one that has this id or tag URI, else by title.

    A title counts as a whole before it counts in part, current or former alike; letter case, white space and quote style
    do not count. An id that was merged means the entry that answers for it. Nothing is found by what has no sign in it.
    """
    text = clean(wanted).strip()
    if (by_id := _by_id(db, text)) is not None:
        return [by_id]
    key = _title_key(text)
    return _by_title(db, key) if key else []


def _by_id(db: Database, wanted: str) -> Named | None:
    as_id = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == ID_DIGITS else None
    minted = db.execute("SELECT entry_id FROM identities WHERE tag_uri = ? OR entry_id = ?", (wanted, as_id)).fetchone()
    if minted is None:
        return None
    asked_id = minted[0]
    entry_id = surviving_id(db, asked_id)
    row = db.execute(
        "SELECT coalesce(title, attribution), publication FROM entries WHERE entry_id = ?", (entry_id,)
    ).fetchone()
    if row is None:
        return None
    return Named(entry_id, row[0], row[1], merged_id=asked_id if asked_id != entry_id else None)


def _by_title(db: Database, key: str) -> list[Named]:
    """Read all titles, current ones first: no index could find a part of one."""
    rows = db.execute(
        "SELECT e.entry_id, coalesce(e.title, e.attribution), e.publication, coalesce(r.title, r.attribution)"
        " FROM entries e JOIN revisions r USING (entry_id)"
        " ORDER BY e.feed_date DESC, r.revision_id = e.revision_id DESC, r.number DESC"
    )
    whole: dict[int, Named] = {}
    part: dict[int, Named] = {}
    for entry_id, title, publication, then in rows:
        then_key = _title_key(then)
        if key in then_key and entry_id not in (whole if key == then_key else part):
            former = then if _title_key(title) != then_key else None
            (whole if key == then_key else part)[entry_id] = Named(entry_id, title, publication, former)
    return list((whole or part).values())


def _title_key(title: str) -> str:
    return folded(title).casefold()
