"""Stores the listing of each crawl as placements, which are differences between crawls.

A placement begins with the crawl that first shows an entry with a revision at a place, and ends with the crawl that no
longer does. So an entry that stays as it is costs nothing, and the listing of any crawl is one range query. The order
of a listing is that of `order_key` (see `archive.settling.order_keys`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl, crawls_table
from foreign_eyes.archive.settling.placing import Placed, Shown, place_rows


def record_placements(db: Database, crawl: Crawl, states: Sequence[Sequence[int]], *, whole: bool) -> None:
    """Store the changes of the listing by a crawl.

    `states` are the revisions of the rows in each state of the listing that the crawl saw; the last one counts. `whole` is
    whether that state is the whole listing. A row that only earlier states showed was contradicted by a later pass: its
    placement begins and ends with this crawl.
    """
    if not states:
        return
    entries = _entries(db, {revision_id for state in states for revision_id in state})
    *earlier, last = [[Shown(entries[revision_id], revision_id) for revision_id in state] for state in states]
    before = _current(db, crawl.source_id)
    moves = place_rows(before, last, whole=whole)
    at = _ordered_at(db, crawl.crawl_id)
    db.conn.executemany(
        "UPDATE placements SET to_crawl = ?, listed_to = ? WHERE source_id = ? AND order_key = ? AND to_crawl IS NULL",
        [(crawl.crawl_id, at, crawl.source_id, placed.order_key) for placed in moves.ended],
    )
    _insert(db, crawl, at, moves.begun, ended=False)
    present = {*last, *(placed.shown for placed in before)}
    if any(row not in present for state in earlier for row in state):
        listing = sorted({*before} - {*moves.ended} | {*moves.begun})
        for state in earlier:
            begun = place_rows(listing, state, whole=False).begun
            contradicted = [placed for placed in begun if placed.shown not in present]
            _insert(db, crawl, at, contradicted, ended=True)
            present |= {placed.shown for placed in contradicted}


def _current(db: Database, source_id: int) -> list[Placed]:
    """Return the current placements of a source, in order."""
    rows = db.execute(
        "SELECT order_key, entry_id, revision_id FROM placements WHERE source_id = ? AND to_crawl IS NULL"
        " ORDER BY order_key",
        (source_id,),
    )
    return [Placed(order_key, Shown(*shown)) for order_key, *shown in rows]


def _entries(db: Database, revision_ids: Iterable[int]) -> dict[int, int]:
    """Return the entries of revisions; a provisional id of an earlier pass may have ended since."""
    rows = db.execute(
        "SELECT revision_id, entry_id FROM json_each(?) JOIN revisions ON revision_id = value",
        (json.dumps(sorted(revision_ids)),),
    )
    return dict(rows.fetchall())


def _ordered_at(db: Database, crawl_id: int) -> str:
    row = db.execute(f"SELECT ordered_at FROM {crawls_table(db)} WHERE crawl_id = ?", (crawl_id,))  # noqa: S608 - our name
    return str(row.fetchone()[0])


def _insert(db: Database, crawl: Crawl, at: str, begun: Iterable[Placed], *, ended: bool) -> None:
    end = (crawl.crawl_id, at) if ended else (None, None)
    db.conn.executemany(
        "INSERT INTO placements (from_crawl, order_key, revision_id, entry_id, source_id, listed_from, to_crawl, listed_to)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(crawl.crawl_id, key, shown.revision_id, shown.entry_id, crawl.source_id, at, *end) for key, shown in begun],
    )
