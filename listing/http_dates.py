"""Read the dates of HTTP fields (RFC 9110 section 5.6.7). Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def read_http_date(field: str | None) -> datetime | None:
    """Return the time of a field in UTC, or None if it is missing or not a date, whatever a server sends."""
    try:
        date = parsedate_to_datetime(field or "")
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
