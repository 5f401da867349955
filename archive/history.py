"""The history of one entry: its revisions, changes, decisions and restyles.

Times are timestamps of the archive (see `archive.times`).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.restyles import Restyle, load_restyles
from foreign_eyes.archive.settling.announced_decisions import AnnouncedDecision, find_announced_decision
from foreign_eyes.archive.settling.announced_words import announced_texts
from foreign_eyes.archive.settling.date_corrections import find_correction
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.text_columns import by_part, text_columns
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.word_diff import Piece, word_diff
from foreign_eyes.listing.text import folded
from foreign_eyes.listing.values import ENTRY_PARTS


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision, with the capture that first showed it and how it was matched.

    `match_score` is from 0 to 100. `crawl` is (ordered_at, crawl_id) of the crawl that first showed it.
    """

    number: int
    technical: bool
    first_seen: str
    url: str
    page: int
    position: int
    capture_id: int
    body_sha256: str
    match_method: str
    match_score: float | None
    flags: tuple[str, ...]
    parser_version: int
    texts: dict[str, str | None]
    crawl: tuple[str, int]
    revision_id: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the journal about the entry.

    `entry_id` is the id at that time, which may have been merged since. `at` is the time of the change; `crawl` is
    (ordered_at, crawl_id) of the crawl that showed it. A change that was found in old captures is not `announced`, and its
    crawl is long before `at`. A change that announces a decision or a redaction has no crawl. `moved` is the feed date before
    and after a correction of a crawl's times. `announced_texts` are by part of the entry; `announced_before` are those that
    the change replaced.
    """

    change_id: int
    at: str
    kind: str
    announced: bool
    entry_id: int | None
    revision: int | None
    crawl: tuple[str, int] | None
    decision: AnnouncedDecision | None = None
    moved: tuple[str, str] | None = None
    announced_texts: dict[str, str | None] | None = None
    announced_before: dict[str, str | None] | None = None

    @property
    def is_separate(self) -> bool:
        """Whether the history shows the change separately.

        A new revision itself shows its `new` or `revised` change.
        """
        return self.kind not in ("new", "revised") or self.crawl is None


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """An operator's decision about the entry, as in table `decisions`."""

    decision_id: int
    at: str
    kind: str
    entry_id: int
    other_id: int
    revision: int | None


@dataclass(frozen=True, slots=True)
class History:
    """The history of an entry.

    `entry` is its row of `current_entries`, `missed` the number of complete crawls in a row that lacked it, `answers_for`
    the ids merged into it. `revisions` are in order; a technical one follows the revision that it restates.
    """

    entry: dict[str, Any]
    missed: int
    answers_for: tuple[int, ...]
    revisions: tuple[Revision, ...]
    changes: tuple[Event, ...]
    decisions: tuple[DecisionMade, ...]
    restyles: tuple[Restyle, ...] = ()

    def before(self, revision: Revision) -> Revision | None:
        """Return the revision to compare `revision` with; None for the first.

        A technical revision is compared with the one that it restates. Any other is compared with the revision before it, if
        possible as restated by the same parser version, so that an editor's changes are not mixed with a parser's. The
        returned revision has the text of its last restyle.
        """
        earlier = self.revisions[: self.revisions.index(revision)]
        if not earlier:
            return None
        restatements = [other for other in earlier if other.number == earlier[-1].number]
        same_parser = [other for other in restatements if other.parser_version == revision.parser_version]
        found = (same_parser or restatements)[-1] if not revision.technical else earlier[-1]
        styles = [restyle.texts for restyle in self.restyles if restyle.revision_id == found.revision_id]
        return replace(found, texts=styles[-1]) if styles else found

    def is_reread(self, technical: Revision) -> bool:
        """Return whether another parser version made a technical revision.

        Otherwise only word boundaries changed.
        """
        before = self.before(technical)
        if before is None or before.parser_version != technical.parser_version:
            return True
        return any(folded(before.texts[part]) != folded(technical.texts[part]) for part in ENTRY_PARTS)

    def timeline(self) -> list[Revision | Event | Restyle]:
        """Return the revisions, withdrawals, returns, restyles and decisions in order of time."""
        between = [change for change in self.changes if change.is_separate]
        return sorted([*between, *self.revisions, *self.restyles], key=_place_in_time)


def entry_history(db: Database, entry_id: int) -> History:
    """Return the history of an entry that was not merged into another.

    `entry_lookup.find_entries` returns such entries.
    """
    # not `db.query`, which sets a savepoint: Datasette's connections refuse that
    found = db.execute("SELECT * FROM current_entries WHERE entry_id = ?", [entry_id])
    entry = dict(zip([name for name, *_ in found.description], found.fetchone(), strict=True))
    [missed] = db.execute("SELECT missed FROM entries WHERE entry_id = ?", [entry_id]).fetchone()
    merged = sorted(other_id for other_id, survivor in merged_ids(db).items() if survivor == entry_id)
    ids = json.dumps([entry_id, *merged])
    revisions, changes, decisions = _revisions(db, entry_id), _changes(db, ids), _decisions(db, ids)
    return History(entry, missed, tuple(merged), revisions, changes, decisions, load_restyles(db, entry_id))


def changed_parts(before: Revision | None, after: Revision) -> dict[str, tuple[Piece, ...]]:
    """Return the word diff of each part in which two revisions differ.

    Return no diff if `before` is None. Pure.
    """
    if before is None:
        return {}
    pairs = ((part, before.texts[part] or "", after.texts[part] or "") for part in ENTRY_PARTS)
    return {part: word_diff(old, new) for part, old, new in pairs if old != new}


def _revisions(db: Database, entry_id: int) -> tuple[Revision, ...]:
    rows = db.execute(
        "SELECT r.number, r.technical, r.first_seen, c.url, r.page, r.position, r.capture_id, c.body_sha256,"  # noqa: S608
        " r.match_method, r.match_score, r.flags, r.parser_version, w.ordered_at, w.crawl_id,"
        f" r.revision_id, {text_columns('r')}"
        " FROM revisions r JOIN captures c USING (capture_id) JOIN timed_crawls w USING (crawl_id)"
        " WHERE r.entry_id = ? ORDER BY r.number, r.technical, r.revision_id",
        (entry_id,),
    )
    return tuple(map(_revision, rows))


def _revision(row: tuple[Any, ...]) -> Revision:
    number, technical, first_seen, url, page, position, capture_id, body_sha256 = row[:8]
    match_method, match_score, flags, parser_version, ordered_at, crawl_id, revision_id = row[8:15]
    return Revision(
        number=number,
        technical=bool(technical),
        first_seen=first_seen,
        url=url,
        page=page,
        position=position,
        capture_id=capture_id,
        body_sha256=body_sha256,
        match_method=match_method,
        match_score=match_score,
        flags=tuple(json.loads(flags)),
        parser_version=parser_version,
        texts=by_part(row[15:]),
        crawl=(ordered_at, crawl_id),
        revision_id=revision_id,
    )


_CHANGES = (
    "SELECT x.change_id, x.at, x.kind, x.announced, x.entry_id, coalesce(t.revision, r.number), w.ordered_at, w.crawl_id,"
    " x.decision_id, x.redating_id, t.words, t.words_before"
    " FROM changes x LEFT JOIN timed_crawls w USING (crawl_id) LEFT JOIN revisions r USING (revision_id)"
    " LEFT JOIN told_words t ON t.change_id = x.change_id"
    " WHERE x.entry_id IN (SELECT value FROM json_each(:ids))"
    " OR (x.kind IN ('merged', 'split') AND x.other_entry_id IN (SELECT value FROM json_each(:ids)))"
    " OR x.redating_id IN (SELECT redating_id FROM redated_entries WHERE entry_id IN (SELECT value FROM json_each(:ids)))"
    " ORDER BY x.change_id"
)


def _changes(db: Database, ids: str) -> tuple[Event, ...]:
    return tuple(_event(db, row, set(json.loads(ids))) for row in db.execute(_CHANGES, {"ids": ids}).fetchall())


def _event(db: Database, row: tuple[Any, ...], ids: set[int]) -> Event:
    change_id, at, kind, announced, entry_id, number, ordered_at, crawl_id = row[:8]
    decision_id, redating_id, words, words_before = row[8:]
    return Event(
        change_id=change_id,
        at=at,
        kind=kind,
        announced=bool(announced),
        entry_id=entry_id,
        revision=number,
        crawl=None if crawl_id is None or redating_id is not None else (ordered_at, crawl_id),
        decision=None if decision_id is None else find_announced_decision(db, change_id),
        moved=None if redating_id is None else _moved(db, redating_id, ids),
        announced_texts=_announced(db, words),
        announced_before=_announced(db, words_before),
    )


def _moved(db: Database, redating_id: int, ids: set[int]) -> tuple[str, str]:
    """Return the feed date before and after a redating."""
    moved = next(move for move in find_correction(db, redating_id).moved if move.entry_id in ids)
    return to_text(moved.before), to_text(moved.after)


def _announced(db: Database, words: str | None) -> dict[str, str | None] | None:
    texts = announced_texts(db, words)
    return None if texts is None else {part: getattr(texts, part) for part in ENTRY_PARTS}


def _decisions(db: Database, ids: str) -> tuple[DecisionMade, ...]:
    rows = db.execute(
        "SELECT decision_id, at, kind, entry_id, other_id, revision FROM decisions"
        " WHERE entry_id IN (SELECT value FROM json_each(:ids)) OR other_id IN (SELECT value FROM json_each(:ids))"
        " ORDER BY decision_id",
        {"ids": ids},
    )
    return tuple(DecisionMade(*row) for row in rows)


def _place_in_time(item: Revision | Event | Restyle) -> tuple[object, ...]:
    """Return the sort key of `timeline`.

    In one crawl, events come before the revisions that they announce.
    """
    if isinstance(item, Event) and item.crawl is None:  # after all that was seen by then
        return (item.at, math.inf, 2, item.change_id, False)
    if isinstance(item, Event):
        return (*(item.crawl or ()), 0, item.change_id, False)
    if isinstance(item, Restyle):
        return (*item.crawl, 1, item.revision, True)
    return (*item.crawl, 1, item.number, item.technical)
