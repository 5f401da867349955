"""Judging a crawl's clock by the times in the archive, and applying that to its verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from foreign_eyes.archive.captures import headers_of
from foreign_eyes.archive.crawls import crawls_table
from foreign_eyes.archive.settling.clock_rules import (
    Crawled,
    Earlier,
    KnownTimes,
    difference_of,
    judge_clock,
    site_time,
)
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.values import Clock, Verdict

# most crawls in doubt that are loaded
_LOOKED_AT = 500


def judge_times(db: Database, crawl_id: int, verdict: Verdict, *, accept: bool) -> Verdict:
    """Judge the clock of a crawl whose listing was read; return its verdict with the result.

    A clock in doubt makes a verdict that would settle suspect. With `accept`, its difference becomes the usual one.
    """
    source, started_at = db.execute(
        "SELECT s.name, c.started_at FROM crawls c JOIN sources s USING (source_id) WHERE c.crawl_id = ?", (crawl_id,)
    ).fetchone()
    known = known_times(db, crawl_id)
    judged = judge_clock(from_text(started_at), difference_of(_answers(db, crawl_id)), known, source)
    if judged.doubt is None:
        # a page that is not a listing may come from another host, so its time is not stored as usual for the site
        is_usual = verdict.settles or known.usual is not None
        clock = judged.clock if is_usual else Clock(judged.clock.difference)
        return replace(verdict, reason=_joined(verdict.reason, judged.warning), clock=clock)
    if accept and verdict.settles:
        accepted = Clock(judged.clock.difference, judged.clock.difference)
        return replace(verdict, reason=_joined(verdict.reason, f"accepted: {judged.doubt}"), clock=accepted)
    if accept or verdict.outcome in ("blocked", "unreachable", "failed"):
        return replace(verdict, clock=judged.clock)
    return Verdict("suspect", _joined(verdict.reason, judged.doubt), clock=judged.clock)


def known_times(db: Database, crawl_id: int) -> KnownTimes:
    """Return the times in the archive by which a crawl's clock is judged.

    Imported crawls had another clock.
    """
    newest = db.execute(
        f"SELECT crawl_id, max(finished_at) FROM {crawls_table(db)}"  # noqa: S608 - our own name
        " WHERE imported = 0 AND crawl_id != ? AND (settled = 1 OR usual_difference IS NOT NULL)",
        (crawl_id,),
    ).fetchone()
    last_right, usual = _last_right(db, crawl_id)
    in_doubt = db.execute(
        "SELECT started_at, clock_difference FROM crawls WHERE source_id = (SELECT source_id FROM crawls WHERE crawl_id = :id)"
        " AND crawl_id > :right AND crawl_id < :id AND imported = 0 AND settled = 0 AND clock_difference IS NOT NULL"
        " ORDER BY crawl_id DESC LIMIT :limit",
        {"id": crawl_id, "right": last_right, "limit": _LOOKED_AT},
    )
    return KnownTimes(
        newest=Crawled(newest[0], from_text(newest[1])) if newest[1] else None,
        usual=usual,
        in_doubt=[Earlier(from_text(began), timedelta(seconds=seconds)) for began, seconds in in_doubt],
    )


def _last_right(db: Database, crawl_id: int) -> tuple[int, timedelta | None]:
    """Return the source's last crawl whose clock was right, and the usual difference.

    Without one, the answers of the last crawl that an earlier version settled give the usual difference. Redated
    crawls are skipped: an operator may know the day, but not the minute.
    """
    before = (
        "source_id = (SELECT source_id FROM crawls WHERE crawl_id = :id) AND crawl_id < :id AND imported = 0"
        " AND crawl_id NOT IN (SELECT crawl_id FROM redatings)"
    )
    row = db.execute(
        "SELECT crawl_id, usual_difference FROM crawls WHERE crawl_id ="  # noqa: S608 - our own words, here and below
        f" (SELECT max(crawl_id) FROM crawls WHERE {before} AND usual_difference IS NOT NULL)",
        {"id": crawl_id},
    ).fetchone()
    if row is not None:
        return row[0], timedelta(seconds=row[1])
    row = db.execute(
        f"SELECT max(crawl_id) FROM crawls WHERE {before} AND settled = 1",  # noqa: S608
        {"id": crawl_id},
    ).fetchone()
    return (0, None) if row[0] is None else (row[0], difference_of(_answers(db, row[0])))


def _answers(db: Database, crawl_id: int) -> list[tuple[datetime, datetime]]:
    """Return our time and the site's for the complete listing responses with `Date`."""
    rows = db.execute(
        "SELECT fetched_at, headers FROM captures WHERE crawl_id = ? AND purpose = 'listing' AND page IS NOT NULL"
        " AND status IN (200, 304) AND fault IS NULL",
        (crawl_id,),
    )
    found = []
    for fetched_at, stored in rows:
        headers = headers_of(stored)
        site = site_time(headers.get("date"), headers.get("age"))
        if site is not None:
            found.append((from_text(fetched_at), site))
    return found


def _joined(*reasons: str | None) -> str | None:
    return "; ".join(reason for reason in reasons if reason) or None
