"""While a server runs: find overdue rounds, and deliver messages that channels have not taken yet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from foreign_eyes.cli.alerts import awake_since, deliver_waiting, tells_anyone, warn

if TYPE_CHECKING:
    from foreign_eyes.alerts.state import AlertState
    from foreign_eyes.cli.context import Context

SECONDS = 60.0
_LAST_WAIT = 5.0


@contextmanager
def patrolling(context: Context, seconds: float = SECONDS) -> Iterator[None]:
    """Patrol in the background every so many seconds, inside the context."""
    from foreign_eyes.archive.times import now

    stop, since = threading.Event(), now()

    def run() -> None:
        said = ""
        while not stop.wait(seconds):
            try:
                patrol(context, since)
                said = ""
            except Exception as error:  # the server must go on, and say each fault once
                text = f"alerts: {type(error).__name__}: {error}"
                if text != said:
                    warn(text)
                said = text

    thread = threading.Thread(target=run, name="alerts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_LAST_WAIT)


def patrol(context: Context, since: datetime) -> None:
    """Report overdue rounds, and deliver the messages that wait; `since` is when the server started.

    Raises:
        StateUnwritable: the state cannot be written; nothing is sent, since each patrol would send it again.
    """
    from foreign_eyes.alerts.outbox import queue
    from foreign_eyes.alerts.state_file import read_state, update_state
    from foreign_eyes.alerts.tasks import overdue_findings
    from foreign_eyes.alerts.transitions import advance, not_after
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.alert_channels import channels_of

    at = now()
    awake = max(since, awake_since(at))
    known = read_state(context.archive)
    plausible = not_after(known, at)  # a clock that was wrong must not hide for years that rounds have stopped
    late = [one for one in overdue_findings(plausible, at, awake) if one.what is not None]
    if not late and not known.outbox and plausible == known:
        return
    channels = channels_of(context)

    def change(state: AlertState) -> tuple[AlertState, None]:
        # the recovery is told by the round that begins
        found = [one for one in overdue_findings(not_after(state, at), at, awake) if one.what is not None]
        after, messages = advance(state, found, at, tells=tells_anyone(channels))
        return (queue(after, messages, [one.name for one in channels]) if channels else after), None

    update_state(context.archive, change)
    for failure in deliver_waiting(context, channels):
        if failure.is_new:
            warn(f"alerts: {failure.channel}: {failure.reason}; the message is kept and tried again")
