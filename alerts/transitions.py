"""Decide which messages findings cause: the first failure, a reminder each day, the recovery. Pure.

    in order -> wrong, for `patience` -> told "failed" -> "still failing", once a day -> "recovered" -> in order

A thing that recovers before operators were told causes no message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from foreign_eyes.alerts.state import AlertState, Key, Task, Trouble
from foreign_eyes.alerts.values import Event, Finding, Kind, Message

# a reminder comes on another day (UTC) than the last message, and at least this much later
_PAUSE = timedelta(hours=12)
# a trouble that no run has looked at for so long is forgotten: its source or folder is no longer in use
_FORGOTTEN_AFTER = timedelta(days=30)
_RECENT = 50


def advance(
    state: AlertState, findings: Iterable[Finding], now: datetime, *, whole: Collection[Kind] = (), tells: bool = True
) -> tuple[AlertState, tuple[Message, ...]]:
    """Return the state after the findings of a run, and the messages that they cause.

    For the kinds in `whole`, `findings` is complete: other troubles of these kinds are over. Without `tells`, because the run
    has no channel, no message is made; the next run with a channel makes it. Times after `now`, which a wrong clock stored,
    count as `now`.
    """
    state = not_after(state, now)
    findings = tuple(findings)
    named = {(finding.kind, finding.subject) for finding in findings}
    over = [Finding(*key) for key in state.troubles if key[0] in whole and key not in named]
    troubles = dict(state.troubles)
    messages: list[Message] = []
    for finding in (*findings, *over):
        before = troubles.pop((finding.kind, finding.subject), None)
        trouble, message = _advance_one(before, finding, now) if tells else (_noted(before, finding, now), None)
        if trouble is not None:
            troubles[trouble.key] = trouble
        if message is not None:
            messages.append(message)
    kept: dict[Key, Trouble] = {key: one for key, one in troubles.items() if not _is_forgotten(one, troubles, now)}
    recent = (*state.recent, *messages)[-_RECENT:]
    return replace(state, troubles=kept, recent=recent), tuple(messages)


def _advance_one(before: Trouble | None, finding: Finding, now: datetime) -> tuple[Trouble | None, Message | None]:
    if finding.what is None:
        if before is None or before.told is None:
            return None, None
        return None, _message("recovered", replace(before, seen=now), now)
    trouble = _found(before, finding, finding.what, now)
    if trouble.told is None:
        if now - trouble.since < finding.patience:
            return trouble, None
        first: Event = "overdue" if finding.kind == "schedule" else "failed"
        return replace(trouble, told=now), _message(first, trouble, now)
    if _is_another_day(trouble.told, now):
        return replace(trouble, told=now), _message("still failing", trouble, now)
    return trouble, None


def _is_forgotten(one: Trouble, troubles: Mapping[Key, Trouble], now: datetime) -> bool:
    """Return whether no run has looked at a trouble for long; not while a clock is in doubt, which may have leapt."""
    return now - one.seen > _FORGOTTEN_AFTER and not any(kind == "clock" for kind, _ in troubles)


def _noted(before: Trouble | None, finding: Finding, now: datetime) -> Trouble | None:
    """Return the trouble after a run without channels; one that was told is kept until a run can tell its recovery."""
    if finding.what is None:
        return before if before and before.told else None
    return _found(before, finding, finding.what, now)


def _found(before: Trouble | None, finding: Finding, what: str, now: datetime) -> Trouble:
    since, told = (before.since, before.told) if before else (now, None)
    return Trouble(finding.kind, finding.subject, what, finding.remedy, since=since, seen=now, told=told)


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
