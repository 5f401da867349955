"""Announcing operators' decisions on identity, as changes with words of their own.

    compare the archive before with the archive derived with the decision | announce what readers were told wrongly

Only decisions of this run are announced; earlier decisions are not announced afterwards. The rows have no crawl and no
revision, so deriving the archive again neither finds nor changes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.settling.announced_words import (
    current_texts,
    last_announced_texts,
    store_words,
)
from foreign_eyes.archive.settling.journal import Change, ChangeKind, append_changes
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.listing.values import EntryTexts

EntryState = tuple[int, EntryTexts]


@dataclass(frozen=True, slots=True)
class _Made:
    """A new decision: `other_id` was merged into `entry_id`, or split off it."""

    decision_id: int
    kind: str
    entry_id: int
    other_id: int


@dataclass(frozen=True, slots=True)
class _Statement:
    """A change to announce, with its words and the words that they replace."""

    change: Change
    told: EntryState | None
    before: EntryTexts | None = None


def tell_decisions(before: Database, db: Database, at: datetime) -> None:
    """Announce in `db` the decisions that `before` does not have, inside the caller's transaction."""
    if before.execute("SELECT 1 FROM crawls LIMIT 1").fetchone() is None:
        return  # an archive loaded from an export: its decisions were announced already
    for made in _made_since(before, db):
        source_id = db.execute("SELECT source_id FROM identities WHERE entry_id = ?", (made.entry_id,)).fetchone()[0]
        for statement in _statements(before, db, made):
            (change_id,) = append_changes(db, source_id, None, [statement.change], at, announced=True)
            if statement.told is not None:
                store_words(db, change_id, *statement.told, statement.before)


def _made_since(before: Database, db: Database) -> list[_Made]:
    """Return the new decisions, without the merges by which a split keeps its parts together."""
    last = before.execute("SELECT coalesce(max(decision_id), 0) FROM decisions").fetchone()[0]
    rows = db.execute(
        "SELECT decision_id, kind, entry_id, other_id FROM decisions WHERE decision_id > ? ORDER BY decision_id",
        (last,),
    )
    made: list[_Made] = []
    for row in rows:
        one = _Made(*row)
        if one.kind == "merge" and made and made[-1].kind == "split":
            continue
        made.append(one)
    return made


def _statements(before: Database, db: Database, made: _Made) -> Iterator[_Statement]:
    answers = merged_ids(db).get(made.entry_id, made.entry_id)
    if made.kind == "merge":
        was = current_texts(before, made.other_id)
        merged = Change("merged", made.other_id, other_entry_id=answers, decision_id=made.decision_id)
        yield _Statement(merged, current_texts(db, answers), was[1] if was else None)
        yield from _changed(before, db, made, answers)
        yield from _gone_and_back(before, db, made, answers)
        yield from _gone_and_back(before, db, made, made.other_id, answers)
        return
    split = Change("split", made.entry_id, other_entry_id=made.other_id, decision_id=made.decision_id)
    now = current_texts(db, made.other_id)
    yield _Statement(split, now)
    yield from _begun(db, made, made.other_id)
    yield from _gone_and_back(before, db, made, made.other_id)
    yield from _changed(before, db, made, answers)
    yield from _gone_and_back(before, db, made, answers)


def _begun(db: Database, made: _Made, entry_id: int) -> Iterator[_Statement]:
    """Yield `new` for an entry that readers never saw, or `revised` if it was merged before and now has other words."""
    now, told = current_texts(db, entry_id), last_announced_texts(db, entry_id)
    if now is None or (told is not None and told == now[1]):
        return
    kind: ChangeKind = "new" if told is None else "revised"
    yield _Statement(Change(kind, entry_id, decision_id=made.decision_id), now, told)


def _changed(before: Database, db: Database, made: _Made, entry_id: int) -> Iterator[_Statement]:
    """Yield `revised` for an entry whose words differ from those before the decision."""
    was, now = current_texts(before, entry_id), current_texts(db, entry_id)
    if was is not None and now is not None and was[1] != now[1]:
        yield _Statement(Change("revised", entry_id, decision_id=made.decision_id), now, was[1])


def _gone_and_back(
    before: Database, db: Database, made: _Made, told_id: int, answers: int | None = None
) -> Iterator[_Statement]:
    """Yield a correction if readers were wrongly told of a withdrawal or return under `told_id`, or a late withdrawal.

    `answers` is the entry that `told_id` was merged into, if it was merged.
    """
    today = told_id if answers is None else answers
    gone_since, now = _gone_since(db, today), current_texts(db, today)
    told = _told_of(db, told_id)
    is_told_gone = bool(told) and told[-1].kind == "withdrawn"
    was_gone = _gone_since(before, told_id) is not None
    if is_told_gone == (gone_since is not None) or was_gone == (gone_since is not None):
        return
    if is_told_gone or (
        told and told[-1].at >= str(gone_since)
    ):  # or it was withdrawn when it was announced as returned
        yield _Statement(_correction(made, told_id, told[-1]), now)
    elif answers is None:
        yield _Statement(Change("withdrawn", told_id, decision_id=made.decision_id), now)


@dataclass(frozen=True, slots=True)
class _Told:
    change_id: int
    kind: str
    at: str


def _told_of(db: Database, entry_id: int) -> list[_Told]:
    """Return the withdrawals and returns that were announced under an id and not corrected."""
    rows = db.execute(
        "SELECT x.change_id, x.kind, x.at FROM changes x WHERE x.entry_id = ? AND x.announced = 1"
        " AND x.kind IN ('withdrawn', 'returned')"
        " AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.corrects_id = x.change_id) ORDER BY x.change_id",
        (entry_id,),
    )
    return [_Told(*row) for row in rows]


def _gone_since(db: Database, entry_id: int) -> str | None:
    row = db.execute("SELECT withdrawn_at FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()
    return row[0] if row else None


def _correction(made: _Made, told_id: int, undone: _Told) -> Change:
    other_id = made.other_id if told_id == made.entry_id else made.entry_id
    return Change(
        *("corrected", told_id), other_entry_id=other_id, decision_id=made.decision_id, corrects_id=undone.change_id
    )
