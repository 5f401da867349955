"""Decide which messages findings cause: the first failure, a reminder each day, the recovery. Pure.

    in order -> wrong, for `patience` -> told "failed" -> "still failing", once a day -> "recovered" -> in order

A thing that recovers before operators were told causes no message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from foreign_eyes.alerts.state import AlertState, Key, Task, Trouble
from foreign_eyes.alerts.values import Event, Finding, Kind, Message

# a reminder comes on another day (UTC) than the last message, and at least this much later
_PAUSE = timedelta(hours=12)
# a trouble that no run has looked at for so long is forgotten: its source or folder is no longer in use
_FORGOTTEN_AFTER = timedelta(days=30)


def advance(
    state: AlertState, findings: Iterable[Finding], now: datetime, *, whole: Collection[Kind] = ()
) -> tuple[AlertState, tuple[Message, ...]]:
    """Return the state after the findings of a run, and the messages that they cause.

    Of the kinds in `whole` the findings are all there are: their other troubles are over. Times after `now`, which a wrong
    clock stored, count as `now`.
    """
    state = not_after(state, now)
    findings = tuple(findings)
    named = {(finding.kind, finding.subject) for finding in findings}
    over = [Finding(*key) for key in state.troubles if key[0] in whole and key not in named]
    troubles = dict(state.troubles)
    messages: list[Message] = []
    for finding in (*findings, *over):
        trouble, message = _advance_one(troubles.pop((finding.kind, finding.subject), None), finding, now)
        if trouble is not None:
            troubles[trouble.key] = trouble
        if message is not None:
            messages.append(message)
    kept: dict[Key, Trouble] = {key: one for key, one in troubles.items() if now - one.seen <= _FORGOTTEN_AFTER}
    return replace(state, troubles=kept), tuple(messages)


def _advance_one(before: Trouble | None, finding: Finding, now: datetime) -> tuple[Trouble | None, Message | None]:
    if finding.what is None:
        if before is None or before.told is None:
            return None, None
        return None, _message("recovered", replace(before, seen=now), now)
    trouble = Trouble(
        *(finding.kind, finding.subject, finding.what, finding.remedy),
        since=before.since if before else now,
        seen=now,
        told=before.told if before else None,
    )
    if trouble.told is None:
        if now - trouble.since < finding.patience:
            return trouble, None
        first: Event = "overdue" if finding.kind == "schedule" else "failed"
        return replace(trouble, told=now), _message(first, trouble, now)
    if _is_another_day(trouble.told, now):
        return replace(trouble, told=now), _message("still failing", trouble, now)
    return trouble, None


def _is_another_day(told: datetime, now: datetime) -> bool:
    return now - told >= _PAUSE and now.astimezone(UTC).date() > told.astimezone(UTC).date()


def _message(event: Event, trouble: Trouble, now: datetime) -> Message:
    text = f"{event}\n{trouble.kind}\n{trouble.subject}\n{trouble.since.isoformat()}\n{now.isoformat()}"
    return Message(
        message_id=sha256(text.encode()).hexdigest()[:32],
        event=event,
        kind=trouble.kind,
        subject=trouble.subject,
        what=trouble.what,
        remedy="" if event == "recovered" else trouble.remedy,
        since=trouble.since,
        at=now,
    )


def not_after(state: AlertState, now: datetime) -> AlertState:
    """Return the state with no time after `now`, so that a clock that was wrong once does not silence anything."""

    def trouble(one: Trouble) -> Trouble:
        told = min(one.told, now) if one.told else None
        return replace(one, since=min(one.since, now), seen=min(one.seen, now), told=told)

    def task(one: Task) -> Task:
        began = min(one.began, now) if one.began else None
        return replace(one, began=began, ended=min(one.ended, now) if one.ended else None)

    return replace(
        state,
        troubles={key: trouble(one) for key, one in state.troubles.items()},
        tasks={name: task(one) for name, one in state.tasks.items()},
    )
