"""Messages for tests of the channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from foreign_eyes.alerts.values import Message

AT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
ORIGIN = "host, /srv/eyes/archive.db"


def message(number: int = 1, **changes: Any) -> Message:
    """Return a message; each `number` has its own id and a time one minute later."""
    made = Message(
        f"id-{number}",
        "failed",
        "crawl",
        "source live",
        f"the site blocks us ({number})",
        "foreign-eyes probe live",
        AT - timedelta(hours=1),
        AT + timedelta(minutes=number),
    )
    return replace(made, **changes)
