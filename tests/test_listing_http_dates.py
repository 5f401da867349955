"""Dates in HTTP fields, including those of hostile servers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.listing.http_dates import read_http_date


@pytest.mark.parametrize(
    "field",
    [
        "Mon, 30 Nov 2026 14:00:00 GMT",
        "Mon, 30 Nov 2026 14:00:00 -0000",
        "Mon, 30 Nov 2026 16:00:00 +0200",
        "Monday, 30-Nov-26 14:00:00 GMT",
    ],
)
def test_a_date_is_read_in_utc(field: str) -> None:
    assert read_http_date(field) == datetime(2026, 11, 30, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "field",
    [
        None,
        "",
        "soon",
        "Mon, 31 Feb 2026 14:00:00 GMT",
        "Mon, 1 Dec 2026 14:00:00 +99999999999",
        f"Mon, 1 Dec {'9' * 40} 14:00:00 GMT",
        "Fri, 31 Dec 9999 23:00:00 -0200",
    ],
)
def test_what_is_not_a_date_is_none(field: str | None) -> None:
    assert read_http_date(field) is None


PARTS = [
    "Mon,",
    "30",
    "Nov",
    "2026",
    "0001",
    "9999",
    "14:00:00",
    "25:61:61",
    "GMT",
    "+0000",
    "+9999",
    "-" + "9" * 20,
    "x",
    "\0",
]


@given(st.lists(st.sampled_from(PARTS), max_size=7).map(" ".join) | st.text())
def test_no_field_raises(field: str) -> None:
    assert read_http_date(field) is None or isinstance(read_http_date(field), datetime)
