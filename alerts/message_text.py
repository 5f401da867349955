"""A message as text for people and as JSON for programs. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from foreign_eyes.alerts.values import Message
from foreign_eyes.archive.times import to_text

# a program gets the JSON in an environment variable, and Linux refuses one of 128 kB
LONGEST = 4_000


def title_of(message: Message) -> str:
    """Return the title of a message, such as "Foreign Eyes: failed: crawl, source live"."""
    return f"Foreign Eyes: {message.event}: {message.kind}, {shortened(message.subject, 200)}"


def body_of(message: Message, origin: str) -> str:
    """Return the text of a message without its title; `origin` says which machine and archive it is about."""
    lines = [
        shortened(message.what),
        "",
        f"since {_minute(message.since)}",
        *([f"to repair it: {shortened(message.remedy)}"] if message.remedy else []),
        f"from {origin}",
    ]
    return "\n".join(lines) + "\n"


def text_of(message: Message, origin: str) -> str:
    """Return a message as text: its title in the first line, then an empty line and its body."""
    return f"{title_of(message)}\n\n{body_of(message, origin)}"


def json_of(message: Message, origin: str) -> str:
    """Return a message as a JSON object in ASCII; its times are UTC in ISO 8601."""
    return json.dumps(
        {
            "message_id": message.message_id,
            "event": message.event,
            "kind": message.kind,
            "subject": shortened(message.subject),
            "what": shortened(message.what),
            "remedy": shortened(message.remedy),
            "since": to_text(message.since),
            "at": to_text(message.at),
            "origin": origin,
        }
    )


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text of at most `longest` characters; the end of a longer one is replaced by an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
