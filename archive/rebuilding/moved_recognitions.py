"""Changing recognitions for a split: rows of the cut-off part get the other entry.

Rows with wordings that this part does not have keep their recognitions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.matching.matcher import Match
from foreign_eyes.archive.settling.recognitions import (
    Recognition,
    RecognitionKey,
    Recognitions,
    insert_recognition,
    load_recognitions,
)
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

# a crawl's position in time, and a pass of it
Point = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """The part that a split moves from `entry_id` to `other_id`.

    The split is at revision `number`; `own_ids` stay with the entry.

    `undoes_merge` is whether the split undoes a merge. Then rows that were recognised before the merge keep their id,
    and later rows are matched anew.
    """

    entry_id: int
    number: int
    is_later: bool
    other_id: int
    own_ids: Collection[int]
    undoes_merge: bool


@dataclass(frozen=True, slots=True)
class _Shown:
    """A revision with the lookup key of its row, and the crawl and pass that first showed it."""

    number: int
    key: RecognitionKey
    crawl_id: int
    point: Point


def move_recognitions(db: Database, part: Part) -> None:
    """Change the recognitions of the rows that a split cuts off, within the transaction."""
    recognitions = load_recognitions(db)
    shown = list(_revisions(db, part.entry_id, recognitions))
    cut = min(each.point for each in shown if each.number == part.number)
    cut_off = [each for each in shown if (each.number >= part.number) == part.is_later]
    merged_at = _crawl_at_merge(db, part) if part.undoes_merge else 0
    times: dict[int, str] = dict(
        db.execute("SELECT crawl_id, ordered_at FROM timed_crawls WHERE settled = 1").fetchall()
    )
    for key in {each.key for each in cut_off}:
        points = {each.point for each in cut_off if each.key == key}

        def is_cut_off(point: Point, points: Collection[Point] = frozenset(points)) -> bool:
            return point >= min(points) if part.is_later else point < cut or point in points

        def target(
            recognition: Recognition, point: Point, is_cut_off: Callable[[Point], bool] = is_cut_off
        ) -> int | None:
            if recognition.entry_id not in part.own_ids or not is_cut_off(point):
                return recognition.entry_id
            if not part.undoes_merge:
                return part.other_id
            return recognition.entry_id if point[1] <= merged_at else None

        _store_targets(db, key, recognitions, _points(key, recognitions, shown, times), target)


def _revisions(db: Database, entry_id: int, recognitions: Recognitions) -> Iterable[_Shown]:
    rows = db.execute(
        "SELECT r.number, e.source_id, r.parser_version, w.crawl_id, w.ordered_at, c.pass, r.wording,"  # noqa: S608
        f" {text_columns('r')}"
        " FROM revisions r JOIN entries e USING (entry_id) JOIN captures c ON c.capture_id = r.capture_id"
        " JOIN timed_crawls w USING (crawl_id) WHERE r.entry_id = ? ORDER BY r.revision_id",
        (entry_id,),
    )
    for number, source_id, version, crawl_id, ordered_at, pass_number, wording, *texts in rows.fetchall():
        key = RecognitionKey(source_id, version, identity_digest(ListedEntry(*texts)), wording)
        recognition = recognitions.find(key, crawl_id, pass_number)
        key = key._replace(spelling=recognition.spelling if recognition else "")
        yield _Shown(number, key, crawl_id, (ordered_at, crawl_id, pass_number))


def _crawl_at_merge(db: Database, part: Part) -> int:
    """Return the last crawl that was settled before the merge that the split undoes, or 0."""
    row = db.execute(
        "SELECT max(c.crawl_id) FROM crawls c WHERE imported = 0 AND finished_at <="
        " (SELECT max(at) FROM decisions WHERE kind = 'merge' AND :other_id IN (entry_id, other_id)"
        "  AND decision_id < (SELECT max(decision_id) FROM decisions WHERE kind = 'split'))",
        {"other_id": part.other_id},
    ).fetchone()
    return int(row[0] or 0)


def _points(
    key: RecognitionKey, recognitions: Recognitions, shown: Iterable[_Shown], times: dict[int, str]
) -> list[Point]:
    """Return the points at which the recognition of a key can change, by crawl id."""
    points = {(crawl_id, 0) for crawl_id in times}
    points |= {recognition.since for recognition in recognitions.all_of(key)}
    points |= {(each.crawl_id, each.point[2]) for each in shown}
    return [(times.get(crawl_id, ""), crawl_id, pass_number) for crawl_id, pass_number in sorted(points)]


def _store_targets(
    db: Database,
    key: RecognitionKey,
    recognitions: Recognitions,
    points: Iterable[Point],
    target: Callable[[Recognition, Point], int | None],
) -> None:
    """Add recognitions so that the valid one at each point has the entry of `target`."""
    current: int | None = None
    for point in points:
        before = recognitions.find(key, point[1], point[2])
        if before is None:
            continue
        is_here = before.since == point[1:]
        wanted = target(before, point)
        if wanted != (before.entry_id if is_here else current):
            match = before.match if is_here else Match(wanted, "as settled before")
            insert_recognition(db, key, point[1:], wanted, match)
        current = wanted
