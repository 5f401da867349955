"""Announcing operators' decisions on identity, as changes with words of their own.

    compare the archive before and after the decision | announce the difference and correct wrong announcements

Only decisions of this run are announced; earlier ones are not announced later. The changes have no crawl and no
revision, so a rebuild neither finds nor changes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.settling.announced_words import current_texts, last_announced_texts, store_words
from foreign_eyes.archive.settling.journal import Change, ChangeKind, append_changes
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.listing.values import EntryTexts

EntryState = tuple[int, EntryTexts]


@dataclass(frozen=True, slots=True)
class _NewDecision:
    """A decision of this run: `other_id` was merged into `entry_id`, or split off it."""

    decision_id: int
    kind: str
    entry_id: int
    other_id: int


@dataclass(frozen=True, slots=True)
class _Statement:
    """A change to announce.

    `state` is the revision number and words of its entry, `before` the words that they replace.
    """

    change: Change
    state: EntryState | None
    before: EntryTexts | None = None


def announce_decisions(before: Database, db: Database, at: datetime) -> None:
    """Announce the decisions in `db` that are not in `before`, within the transaction."""
    if before.execute("SELECT 1 FROM crawls LIMIT 1").fetchone() is None:
        return  # the archive is loaded from an export, and its decisions were announced before
    into = merged_ids(db)
    for decision in _decisions_since(before, db):
        source_id = db.execute("SELECT source_id FROM identities WHERE entry_id = ?", (decision.entry_id,)).fetchone()[
            0
        ]
        for statement in _statements(before, db, decision, into.get(decision.entry_id, decision.entry_id)):
            (change_id,) = append_changes(db, source_id, None, [statement.change], at, announced=True)
            if statement.state is not None:
                store_words(db, change_id, *statement.state, statement.before)


def _decisions_since(before: Database, db: Database) -> list[_NewDecision]:
    """Return the new decisions, without the merges that a split records for its parts."""
    last = before.execute("SELECT coalesce(max(decision_id), 0) FROM decisions").fetchone()[0]
    rows = db.execute(
        "SELECT decision_id, kind, entry_id, other_id FROM decisions WHERE decision_id > ? ORDER BY decision_id",
        (last,),
    )
    decisions: list[_NewDecision] = []
    for row in rows:
        decision = _NewDecision(*row)
        if decision.kind == "merge" and decisions and decisions[-1].kind == "split":
            continue
        decisions.append(decision)
    return decisions


def _statements(before: Database, db: Database, decision: _NewDecision, survivor_id: int) -> Iterator[_Statement]:
    if decision.kind == "merge":
        was = current_texts(before, decision.other_id)
        merged = Change("merged", decision.other_id, other_entry_id=survivor_id, decision_id=decision.decision_id)
        yield _Statement(merged, current_texts(db, survivor_id), was[1] if was else None)
        yield from _changed(before, db, decision, survivor_id)
        yield from _withdrawals(before, db, decision, survivor_id)
        yield from _withdrawals(before, db, decision, decision.other_id, survivor_id)
        return
    split = Change("split", decision.entry_id, other_entry_id=decision.other_id, decision_id=decision.decision_id)
    now = current_texts(db, decision.other_id)
    yield _Statement(split, now)
    yield from _appearance(db, decision, decision.other_id)
    yield from _withdrawals(before, db, decision, decision.other_id)
    yield from _changed(before, db, decision, survivor_id)
    yield from _withdrawals(before, db, decision, survivor_id)


def _appearance(db: Database, decision: _NewDecision, entry_id: int) -> Iterator[_Statement]:
    """Yield `new` for an entry that was never announced, or `revised` if its words differ."""
    now, announced = current_texts(db, entry_id), last_announced_texts(db, entry_id)
    if now is None or (announced is not None and announced == now[1]):
        return
    kind: ChangeKind = "new" if announced is None else "revised"
    yield _Statement(Change(kind, entry_id, decision_id=decision.decision_id), now, announced)


def _changed(before: Database, db: Database, decision: _NewDecision, entry_id: int) -> Iterator[_Statement]:
    """Yield `revised` for an entry whose words differ from those before the decision."""
    was, now = current_texts(before, entry_id), current_texts(db, entry_id)
    if was is not None and now is not None and was[1] != now[1]:
        yield _Statement(Change("revised", entry_id, decision_id=decision.decision_id), now, was[1])


def _withdrawals(
    before: Database, db: Database, decision: _NewDecision, announced_id: int, survivor_id: int | None = None
) -> Iterator[_Statement]:
    """Yield a correction of an announced withdrawal or return, or a late withdrawal.

    `survivor_id` is the entry into which `announced_id` was merged, if any.
    """
    entry_id = announced_id if survivor_id is None else survivor_id
    withdrawn_at, now = _withdrawn_at(db, entry_id), current_texts(db, entry_id)
    announced = _announced(db, announced_id)
    is_announced = bool(announced) and announced[-1].kind == "withdrawn"
    was_withdrawn = _withdrawn_at(before, announced_id) is not None
    if is_announced == (withdrawn_at is not None) or was_withdrawn == (withdrawn_at is not None):
        return
    # the second case: it was withdrawn when it was announced as returned
    if is_announced or (announced and announced[-1].at >= str(withdrawn_at)):
        yield _Statement(_correction(decision, announced_id, announced[-1]), now)
    elif survivor_id is None:
        yield _Statement(Change("withdrawn", announced_id, decision_id=decision.decision_id), now)


@dataclass(frozen=True, slots=True)
class _Announced:
    """An announced withdrawal or return."""

    change_id: int
    kind: str
    at: str


def _announced(db: Database, entry_id: int) -> list[_Announced]:
    """Return the withdrawals and returns that were announced for an id and not corrected."""
    rows = db.execute(
        "SELECT x.change_id, x.kind, x.at FROM changes x WHERE x.entry_id = ? AND x.announced = 1"
        " AND x.kind IN ('withdrawn', 'returned')"
        " AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.corrects_id = x.change_id) ORDER BY x.change_id",
        (entry_id,),
    )
    return [_Announced(*row) for row in rows]


def _withdrawn_at(db: Database, entry_id: int) -> str | None:
    row = db.execute("SELECT withdrawn_at FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()
    return row[0] if row else None


def _correction(decision: _NewDecision, announced_id: int, wrong: _Announced) -> Change:
    other_id = decision.other_id if announced_id == decision.entry_id else decision.entry_id
    return Change(
        *("corrected", announced_id),
        other_entry_id=other_id,
        decision_id=decision.decision_id,
        corrects_id=wrong.change_id,
    )
