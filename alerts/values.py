"""What runs find, what operators are told, and how messages leave the machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

# the things that can go wrong; each has one state per subject
Kind = Literal["crawl", "publish", "check", "backup", "disk", "clock", "schedule"]
# what a message reports; an overdue round is a first failure of kind `schedule`, and `alerts --test` sends a test
Event = Literal["failed", "still failing", "recovered", "overdue", "test"]

AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a run found about one thing: `what` is wrong and the `remedy`, or None if the thing is in order.

    `subject` is what `status` names as `where` ("source live", "archive"). A problem is reported once it has lasted for
    `patience`: a partial crawl is no alarm before its second day.
    """

    kind: Kind
    subject: str
    what: str | None = None
    remedy: str = ""
    patience: timedelta = AT_ONCE


@dataclass(frozen=True, slots=True)
class Message:
    """One message to operators. `since` is when the problem began, `at` when this message was made; both in UTC.

    `message_id` is unique: a channel that got a message twice can tell.
    """

    message_id: str
    event: Event
    kind: Kind
    subject: str
    what: str
    remedy: str
    since: datetime
    at: datetime


class Channel(Protocol):
    """A way to deliver messages."""

    @property
    def name(self) -> str:
        """Its name in `status` and in errors; it holds no secret."""

    def send(self, message: Message) -> None:
        """Deliver a message.

        Raises:
            ChannelFailed: it could not be delivered; it is kept and tried again.
        """


class ChannelFailed(Exception):
    """A channel did not take a message; the text says why and what to do, without secrets."""
