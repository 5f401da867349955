"""Report what a run found: advance the state of alerts, and deliver the messages. Never makes a command fail."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from foreign_eyes.cli.only_changes import PRINTED_VARIABLE, note_report
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from pathlib import Path

    from foreign_eyes.alerts.outbox import Undelivered
    from foreign_eyes.alerts.state import AlertState
    from foreign_eyes.alerts.values import Channel, Finding, Kind, Message
    from foreign_eyes.cli.context import Context


def report(context: Context, findings: Iterable[Finding], *, whole: Collection[Kind] = ()) -> Sequence[Message]:
    """Report what a run found, and return the messages that it caused.

    Overdue schedules are found on the way. Messages are delivered to the channels of the settings; a channel that fails
    causes a warning, and its message is kept and tried again. For the kinds in `whole`, `findings` is complete.
    """
    try:
        messages = _report(context, list(findings), whole)
        note_report(messages)
        return messages
    except Exception as error:
        warn(f"alerts: what this run found could not be reported ({type(error).__name__}: {error})")
        return ()


def change_state(context: Context, change: Callable[[AlertState], AlertState]) -> None:
    """Change the state of alerts; a warning is printed if it cannot be written."""
    from foreign_eyes.alerts.state_file import StateUnwritable, update_state

    try:
        update_state(context.archive, lambda state: (change(state), None))
    except StateUnwritable as error:
        warn(f"alerts: {error}")


def end_source(context: Context, source: str) -> None:
    """Remove the troubles and rounds of a source that was forgotten or renamed."""
    from foreign_eyes.alerts.tasks import without_source

    change_state(context, lambda state: without_source(state, source))


def record_backup(context: Context, path: Path) -> None:
    """Record the newest backup, for `status` and `check --deep`."""
    from foreign_eyes.alerts.tasks import with_backup
    from foreign_eyes.archive.times import now

    change_state(context, lambda state: with_backup(state, str(path.resolve()), now()))


def deliver_waiting(context: Context, channels: Sequence[Channel]) -> list[Undelivered]:
    """Deliver what the outbox holds; return the channels that did not take their messages."""
    from foreign_eyes.alerts.outbox import deliver
    from foreign_eyes.archive.times import now

    return deliver(context.archive, channels, now)


def tells_anyone(channels: Sequence[Channel]) -> bool:
    """Return whether the messages of this run reach anyone: by a channel, or printed by a parent process."""
    return bool(channels) or bool(os.environ.get(PRINTED_VARIABLE))


def awake_since(at: datetime) -> datetime:
    """Return when this machine started; before that no scheduler could run anything."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return at - timedelta(seconds=time.clock_gettime(clock))


def warn(text: str) -> None:
    """Print a warning."""
    print_line(f"warning: {text}", err=True)


def _report(context: Context, findings: list[Finding], whole: Collection[Kind]) -> Sequence[Message]:
    from foreign_eyes.alerts.outbox import queue, send
    from foreign_eyes.alerts.state_file import StateUnwritable, read_state, state_path, update_state
    from foreign_eyes.alerts.tasks import overdue_findings
    from foreign_eyes.alerts.transitions import advance
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.alert_channels import channels_of

    at = now()
    known = read_state(context.archive)
    overdue = list(overdue_findings(known, at, awake_since(at)))
    if advance(known, [*findings, *overdue], at, whole=whole) == (known, ()) and not known.outbox:
        return ()  # all is in order, as nearly always: no settings and secrets are read
    channels = channels_of(context)
    tells = tells_anyone(channels)
    if not (tells or state_path(context.archive).exists()):
        return ()  # nobody has ever asked to be told: no file is made beside the archive

    def change(state: AlertState) -> tuple[AlertState, Sequence[Message]]:
        found = [*findings, *overdue_findings(state, at, awake_since(at))]
        after, messages = advance(state, found, at, whole=whole, tells=tells)
        return (queue(after, messages, [one.name for one in channels]) if channels else after), messages

    try:
        messages = update_state(context.archive, change)
    except StateUnwritable as error:
        warn(f"alerts: {error}; messages are sent, but the next run sends them again")
        _, messages = change(read_state(context.archive))
        for channel in channels:
            for reason in filter(None, (send(channel, message) for message in messages)):
                warn(f"alerts: {channel.name}: {reason}")
        return messages
    for failure in deliver_waiting(context, channels):
        warn(f"alerts: {failure.channel}: {failure.reason}; the message is kept and tried again")
    return messages
