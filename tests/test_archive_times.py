"""Timestamps of the archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.archive.times import from_text, now, to_text

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=ZONES)  # noqa: DTZ001 - zones are drawn


@given(MOMENTS)
def test_a_time_is_read_back_in_utc(moment: datetime) -> None:
    back = from_text(to_text(moment))
    assert back == moment
    assert back.tzinfo is UTC


@given(MOMENTS, MOMENTS)
def test_timestamps_sort_by_time(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


@given(MOMENTS)
def test_all_timestamps_have_one_form(moment: datetime) -> None:
    text = to_text(moment)
    assert len(text) == len("2026-01-01T00:00:00.000000Z")
    assert text.endswith("Z")


def test_a_time_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        to_text(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_now_is_aware() -> None:
    assert now().tzinfo is UTC
