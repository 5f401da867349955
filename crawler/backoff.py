"""When to ask again, and after how long. Pure.

A block is never asked again in the same crawl: repeated tries make it worse. Transient errors are retried at most
twice, and all waits of a crawl together stay within its budget.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

BUDGET_SECONDS = 30.0
MAX_TRIES = 3

_OF_THE_MOMENT = frozenset({408, 429, 500, 502, 503, 504})


def seconds_to_wait(
    tries: int,
    spent: float,
    *,
    status: int | None,
    retry_after: str | None,
    now: datetime,
    budget: float = BUDGET_SECONDS,
) -> float | None:
    """Return how long to wait before asking again after `tries` tries, or None to stop asking.

    `status` is None where no whole response came. `spent` is what the crawl has waited and lost in vain so far; a
    Retry-After (RFC 9110 section 10.2.3) that does not fit in what is left of the budget is obeyed by not asking. A 429
    without one is a block.
    """
    if tries >= MAX_TRIES or (status is not None and status not in _OF_THE_MOMENT):
        return None
    asked = parse_retry_after(retry_after, now)
    if status == 429 and asked is None:
        return None
    wait = float(2 ** (tries - 1)) if asked is None else max(asked, 1.0)
    return wait if spent + wait <= budget else None


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After asks for; None where there is none that can be read."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds())
