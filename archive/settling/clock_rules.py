"""Whether the clock of a crawl can be believed. Pure.

A crawl compares its own clock with the site's, as the `Date` of its listing answers tells it, and with the newest time that was
ever crawled. The site's clock may be wrong by a constant, so what counts is whether the difference is the usual one. Every
doubt names all times that it rests on, and the commands that end it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median_low

from foreign_eyes.listing.values import Clock

HOUR = timedelta(hours=1)
# a Date counts in whole seconds and a crawl takes a while: a change of an hour can be measured as a little less
SLACK = timedelta(minutes=1)
# the difference between any two time zones, daylight saving included
WIDEST_ZONES = timedelta(hours=26)
LONGEST_LEAP = timedelta(days=400)
FIRST_CONTACT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Crawled:
    """The newest time that was crawled, of all sources, and the crawl that ended then."""

    crawl_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """A crawl of the source whose clock was not believed: when it began by its own clock, and by how much that was ahead."""

    began: datetime
    difference: timedelta


@dataclass(frozen=True, slots=True)
class KnownTimes:
    """What the archive knows of time: the newest time crawled, the usual difference of the source, and crawls in doubt since.

    `in_doubt` are those after the last crawl whose clock was right, the newest first.
    """

    newest: Crawled | None = None
    usual: timedelta | None = None
    in_doubt: Sequence[Earlier] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a clock: a doubt, a warning or neither, and the differences to store."""

    clock: Clock
    doubt: str | None = None
    warning: str | None = None


def site_time(date: str | None, age: str | None = None) -> datetime | None:
    """Return the time that an answer's `Date` tells, with the seconds of `Age` that it was kept by a cache; None without one."""
    try:
        told = parsedate_to_datetime(date or "")
        told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
        kept = (age or "").strip()
        return told + timedelta(seconds=int(kept) if kept.isascii() and kept.isdigit() and len(kept) < 10 else 0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def difference_of(answers: Iterable[tuple[datetime, datetime]]) -> timedelta | None:
    """Return by how much our clock was ahead in the median of `answers`, each our time and the site's; None without any.

    Of an even number the lower one in the middle: what a cache keeps makes a site's time too old, and nothing makes it too new.
    """
    differences = [ours - site for ours, site in answers]
    return median_low(differences) if differences else None


def judge_clock(began: datetime, difference: timedelta | None, known: KnownTimes, source: str) -> Judgement:
    """Judge the clock of a crawl of `source` that `began` then, our clock being ahead of the site's by `difference`."""
    told = _tell(began, difference, known)
    newest = known.newest
    if newest is not None and began < newest.at - HOUR:
        why = f"the clock of this machine is before the newest time in the archive: {told}; if this clock is wrong, set it"
        heal = f"if crawl {newest.crawl_id} was dated by a wrong clock: foreign-eyes redate {newest.crawl_id} TIME"
        return Judgement(Clock(_seconds(difference)), doubt=f"{why}; {heal}")
    doubt = _doubt(began, difference, known)
    if doubt is None:
        usual = known.usual if known.usual is not None and difference is not None else difference
        return Judgement(Clock(_seconds(difference), _seconds(usual)))
    first = _first_of_same(began, difference, known)
    if first is not None:
        warning = f"{doubt}: {told}; the crawl of {_said(first.began)} showed the same, so this is usual from now on"
        return Judgement(Clock(_seconds(difference), _seconds(difference)), warning=warning)
    remedy = f"if this clock is wrong, set it; if it is right: foreign-eyes crawl {source} --accept"
    if _may_be_zones(difference, known):
        remedy = f"a crawl an hour or more from now that shows the same settles with a warning; {remedy}"
    return Judgement(Clock(_seconds(difference)), doubt=f"{doubt}: {told}; {remedy}")


def _doubt(began: datetime, difference: timedelta | None, known: KnownTimes) -> str | None:
    """Say what is wrong with a clock that is not before what was crawled, or None."""
    if difference is None:
        has_leapt = known.newest is not None and began - known.newest.at > LONGEST_LEAP
        return "the clock of this machine has leapt" if has_leapt else None
    if known.usual is None:
        return "the clocks of this machine and the site disagree" if abs(difference) > FIRST_CONTACT else None
    if abs(difference - known.usual) < HOUR - SLACK:
        return None
    changed = "was changed" if _may_be_zones(difference, known) else "has leapt"
    return f"the clock of this machine or of the site {changed}"


def _may_be_zones(difference: timedelta | None, known: KnownTimes) -> bool:
    """Tell whether a difference changed by as much as a time zone that was set, or set right, changes it."""
    if difference is None or known.usual is None:
        return False
    return HOUR - SLACK <= abs(difference - known.usual) <= WIDEST_ZONES + SLACK


def _first_of_same(began: datetime, difference: timedelta | None, known: KnownTimes) -> Earlier | None:
    """Return the first of the crawls just before that all showed this difference, if an hour has gone by since then.

    The hour must have passed on both clocks, since the clock that jumped cannot measure it.
    """
    if difference is None or not _may_be_zones(difference, known):
        return None
    same: list[Earlier] = []
    for one in known.in_doubt:
        if abs(one.difference - difference) >= HOUR - SLACK:
            break
        same.append(one)
    for one in reversed(same):
        ours = began - one.began
        if min(ours, ours - (difference - one.difference)) >= HOUR - SLACK:
            return one
    return None


def _tell(began: datetime, difference: timedelta | None, known: KnownTimes) -> str:
    """Tell all times that a judgement rests on."""
    told = [f"this machine says {_said(began)}"]
    if difference is None:
        told.append("the site does not tell its time")
    else:
        told.append(f"the site {_said(began - difference)} (ours is {_ahead(difference)})")
        if known.usual is not None:
            told.append(f"usually ours is {_ahead(known.usual)}")
    if known.newest is not None:
        told.append(f"the newest crawl in the archive, {known.newest.crawl_id}, ended at {_said(known.newest.at)}")
    return ", ".join(told)


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _ahead(difference: timedelta) -> str:
    seconds = round(abs(difference).total_seconds())
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    parts = ((days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    amount = " ".join([f"{number} {unit}" for number, unit in parts if number][:2]) or "0 s"
    return f"{amount} {'behind' if difference < timedelta(0) else 'ahead'}"


def _seconds(difference: timedelta | None) -> int | None:
    return None if difference is None else round(difference.total_seconds())
