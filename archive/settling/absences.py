"""Deciding which absences from a complete crawl count.

A cache may serve today's page followed by yesterday's next page. An entry that moved from one to the other is then on
neither. A real removal changes every later page. So the absence of an entry is doubtful while a page after its own is
unchanged. It does not count until that page changes, or until two fresh crawls, a week apart, both lack the entry.

The result depends only on crawls and captures, so a rebuild gives the same result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from foreign_eyes.archive.captures import listing_captures
from foreign_eyes.archive.crawls import Crawl, crawls_table
from foreign_eyes.archive.freshness import IS_FRESH
from foreign_eyes.archive.times import from_text

# least time between the two fresh crawls that confirm a doubtful absence
WEEK = timedelta(days=7)

# the bodies of a listing's pages, by page number
ShownBodies = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Absences:
    """The missing entries of a complete crawl: `counted` for one crawl, `confirmed` for two."""

    counted: tuple[int, ...]
    confirmed: tuple[int, ...]


def judge_absences(db: Database, crawl: Crawl, missing: Iterable[int]) -> Absences:
    """Return the entries whose absence from a complete crawl counts.

    The absence of the others is doubtful.
    """
    state = final_state(db, crawl.crawl_id)
    counted: list[int] = []
    confirmed: list[int] = []
    for (page, body), ids in _by_last_place(db, missing).items():
        if state.get(page, body) == body or page + 1 not in state:
            counted += ids  # the page is unchanged, or it was the last one
            continue
        sighting = _last_sighting(db, crawl, page, body)
        if sighting is None or not is_doubtful(
            page, _state_at(db, crawl, sighting), _state_since(db, crawl, sighting) or state, state
        ):
            counted += ids
        elif _is_confirmed(db, crawl, sighting):
            confirmed += ids
    return Absences(tuple(counted), tuple(confirmed))


def is_doubtful(page: int, before: ShownBodies, first: ShownBodies, now: ShownBodies) -> bool:
    """Return whether an entry's absence is doubtful. Pure.

    Args:
        page: the page on which the entry was last listed, and which has changed.
        before: the listing when the entry was last listed.
        first: the listing when the entry was first missing.
        now: the listing of the crawl that is being settled.
    """
    later = (number for number in sorted(first) if number > page and before.get(number) == first[number])
    unchanged = next(later, None)
    return unchanged is not None and now.get(unchanged) == before[unchanged]


def final_state(db: Database, crawl_id: int) -> ShownBodies:
    """Return the listing as a crawl left it."""
    return {capture.page: capture.body_sha256 for capture in listing_captures(db, crawl_id)}


@dataclass(frozen=True, slots=True)
class _Sighting:
    """The pass of a crawl that showed an entry last."""

    ordered_at: str
    crawl_id: int
    pass_number: int


# conditions on crawls `w` of the source, which are ordered by time, and on captures `c`
_SETTLED = "w.source_id = :source_id AND w.settled = 1"
_BEFORE = "(w.ordered_at, w.crawl_id) < ((SELECT ordered_at FROM timed_crawls WHERE crawl_id = :crawl_id), :crawl_id)"
_AFTER = "(w.ordered_at, w.crawl_id) > (:seen_at, :seen_in)"
_UP_TO = "(w.ordered_at, w.crawl_id) <= (:seen_at, :seen_in)"
_COMPLETE = "w.mode = 'full' AND w.outcome IN ('complete', 'unchanged')"
_WHOLE = "c.purpose = 'listing' AND c.status IN (200, 304) AND c.fault IS NULL"


def _by_last_place(db: Database, ids: Iterable[int]) -> dict[tuple[int, str], list[int]]:
    """Return entries by the page and body in which they were last listed."""
    found: dict[tuple[int, str], list[int]] = {}
    for entry_id, page, body in db.execute(
        "SELECT entry_id, last_page, last_body FROM json_each(?) JOIN entries ON entry_id = value ORDER BY entry_id",
        (json.dumps(list(ids)),),
    ):
        found.setdefault((page, body), []).append(entry_id)
    return found


def _last_sighting(db: Database, crawl: Crawl, page: int, body: str) -> _Sighting | None:
    """Return the last pass before this crawl that showed a page with that body."""
    row = db.execute(
        f"SELECT w.ordered_at, w.crawl_id, c.pass FROM captures c JOIN {crawls_table(db)} w USING (crawl_id)"  # noqa: S608 - our own words
        f" WHERE c.body_sha256 = :body AND c.page = :page AND {_WHOLE} AND {_SETTLED} AND {_BEFORE}"
        " ORDER BY w.ordered_at DESC, w.crawl_id DESC, c.pass DESC LIMIT 1",
        {"body": body, "page": page, **_of(crawl)},
    ).fetchone()
    return _Sighting(*row) if row else None


def _state_at(db: Database, crawl: Crawl, sighting: _Sighting) -> ShownBodies:
    """Return the listing at a sighting.

    These are the pages of the last complete crawl, updated by later captures.
    """
    complete = (
        f"SELECT w.ordered_at, w.crawl_id FROM {crawls_table(db)} w WHERE {_SETTLED} AND {_COMPLETE} AND {_UP_TO}"  # noqa: S608
        " ORDER BY w.ordered_at DESC, w.crawl_id DESC LIMIT 1"
    )
    rows = db.execute(
        f"WITH base (at, id) AS (SELECT * FROM ({complete}) UNION ALL SELECT '', 0 LIMIT 1)"  # noqa: S608
        f" SELECT c.page, c.body_sha256 FROM {crawls_table(db)} w JOIN captures c USING (crawl_id)"
        f" WHERE {_SETTLED} AND {_UP_TO} AND (w.ordered_at, w.crawl_id) >= (SELECT at, id FROM base) AND {_WHOLE}"
        " AND c.page IS NOT NULL AND c.body_sha256 IS NOT NULL AND (w.crawl_id != :seen_in OR c.pass <= :pass)"
        " ORDER BY w.ordered_at, w.crawl_id, c.capture_id",
        {**_of(crawl), **_since(sighting), "pass": sighting.pass_number},
    )
    return dict(rows.fetchall())


def _state_since(db: Database, crawl: Crawl, sighting: _Sighting) -> ShownBodies | None:
    """Return the listing of the first complete crawl between a sighting and this crawl."""
    row = db.execute(
        f"SELECT w.crawl_id FROM {crawls_table(db)} w WHERE {_SETTLED} AND {_COMPLETE} AND {_AFTER} AND {_BEFORE}"  # noqa: S608
        " ORDER BY w.ordered_at, w.crawl_id LIMIT 1",
        {**_of(crawl), **_since(sighting)},
    ).fetchone()
    return final_state(db, row[0]) if row else None


def _is_confirmed(db: Database, crawl: Crawl, sighting: _Sighting) -> bool:
    """Return whether this crawl is fresh, and one since the sighting a week before it."""
    now = _began_fresh(db, "w.crawl_id = :crawl_id", _of(crawl))
    if now is None:
        return False
    condition = f"{_SETTLED} AND {_COMPLETE} AND {_AFTER} AND {_BEFORE}"
    earlier = _began_fresh(db, condition, {**_of(crawl), **_since(sighting)})
    return earlier is not None and now - earlier >= WEEK


def _began_fresh(db: Database, condition: str, values: dict[str, object]) -> datetime | None:
    """Return the start of the first fresh crawl that meets `condition`."""
    query = f"SELECT min(w.started_at) FROM {crawls_table(db)} w WHERE {condition} AND {IS_FRESH}"  # noqa: S608 - our own
    row = db.execute(query, values).fetchone()
    return from_text(row[0]) if row[0] else None


def _of(crawl: Crawl) -> dict[str, object]:
    return {"source_id": crawl.source_id, "crawl_id": crawl.crawl_id}


def _since(sighting: _Sighting) -> dict[str, object]:
    return {"seen_at": sighting.ordered_at, "seen_in": sighting.crawl_id}
