"""Doubtful matches for an operator: two texts, the reason, and the commands to settle it.

Times are timestamps of the archive (see `archive.times`).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.history import History, Revision, entry_history
from foreign_eyes.archive.matching import doubt_reasons as reasons
from foreign_eyes.archive.settling.operator_decisions import surviving_id

# by reason; `other` is the other entry that the row may belong to
_SENTENCES = {
    reasons.SAME_EXCERPT: "This is a new entry, but it has the excerpt of {other}.",
    reasons.SAME_TITLE: "This is a new entry, but it has the title and publication of {other}.",
    reasons.NEARLY_EXCERPT: "This is a new entry, but its excerpt is nearly that of {other}.",
    reasons.NEARLY_THE_REST: "This is a new entry, but its title and commentary are nearly those of {other}.",
    reasons.NEAR_ANOTHER: "It was matched to this entry, but it also resembles {other}.",
    reasons.FIGURES_CHANGED: "It was matched to this entry, but figures differ: it may be another report of the same kind.",
    reasons.NAMES_CHANGED: "It was matched to this entry, but names differ: it may be another report of the same kind.",
    reasons.LOW_SCORE: "It was matched to this entry, but they have little text in common.",
    reasons.RETURNED: "The entry had been withdrawn and came back with other words.",
    reasons.OTHER_RULES: "An earlier version matched it to this entry; today's rules would choose {other}.",
}
# stored reasons of rules before version 3
_OLD_REASONS = {
    "same excerpt as another entry": reasons.SAME_EXCERPT,
    "same title and publication as another entry": reasons.SAME_TITLE,
    "nearly the excerpt of another entry": reasons.NEARLY_EXCERPT,
    "nearly the title and commentary of another entry": reasons.NEARLY_THE_REST,
}
# methods by which a row with equal text is matched: such a row is compared with the other entry
_BY_WORDING = {"new", "same wording", "earlier wording", "as settled before"}


@dataclass(frozen=True, slots=True)
class DoubtTexts:
    """One of the two texts of a doubt: a revision and its entry."""

    entry_id: int
    revision: Revision


@dataclass(frozen=True, slots=True)
class Remedy:
    """A command line that settles a doubt, its command's name, and the case to use it in."""

    case: str
    name: str
    command: str


@dataclass(frozen=True, slots=True)
class DoubtfulMatch:
    """A doubtful match.

    `facts` has the columns of view `doubts`; `entry` is the entry's row of `current_entries`. `after` is the matched text;
    `before` is the text to compare it with: the entry's text before it, or the other entry's text at that time, or None.
    `confirmed_at` is None while the doubt is open.
    """

    facts: dict[str, Any]
    entry: dict[str, Any]
    capture_id: int
    page: int | None
    confirmed_at: str | None
    before: DoubtTexts | None
    after: DoubtTexts

    @property
    def sentence(self) -> str:
        """The reason as a sentence."""
        other_id = self.facts["other_entry_id"]
        other = "another entry" if other_id is None else f"entry {other_id}"
        reason = self.facts["reason"]
        sentence = _SENTENCES.get(_OLD_REASONS.get(reason, reason), "The match is doubtful: {reason}.")
        return sentence.format(other=other, reason=reason)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The commands that settle the doubt; empty if it is settled."""
        if self.confirmed_at is not None:
            return ()
        entry_id, number, other_id = (self.facts[name] for name in ("entry_id", "revision", "other_entry_id"))
        is_new = self.facts["match_method"] == "new"
        found = [Remedy("two entries" if is_new else "right", "confirm", f"foreign-eyes confirm {entry_id} {number}")]
        if not is_new and number > 1:
            found.append(Remedy("wrong", "split", f"foreign-eyes split {entry_id} {number}"))
        if other_id is not None:
            found.append(Remedy("one entry", "merge", f"foreign-eyes merge {other_id} {entry_id}"))
        return tuple(found)


def find_doubts(db: Database, entry_id: int | None = None, *, settled: bool = False) -> list[DoubtfulMatch]:
    """Return the doubtful matches of one entry or all, newest first.

    If `settled` is set, confirmed ones are included. The doubts of an entry include those that name it as the other entry.
    """
    rows = db.query(
        "SELECT r.entry_id, r.number AS revision, d.at, d.reason, d.match_method, d.match_score, d.other_entry_id,"
        " d.capture_id, c.page, k.at AS confirmed_at, w.ordered_at, w.crawl_id, r.technical, r.parser_version"
        " FROM match_doubts d JOIN revisions r USING (revision_id) JOIN captures c ON c.capture_id = d.capture_id"
        " JOIN timed_crawls w ON w.crawl_id = c.crawl_id LEFT JOIN confirmations k USING (confirmation_id)"
        " WHERE (:settled OR d.confirmation_id IS NULL)"
        " AND (:entry_id IS NULL OR :entry_id IN (r.entry_id, d.other_entry_id))"
        " ORDER BY d.at DESC, r.page, r.position, d.reason",
        {"settled": settled, "entry_id": entry_id},
    )
    histories = _Histories(db)
    return [_doubtful(histories, row) for row in list(rows)]


def count_doubts(db: Database) -> dict[str, int]:
    """Return the number of open doubts by source name; sources without open doubts are omitted."""
    rows = db.execute(
        "SELECT s.name, count(*) FROM doubts d JOIN entries e USING (entry_id) JOIN sources s USING (source_id)"
        " GROUP BY s.source_id ORDER BY s.source_id"
    )
    return dict(rows.fetchall())


def count_new_doubts(db: Database, crawl_ids: Collection[int]) -> int:
    """Return the number of open doubts from the captures of these crawls."""
    row = db.execute(
        "SELECT count(*) FROM match_doubts JOIN captures USING (capture_id)"
        " WHERE confirmation_id IS NULL AND crawl_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(crawl_ids)),),
    )
    return int(row.fetchone()[0])


class _Histories:
    """A cache of the histories of entries."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._cache: dict[int, History] = {}

    def of(self, entry_id: int) -> History:
        """Return the history of an entry, or of the entry that it was merged into."""
        entry_id = surviving_id(self._db, entry_id)
        if entry_id not in self._cache:
            self._cache[entry_id] = entry_history(self._db, entry_id)
        return self._cache[entry_id]


def _doubtful(histories: _Histories, row: dict[str, Any]) -> DoubtfulMatch:
    history = histories.of(row["entry_id"])
    keys = [(revision.number, revision.technical, revision.parser_version) for revision in history.revisions]
    revision = history.revisions[keys.index((row["revision"], bool(row["technical"]), row["parser_version"]))]
    return DoubtfulMatch(
        facts={name: row[name] for name in _FACTS},
        entry=history.entry,
        capture_id=row["capture_id"],
        page=row["page"],
        confirmed_at=row["confirmed_at"],
        before=_text_to_compare(histories, row, history, revision),
        after=DoubtTexts(row["entry_id"], revision),
    )


def _text_to_compare(
    histories: _Histories, row: dict[str, Any], history: History, revision: Revision
) -> DoubtTexts | None:
    """Return the entry's previous text if the revision is an edit, else the other entry's."""
    before = None if row["match_method"] in _BY_WORDING else history.before(revision)
    if before is not None:
        return DoubtTexts(row["entry_id"], before)
    if row["other_entry_id"] is None:
        return None
    other = histories.of(row["other_entry_id"])
    earlier = [revision for revision in other.revisions if revision.crawl < (row["ordered_at"], row["crawl_id"])]
    return DoubtTexts(other.entry["entry_id"], earlier[-1] if earlier else other.revisions[0])


_FACTS = ("entry_id", "revision", "at", "reason", "match_method", "match_score", "other_entry_id")
