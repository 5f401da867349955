"""Decide whether and when to repeat a request. Pure.

A blocked request is never repeated in the same crawl, because repeated requests prolong a block. Transient errors are
retried at most twice, and all waits of a crawl together stay within its budget.
"""

from __future__ import annotations

from datetime import datetime

from foreign_eyes.listing.http_dates import read_http_date

BUDGET_SECONDS = 30.0
MAX_TRIES = 3

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


def seconds_to_wait(
    tries: int,
    spent: float,
    *,
    status: int | None,
    retry_after: str | None,
    now: datetime,
    budget: float = BUDGET_SECONDS,
) -> float | None:
    """Return the seconds to wait before the next try, or None to give up.

    A Retry-After (RFC 9110 section 10.2.3) that exceeds the rest of the budget is obeyed by giving up. A 429 without
    Retry-After counts as a block.

    Args:
        tries: how often the request was sent.
        spent: the seconds that the crawl has spent on waits and failed requests so far.
        status: the response's status; None if no whole response arrived.
        retry_after: the value of the Retry-After field.
        now: the current time.
        budget: the seconds that a crawl may spend on waits and failed requests.
    """
    if tries >= MAX_TRIES or (status is not None and status not in _TRANSIENT):
        return None
    requested = parse_retry_after(retry_after, now)
    if status == 429 and requested is None:
        return None
    wait = float(2 ** (tries - 1)) if requested is None else max(requested, 1.0)
    return wait if spent + wait <= budget else None


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After field requests; None if it is missing or invalid."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    when = read_http_date(value)
    return None if when is None else max(0.0, (when - now).total_seconds())
