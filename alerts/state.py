"""What is known between runs: troubles, undelivered messages, and the commands that a scheduler runs. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from foreign_eyes.alerts.values import Kind, Message

Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: since when, when a run last found it so, and when operators were last told (None: not yet)."""

    kind: Kind
    subject: str
    what: str
    remedy: str
    since: datetime
    seen: datetime
    told: datetime | None = None

    @property
    def key(self) -> Key:
        """What identifies it."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Task:
    """A command that a scheduler runs: "round", "check" or "backup".

    `sources` are those of a round, as on its command line. `every` is the interval; None if no scheduler runs it. `code`
    is the exit code of the last run that ended. `path` is the newest backup.
    """

    name: str
    sources: tuple[str, ...] = ()
    every: timedelta | None = None
    began: datetime | None = None
    ended: datetime | None = None
    code: int | None = None
    path: str | None = None

    @property
    def subject(self) -> str:
        """Its name in messages and in `status`: "round live", "check"."""
        return " ".join([self.name, *self.sources])


@dataclass(frozen=True, slots=True)
class FailedChannel:
    """A channel that does not take messages: since when, and why."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class AlertState:
    """The whole state.

    `recent` are the newest messages, oldest first, delivered or not. `outbox` has the undelivered messages of each
    channel, oldest first, and `failed_channels` those whose last delivery failed, both by the channel's name. `damage`
    says why the stored state could not be read; it is then empty.
    """

    troubles: Mapping[Key, Trouble] = field(default_factory=dict)
    outbox: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)
    failed_channels: Mapping[str, FailedChannel] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    recent: tuple[Message, ...] = ()
    damage: str | None = None
