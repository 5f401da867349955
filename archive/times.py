"""Timestamps of the archive: ISO 8601 in UTC, with microseconds and a Z.

So their text sorts by time.
"""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """Return an aware `moment` as a timestamp of the archive.

    Raises:
        ValueError: it is naive.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time without a time zone: {moment!r}")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """Return a timestamp of the archive as an aware datetime in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def now() -> datetime:
    """Return the current time; all callers of the archive get it here."""
    return datetime.now(UTC)
