"""The times that a crawl's clock is judged by, out of the archive, and what the judgement makes of the crawl's verdict."""

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

# more than a run that shows one difference can need
_LOOKED_AT = 500


def judge_times(db: Database, crawl_id: int, verdict: Verdict, *, accept: bool) -> Verdict:
    """Return the verdict of a crawl whose listing was read, with what its clock makes of it and what is remembered of clocks.

    A clock in doubt makes suspect what would be partial or better; with `accept` it is taken as the usual one from then on.
    """
    source, started_at = db.execute(
        "SELECT s.name, c.started_at FROM crawls c JOIN sources s USING (source_id) WHERE c.crawl_id = ?", (crawl_id,)
    ).fetchone()
    known = known_times(db, crawl_id)
    judged = judge_clock(from_text(started_at), difference_of(_answers(db, crawl_id)), known, source)
    if judged.doubt is None:
        # a page that is no listing may come from anywhere: its time is not remembered as the site's
        believed = verdict.settles or known.usual is not None
        clock = judged.clock if believed else Clock(judged.clock.difference)
        return replace(verdict, reason=_joined(verdict.reason, judged.warning), clock=clock)
    if accept and verdict.settles:
        accepted = Clock(judged.clock.difference, judged.clock.difference)
        return replace(verdict, reason=_joined(verdict.reason, f"accepted: {judged.doubt}"), clock=accepted)
    if accept or verdict.outcome in ("blocked", "unreachable", "failed"):
        return replace(verdict, clock=judged.clock)
    return Verdict("suspect", _joined(verdict.reason, judged.doubt), clock=judged.clock)


def known_times(db: Database, crawl_id: int) -> KnownTimes:
    """Return what the archive knows of time for judging a crawl's clock; what was imported tells nothing of ours."""
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
    """Return the last crawl of the same source whose clock was found right, and the difference that is usual since.

    Where none was, an earlier version may have settled one: what its answers tell is usual. A crawl that was dated anew tells
    nothing: an operator may know the day, and not the minute.
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
    """Return our time and the site's for each listing answer of a crawl that came whole and tells its time."""
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
