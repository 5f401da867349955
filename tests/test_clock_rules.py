"""The rules for judging the clock of a crawl."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.archive.settling.clock_rules import (
    Crawled,
    Earlier,
    Judgement,
    KnownTimes,
    difference_of,
    judge_clock,
    site_time,
)
from foreign_eyes.listing.values import Clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NONE = timedelta(0)


def judge(
    difference: timedelta | None,
    *,
    usual: timedelta | None = None,
    since: timedelta | None = 6 * HOUR,
    in_doubt: tuple[tuple[timedelta, timedelta], ...] = (),
) -> Judgement:
    """Judge a crawl at noon; `since` and `in_doubt` are the times between earlier crawls and noon."""
    newest = None if since is None else Crawled(7, NOON - since)
    earlier = tuple(Earlier(NOON - ago, by) for ago, by in in_doubt)
    return judge_clock(NOON, difference, KnownTimes(newest, usual, earlier), "town")


# the time of an answer


@pytest.mark.parametrize(
    ("date", "age", "told"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", None, NOON),
        ("Sunday, 01-Mar-26 12:00:00 GMT", None, NOON),
        ("Sun Mar  1 12:00:00 2026", None, NOON),
        ("Sun, 01 Mar 2026 20:00:00 +0800", None, NOON),
        ("Sun, 01 Mar 2026 11:00:00 GMT", "3600", NOON),
        ("Sun, 01 Mar 2026 11:00:00 GMT", " 3600 ", NOON),
        ("Sun, 01 Mar 2026 12:00:00 GMT", "-5", NOON),
        ("Sun, 01 Mar 2026 12:00:00 GMT", "an hour", NOON),
        ("Sun, 01 Mar 2026 12:00:00 GMT", "9" * 5000, NOON),
        ("Sun, 01 Mar 2026 12:00:00 GMT", "\u0661", NOON),
        (None, "3600", None),
        ("", None, None),
        ("yesterday", None, None),
        ("Sun, 31 Feb 2026 12:00:00 GMT", None, None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "3600", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None, None),
    ],
)
def test_site_time_reads_date_and_age(date: str | None, age: str | None, told: datetime | None) -> None:
    assert site_time(date, age) == told


@given(st.text(), st.text())
def test_no_value_of_date_or_age_raises_an_error(date: str, age: str) -> None:
    told = site_time(date, age)
    assert told is None or told.tzinfo is UTC


def test_the_difference_is_the_median_which_a_few_cached_answers_do_not_change() -> None:
    answers = [(NOON + n * MINUTE, NOON + n * MINUTE - 2 * HOUR) for n in range(5)]
    answers[0] = (NOON, NOON - 3 * DAY)
    assert difference_of(answers) == 2 * HOUR
    assert difference_of([(NOON, NOON), (NOON, NOON - DAY)]) == NONE
    assert difference_of([]) is None


# the rules


@pytest.mark.parametrize("usual", [NONE, 8 * HOUR, -8 * HOUR, 300 * DAY])
def test_the_usual_difference_is_accepted_and_kept(usual: timedelta) -> None:
    for off in (-58 * MINUTE, NONE, 58 * MINUTE):
        judged = judge(usual + off, usual=usual)
        seconds = round(usual.total_seconds())
        assert (judged.doubt, judged.warning) == (None, None)
        assert judged.clock == Clock(round((usual + off).total_seconds()), seconds)


@pytest.mark.parametrize("change", [HOUR, -HOUR, 8 * HOUR, -8 * HOUR, 26 * HOUR, -26 * HOUR])
@pytest.mark.parametrize("usual", [NONE, 8 * HOUR])
def test_a_difference_that_changed_by_hours_is_suspect_once(usual: timedelta, change: timedelta) -> None:
    judged = judge(usual + change, usual=usual)
    assert judged.doubt
    assert "settles with a warning" in judged.doubt
    assert judged.clock.usual is None
    again = judge(usual + change, usual=usual, in_doubt=((HOUR, usual + change),))
    assert again.doubt is None
    assert again.warning
    assert again.clock.usual == round((usual + change).total_seconds())


def test_the_same_difference_within_the_hour_is_still_suspect() -> None:
    assert judge(8 * HOUR, usual=NONE, in_doubt=((50 * MINUTE, 8 * HOUR),)).doubt


def test_crawls_every_half_hour_confirm_a_difference_too() -> None:
    in_doubt = tuple((n * 30 * MINUTE, 8 * HOUR) for n in (1, 2, 3))
    assert judge(8 * HOUR, usual=NONE, in_doubt=in_doubt).warning


def test_an_hour_must_pass_on_both_clocks() -> None:
    """Our clock was set ahead by 50 minutes between two crawls 20 minutes apart, so it shows 70 minutes."""
    judged = judge(2 * HOUR + 50 * MINUTE, usual=NONE, in_doubt=((70 * MINUTE, 2 * HOUR),))
    assert judged.doubt


def test_another_difference_in_between_restarts_the_hour() -> None:
    in_doubt = ((30 * MINUTE, 8 * HOUR), (HOUR, 4 * HOUR), (2 * HOUR, 8 * HOUR))
    assert judge(8 * HOUR, usual=NONE, in_doubt=in_doubt).doubt


@pytest.mark.parametrize("change", [27 * HOUR, -27 * HOUR, 365 * DAY, -365 * DAY, 73 * 365 * DAY])
def test_a_difference_that_no_time_zone_explains_stays_suspect(change: timedelta) -> None:
    judged = judge(change, usual=NONE, in_doubt=((HOUR, change), (DAY, change)))
    assert judged.doubt
    assert "settles with a warning" not in judged.doubt


@pytest.mark.parametrize("difference", [None, NONE, 3 * HOUR])
def test_a_clock_before_the_newest_crawl_is_suspect_whatever_the_site_says(difference: timedelta | None) -> None:
    judged = judge(difference, usual=difference, since=-61 * MINUTE)
    assert judged.doubt
    assert "foreign-eyes redate 7 TIME" in judged.doubt
    assert judge(difference, usual=difference, since=-59 * MINUTE).doubt is None


def test_a_leap_of_more_than_400_days_is_suspect_unless_the_site_makes_it() -> None:
    assert judge(None, since=401 * DAY).doubt
    assert judge(None, usual=NONE, since=401 * DAY).doubt
    assert judge(None, since=400 * DAY).doubt is None
    assert judge(MINUTE, usual=NONE, since=2000 * DAY).doubt is None
    assert judge(MINUTE, since=2000 * DAY).doubt is None


@pytest.mark.parametrize(
    ("difference", "suspect"), [(8 * HOUR, False), (DAY, False), (DAY + MINUTE, True), (-2 * DAY, True)]
)
def test_on_first_contact_a_difference_of_a_day_is_accepted(difference: timedelta, suspect: bool) -> None:
    for since in (None, HOUR):
        judged = judge(difference, since=since)
        assert bool(judged.doubt) is suspect
        assert judged.clock == Clock(
            round(difference.total_seconds()), None if suspect else round(difference.total_seconds())
        )


def test_without_a_date_the_archives_times_count_and_no_difference_is_stored() -> None:
    assert judge(None, usual=8 * HOUR) == Judgement(Clock(None, None))
    assert judge(None, since=None) == Judgement(Clock(None, None))


def test_a_doubt_names_all_times() -> None:
    judged = judge(8 * HOUR, usual=-2 * HOUR)
    assert judged.doubt
    for told in (
        "2026-03-01 12:00:00 UTC",
        "2026-03-01 04:00:00 UTC",
        "8 h ahead",
        "2 h behind",
        "2026-03-01 06:00:00 UTC",
    ):
        assert told in judged.doubt
    assert "foreign-eyes crawl town --accept" in judged.doubt


OFFSETS = st.timedeltas(-100 * 365 * DAY, 100 * 365 * DAY).map(
    lambda off: timedelta(seconds=round(off.total_seconds()))
)


@given(st.none() | OFFSETS, st.none() | OFFSETS, st.none() | OFFSETS, st.lists(st.tuples(OFFSETS, OFFSETS), max_size=4))
def test_only_the_difference_of_an_accepted_clock_is_stored_as_usual(
    difference: timedelta | None,
    usual: timedelta | None,
    since: timedelta | None,
    in_doubt: list[tuple[timedelta, timedelta]],
) -> None:
    judged = judge(difference, usual=usual, since=since, in_doubt=tuple(in_doubt))
    assert judged.doubt is None or judged.warning is None
    assert (judged.clock.usual is not None) == (judged.doubt is None and difference is not None)
    if judged.doubt is None and difference is not None and usual is not None:
        change = abs(difference - usual)
        assert change < HOUR or (judged.warning and change < 27 * HOUR)
    if since is not None and since < -HOUR:
        assert judged.doubt


@given(st.lists(st.timedeltas(timedelta(0), 30 * MINUTE), min_size=2, max_size=50))
def test_a_clock_that_drifts_is_noticed_before_it_is_an_hour_off(steps: list[timedelta]) -> None:
    usual, drift = NONE, NONE
    for before, step in pairwise([NONE, *steps]):
        del before
        drift += step
        judged = judge(drift, usual=usual)
        assert bool(judged.doubt) == (drift >= 59 * MINUTE)
