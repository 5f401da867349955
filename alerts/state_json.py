"""The state of alerts as JSON, and back. Pure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from foreign_eyes.alerts.state import AlertState, FailedChannel, Task, Trouble
from foreign_eyes.alerts.values import Message
from foreign_eyes.archive.times import from_text, to_text

_VERSION = 1


def as_json(state: AlertState) -> str:
    """Return the state as JSON text."""
    return json.dumps(
        {
            "version": _VERSION,
            "troubles": [_trouble(one) for one in state.troubles.values()],
            "outbox": {name: [message_as_object(one) for one in kept] for name, kept in state.outbox.items() if kept},
            "failed_channels": {
                name: {"since": to_text(one.since), "reason": one.reason} for name, one in state.failed_channels.items()
            },
            "tasks": [_task(one) for one in state.tasks.values()],
            "recent": [message_as_object(one) for one in state.recent],
        },
        indent=1,
        ensure_ascii=False,
    )


def from_json(text: str) -> AlertState:
    """Return the state of a JSON text.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the text is not a state.
    """
    stored = json.loads(text)
    if stored["version"] != _VERSION:
        raise ValueError(f"version {stored['version']} of the state is not known")
    troubles = [_read_trouble(one) for one in stored["troubles"]]
    tasks = [_read_task(one) for one in stored["tasks"]]
    return AlertState(
        troubles={one.key: one for one in troubles},
        outbox={name: tuple(map(message_of_object, kept)) for name, kept in stored["outbox"].items()},
        failed_channels={
            name: FailedChannel(from_text(one["since"]), one["reason"])
            for name, one in stored["failed_channels"].items()
        },
        tasks={one.subject: one for one in tasks},
        recent=tuple(map(message_of_object, stored["recent"])),
    )


def message_as_object(message: Message) -> dict[str, Any]:
    """Return a message as a JSON object."""
    return {
        "message_id": message.message_id,
        "event": message.event,
        "kind": message.kind,
        "subject": message.subject,
        "what": message.what,
        "remedy": message.remedy,
        "since": to_text(message.since),
        "at": to_text(message.at),
    }


def message_of_object(stored: dict[str, Any]) -> Message:
    """Return the message of a JSON object."""
    return Message(**{**stored, "since": from_text(stored["since"]), "at": from_text(stored["at"])})


def _trouble(one: Trouble) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "subject": one.subject,
        "what": one.what,
        "remedy": one.remedy,
        "since": to_text(one.since),
        "seen": to_text(one.seen),
        "told": _time(one.told),
    }


def _read_trouble(stored: dict[str, Any]) -> Trouble:
    times = {"since": from_text(stored["since"]), "seen": from_text(stored["seen"]), "told": _read_time(stored["told"])}
    return Trouble(**{**stored, **times})


def _task(one: Task) -> dict[str, Any]:
    return {
        "name": one.name,
        "sources": list(one.sources),
        "every": one.every.total_seconds() if one.every else None,
        "began": _time(one.began),
        "ended": _time(one.ended),
        "code": one.code,
        "path": one.path,
    }


def _read_task(stored: dict[str, Any]) -> Task:
    every = timedelta(seconds=stored["every"]) if stored["every"] else None
    times = {"began": _read_time(stored["began"]), "ended": _read_time(stored["ended"])}
    return Task(**{**stored, "sources": tuple(stored["sources"]), "every": every, **times})


def _time(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _read_time(text: str | None) -> datetime | None:
    return from_text(text) if text else None
