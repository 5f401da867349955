"""Until when a site asked us to wait, by the responses of the last crawl (Retry-After, RFC 9110 section 10.2.3). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from foreign_eyes.archive.times import from_text
from foreign_eyes.crawler.backoff import parse_retry_after
from foreign_eyes.listing.http_dates import read_http_date

# no field of a site stops scheduled crawls for longer, and neither does a wrong clock
LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait that a site asked for: until when, and the status and URL of the response."""

    until: datetime
    status: int
    url: str


def requested_pause(exchanges: Iterable[Mapping[str, Any]], host: str, now: datetime) -> Pause | None:
    """Return the pause that is not over, or None.

    Args:
        exchanges: those of the last crawl, in order, with purpose, url, status, headers and fetched_at.
        host: the host of the source; links to others do not count.
        now: the current time.
    """
    last = {
        exchange["url"]: exchange
        for exchange in exchanges
        if exchange["purpose"] in ("listing", "robots") and urlsplit(exchange["url"]).hostname == host
    }
    pauses = [
        pause for exchange in last.values() if (pause := _pause_of(exchange)) and now < pause.until <= now + LONGEST
    ]
    return max(pauses, key=lambda pause: pause.until, default=None)


def _pause_of(exchange: Mapping[str, Any]) -> Pause | None:
    status, url = exchange["status"], exchange["url"]
    if status is None or status < 400:
        return None
    fields = {name.lower(): value for name, value in json.loads(exchange["headers"] or "[]")}
    fetched_at = from_text(exchange["fetched_at"])
    # a date is relative to the site's own clock
    seconds = parse_retry_after(fields.get("retry-after"), read_http_date(fields.get("date")) or fetched_at)
    if not seconds:
        return None
    return Pause(fetched_at + min(timedelta(seconds=seconds), LONGEST), status, url)
