"""The messages that channels have not taken yet: queued with the state, delivered by one process at a time.

A message leaves the outbox after its channel has taken it. A process that is killed between the two delivers it again,
with the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from foreign_eyes.alerts.state import AlertState, FailedChannel
from foreign_eyes.alerts.state_file import read_state, state_path, update_state
from foreign_eyes.alerts.values import Channel, ChannelFailed, Message
from foreign_eyes.archive.file_lock import FileHeld, hold

# a channel that is down for weeks gets the newest messages when it is back
_MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A channel that did not take a message; `is_new` if the delivery before succeeded."""

    channel: str
    reason: str
    is_new: bool


def queue(state: AlertState, messages: Sequence[Message], channels: Iterable[str]) -> AlertState:
    """Return the state with the messages in the outbox of each channel; outboxes of other channels are removed. Pure."""
    names = list(channels)
    outbox = {name: (*state.outbox.get(name, ()), *messages)[-_MOST_KEPT:] for name in names}
    failed = {name: one for name, one in state.failed_channels.items() if name in names}
    return replace(state, outbox={name: kept for name, kept in outbox.items() if kept}, failed_channels=failed)


def deliver(archive: Path, channels: Sequence[Channel], now: Callable[[], datetime]) -> list[Undelivered]:
    """Deliver the messages of the outbox, and return the channels that did not take theirs.

    If another process delivers, that one also delivers what is queued now.

    Raises:
        StateUnwritable: a delivery cannot be recorded.
        OSError: the lock file cannot be made.
    """
    failures: dict[str, Undelivered] = {}
    while waiting := [channel for channel in channels if _messages(archive, channel.name, failures)]:
        try:
            with hold(state_path(archive).with_suffix(".delivery.lock"), ""):
                for channel in waiting:
                    if (failure := _deliver(archive, channel, now)) is not None:
                        failures[channel.name] = failure
        except FileHeld:
            break
    return list(failures.values())


def _messages(archive: Path, name: str, failures: Collection[str]) -> tuple[Message, ...]:
    return () if name in failures else read_state(archive).outbox.get(name, ())


def _deliver(archive: Path, channel: Channel, now: Callable[[], datetime]) -> Undelivered | None:
    for message in _messages(archive, channel.name, ()):
        reason = send(channel, message)
        if reason is not None:
            is_new = update_state(archive, lambda state, why=reason: _failed(state, channel.name, why, now()))  # type: ignore[misc]
            return Undelivered(channel.name, reason, is_new)
        update_state(archive, lambda state, sent=message: (_sent(state, channel.name, sent), None))  # type: ignore[misc]
    return None


def send(channel: Channel, message: Message) -> str | None:
    """Send a message; return why the channel did not take it, or None."""
    try:
        channel.send(message)
    except ChannelFailed as error:
        return str(error)
    except Exception as error:  # a fault of the channel's code must not stop a round; its text may hold a secret
        return f"the channel failed with {type(error).__name__}; please report it"
    return None


def _failed(state: AlertState, name: str, reason: str, at: datetime) -> tuple[AlertState, bool]:
    before = state.failed_channels.get(name)
    failed = FailedChannel(before.since if before else at, reason)
    return replace(state, failed_channels={**state.failed_channels, name: failed}), before is None


def _sent(state: AlertState, name: str, message: Message) -> AlertState:
    kept = tuple(one for one in state.outbox.get(name, ()) if one.message_id != message.message_id)
    outbox = {**state.outbox, name: kept}
    failed = {other: one for other, one in state.failed_channels.items() if other != name}
    return replace(state, outbox={key: one for key, one in outbox.items() if one}, failed_channels=failed)
