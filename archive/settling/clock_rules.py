"""Judging whether the clock of a crawl is right. Pure.

The clock is compared with the site's, taken from the `Date` fields of the listing responses, and with the newest time of
any crawl. The site's clock may be wrong by a constant, so the difference is compared with the usual one. Each doubt
names all times on which it is based, and the commands that resolve it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median_low

from foreign_eyes.listing.http_dates import read_http_date
from foreign_eyes.listing.values import Clock

HOUR = timedelta(hours=1)
# Date has whole seconds and a crawl takes minutes, so a change of an hour can be measured as a little less
SLACK = timedelta(minutes=1)
# the largest difference between two time zones, including daylight saving time
WIDEST_ZONES = timedelta(hours=26)
LONGEST_LEAP = timedelta(days=400)
FIRST_CONTACT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Crawled:
    """The crawl of any source that ended last, and when it ended."""

    crawl_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """A crawl of the source whose clock was in doubt.

    `began` is its start by its own clock, `difference` how far that clock was ahead.
    """

    began: datetime
    difference: timedelta


@dataclass(frozen=True, slots=True)
class KnownTimes:
    """The times by which a clock is judged.

    `newest` is the end of the newest crawl, `usual` the usual difference to the source's clock. `in_doubt` are the crawls
    since the last one whose clock was right, newest first.
    """

    newest: Crawled | None = None
    usual: timedelta | None = None
    in_doubt: Sequence[Earlier] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of a clock: a doubt, a warning or neither, and the differences to store."""

    clock: Clock
    doubt: str | None = None
    warning: str | None = None


def site_time(date: str | None, age: str | None = None) -> datetime | None:
    """Return the time of a response from `Date` and `Age`, or None without a valid `Date`.

    A cache sends an old `Date` and the seconds since then in `Age` (RFC 9111, section 5.1).
    """
    time, seconds = read_http_date(date), (age or "").strip()
    if time is None or not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):
        return time
    try:
        return time + timedelta(seconds=int(seconds))
    except OverflowError:
        return None


def difference_of(answers: Iterable[tuple[datetime, datetime]]) -> timedelta | None:
    """Return by how much our clock is ahead, or None without any answers.

    This is the median difference over `answers`, pairs of our time and the site's.

    Of an even number, the lower of the middle values counts: a cache can make the site's time too old, but not too new.
    """
    differences = [own - site for own, site in answers]
    return median_low(differences) if differences else None


def judge_clock(began: datetime, difference: timedelta | None, known: KnownTimes, source: str) -> Judgement:
    """Judge the clock of a crawl.

    `began` is the start of the crawl by our clock, which is ahead of the site's by `difference`.
    """
    times = _describe_times(began, difference, known)
    newest = known.newest
    if newest is not None and began < newest.at - HOUR:
        why = f"the clock of this machine is before the newest time in the archive: {times}; if this clock is wrong, set it"
        remedy = f"if crawl {newest.crawl_id} was dated by a wrong clock: foreign-eyes redate {newest.crawl_id} TIME"
        return Judgement(Clock(_seconds(difference)), doubt=f"{why}; {remedy}")
    doubt = _doubt(began, difference, known)
    if doubt is None:
        usual = known.usual if known.usual is not None and difference is not None else difference
        return Judgement(Clock(_seconds(difference), _seconds(usual)))
    first = _first_of_same(began, difference, known)
    if first is not None:
        warning = f"{doubt}: {times}; the crawl of {_format(first.began)} showed the same, so this is usual from now on"
        return Judgement(Clock(_seconds(difference), _seconds(difference)), warning=warning)
    remedy = f"if this clock is wrong, set it; if it is right: foreign-eyes crawl {source} --accept"
    if _may_be_zones(difference, known):
        remedy = f"a crawl an hour or more from now that shows the same settles with a warning; {remedy}"
    return Judgement(Clock(_seconds(difference)), doubt=f"{doubt}: {times}; {remedy}")


def _doubt(began: datetime, difference: timedelta | None, known: KnownTimes) -> str | None:
    """Return what is wrong with a clock that is not before the newest crawl, or None."""
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
    """Return whether a change of time zone can explain the change of the difference."""
    if difference is None or known.usual is None:
        return False
    return HOUR - SLACK <= abs(difference - known.usual) <= WIDEST_ZONES + SLACK


def _first_of_same(began: datetime, difference: timedelta | None, known: KnownTimes) -> Earlier | None:
    """Return the first preceding crawl with this difference at least an hour ago, or None.

    The hour must have passed on both clocks, since the clock that was set cannot measure it.
    """
    if difference is None or not _may_be_zones(difference, known):
        return None
    same: list[Earlier] = []
    for crawl in known.in_doubt:
        if abs(crawl.difference - difference) >= HOUR - SLACK:
            break
        same.append(crawl)
    for crawl in reversed(same):
        elapsed = began - crawl.began
        if min(elapsed, elapsed - (difference - crawl.difference)) >= HOUR - SLACK:
            return crawl
    return None


def _describe_times(began: datetime, difference: timedelta | None, known: KnownTimes) -> str:
    """Describe all times on which a judgement is based."""
    parts = [f"this machine says {_format(began)}"]
    if difference is None:
        parts.append("the site does not tell its time")
    else:
        parts.append(f"the site {_format(began - difference)} (ours is {_ahead(difference)})")
        if known.usual is not None:
            parts.append(f"usually ours is {_ahead(known.usual)}")
    if known.newest is not None:
        parts.append(f"the newest crawl in the archive, {known.newest.crawl_id}, ended at {_format(known.newest.at)}")
    return ", ".join(parts)


def _format(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _ahead(difference: timedelta) -> str:
    seconds = round(abs(difference).total_seconds())
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    parts = ((days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    amount = " ".join([f"{number} {unit}" for number, unit in parts if number][:2]) or "0 s"
    return f"{amount} {'behind' if difference < timedelta(0) else 'ahead'}"


def _seconds(difference: timedelta | None) -> int | None:
    return None if difference is None else round(difference.total_seconds())
