"""Choosing feed dates and the times of changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.archive.settling.dating import SECOND, TICK, change_times, feed_dates

SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNTS = st.integers(0, 60)
TAKEN = st.frozensets(
    st.one_of(
        st.integers(0, 60).map(lambda seconds: SEEN - seconds * SECOND),
        st.integers(0, 200).map(lambda ticks: SEEN - ticks * TICK),
    ),
    max_size=80,
)


@given(COUNTS, st.none() | st.timedeltas(SECOND / 10, timedelta(days=3)), TAKEN)
def test_dates_are_distinct_descending_inside_the_interval_and_not_taken(
    count: int, interval: timedelta | None, taken: frozenset[datetime]
) -> None:
    not_before = None if interval is None else SEEN - interval
    dates = feed_dates(count, SEEN, not_before, taken)
    assert len(dates) == count
    assert all(later > earlier for later, earlier in pairwise(dates))
    assert taken.isdisjoint(dates)
    assert all(date <= SEEN for date in dates)
    assert not_before is None or all(date >= not_before for date in dates)


@given(COUNTS, st.none() | st.timedeltas(60 * SECOND, timedelta(days=3)))
def test_dates_are_one_second_apart_if_the_interval_allows(count: int, interval: timedelta | None) -> None:
    dates = feed_dates(count, SEEN, None if interval is None else SEEN - interval, ())
    assert dates == [SEEN - number * SECOND for number in range(count)]


def test_dates_are_closer_in_a_short_interval() -> None:
    dates = feed_dates(4, SEEN, SEEN - SECOND, ())
    assert dates == [SEEN - number * SECOND / 5 for number in range(4)]


def test_a_taken_date_is_avoided_by_one_microsecond_and_the_others_stay() -> None:
    assert feed_dates(2, SEEN, None, {SEEN}) == [SEEN - TICK, SEEN - SECOND]


def test_a_clock_that_went_back_since_the_last_crawl_still_gives_distinct_dates() -> None:
    dates = feed_dates(5, SEEN, SEEN + timedelta(hours=1), ())
    assert dates == sorted(set(dates), reverse=True)
    assert dates[0] == SEEN


@given(COUNTS, st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=2)))
def test_change_times_rise_and_come_after_the_last_even_when_the_clock_goes_back(
    count: int, ahead: timedelta | None
) -> None:
    last = None if ahead is None else SEEN + ahead
    times = change_times(count, SEEN, last)
    assert len(times) == count
    assert all(earlier < later for earlier, later in pairwise(times))
    assert all(time >= SEEN and (last is None or time > last) for time in times)


def test_change_times_begin_when_the_crawl_settled() -> None:
    assert change_times(2, SEEN, SEEN - timedelta(days=1)) == [SEEN, SEEN + timedelta(milliseconds=1)]
