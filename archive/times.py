"""Times as the archive writes them: UTC, ISO 8601, always with microseconds and a Z, so that text sorts as time. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """Return an aware `moment` in the archive's form.

    Raises:
        ValueError: it is naive, and could mean any hour.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment!r}")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """Return the moment that the archive's `text` stands for, aware and in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def now() -> datetime:
    """Return the present moment: the one place where the archive's callers get it from."""
    return datetime.now(UTC)
