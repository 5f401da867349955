"""Whether and when a request is repeated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.crawler.backoff import BUDGET_SECONDS, MAX_TRIES, parse_retry_after, seconds_to_wait

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATUSES = st.none() | st.sampled_from([403, 404, 408, 412, 429, 500, 502, 503, 504])
RETRY_AFTER = st.none() | st.integers(0, 60).map(str) | st.text(max_size=12)


@pytest.mark.parametrize(
    ("tries", "status", "retry_after", "wait"),
    [
        (1, None, None, 1.0),
        (2, None, None, 2.0),
        (3, None, None, None),
        (1, 503, None, 1.0),
        (2, 503, None, 2.0),
        (3, 503, None, None),
        (1, 500, None, 1.0),
        (1, 408, None, 1.0),
        (1, 503, "7", 7.0),
        (2, 503, "7", 7.0),
        (1, 503, "0", 1.0),
        (1, 503, "30", 30.0),
        (1, 503, "31", None),
        (1, 503, "999999999999", None),
        (1, 503, "soon", 1.0),
        (1, 503, "Sun, 01 Mar 2026 12:00:05 GMT", 5.0),
        (1, 503, "Sun, 01 Mar 2026 11:00:00 GMT", 1.0),
        (1, 503, "Sun, 01 Mar 2026 13:00:00 GMT", None),
        (1, 429, "7", 7.0),
        (1, 429, None, None),
        (1, 429, "soon", None),
        (1, 403, "7", None),
        (1, 404, None, None),
        (1, 412, None, None),
        (1, 501, None, None),
        (1, 521, None, None),
    ],
)
def test_only_transient_errors_are_retried_at_most_twice_and_after_retry_after(
    tries: int, status: int | None, retry_after: str | None, wait: float | None
) -> None:
    assert seconds_to_wait(tries, 0.0, status=status, retry_after=retry_after, now=NOW) == wait


@pytest.mark.parametrize(("spent", "wait"), [(0.0, 5.0), (25.0, 5.0), (25.1, None), (30.0, None), (99.0, None)])
def test_a_wait_that_exceeds_the_budget_is_not_started(spent: float, wait: float | None) -> None:
    assert seconds_to_wait(1, spent, status=503, retry_after="5", now=NOW) == wait


@given(st.lists(st.tuples(STATUSES, RETRY_AFTER, st.floats(0, 20)), max_size=60))
def test_all_waits_of_a_crawl_together_stay_within_the_budget(
    requests: list[tuple[int | None, str | None, float]],
) -> None:
    spent = waited = 0.0
    for status, retry_after, lost in requests:
        for tries in range(1, 10):
            wait = seconds_to_wait(tries, spent + lost, status=status, retry_after=retry_after, now=NOW)
            if wait is None:
                break
            assert tries < MAX_TRIES
            assert wait >= 1.0
            waited += wait
            spent += wait + lost
    assert waited <= BUDGET_SECONDS


@given(
    st.text(max_size=40)
    | st.from_regex(r"(Sun, )?\d{1,2} (Mar|Xyz) \d{1,6} \d{1,2}:\d{2}:\d{2} ?(GMT|[+-]\d{4,6}|UT)?", fullmatch=True)
)
def test_any_retry_after_gives_a_valid_wait(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("value", [None, "", "-1", "1.5", "٣", "tomorrow", "12 monkeys"])
def test_an_invalid_retry_after_is_ignored(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None
