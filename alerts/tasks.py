"""The commands that a scheduler runs: when each began and ended, and which of them are overdue. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from foreign_eyes.alerts.state import AlertState, Task
from foreign_eyes.alerts.values import Finding

ROUND, CHECK, BACKUP = "round", "check", "backup"

# a scheduler may start a command late by half its interval, but not by more than this
_MOST_LATE = timedelta(hours=6)
# and by a minute in any case
_LEAST_LATE = timedelta(minutes=1)
# after this machine started, the scheduler has this time to catch up
_CATCH_UP = timedelta(minutes=15)


def begin(state: AlertState, task: Task, now: datetime) -> AlertState:
    """Return the state after a run of a task has begun; `task` has its name, its sources and its interval.

    A round replaces earlier rounds of some of its sources: the operator has changed the schedule.
    """
    known = state.tasks.get(task.subject, task)
    begun = replace(known, every=task.every, began=now, ended=None)
    kept = {subject: one for subject, one in state.tasks.items() if not _is_replaced(one, task)}
    return replace(state, tasks={**kept, task.subject: begun})


def end(state: AlertState, task: Task, now: datetime, code: int) -> AlertState:
    """Return the state after a run of a task has ended with an exit code."""
    known = state.tasks.get(task.subject)
    if known is None:
        return state
    return replace(state, tasks={**state.tasks, task.subject: replace(known, ended=now, code=code)})


def without_task(state: AlertState, subject: str) -> AlertState:
    """Return the state without a task, whose schedule has ended, and without its trouble."""
    troubles = {key: one for key, one in state.troubles.items() if key != ("schedule", subject)}
    return replace(state, tasks={name: one for name, one in state.tasks.items() if name != subject}, troubles=troubles)


def without_source(state: AlertState, source: str) -> AlertState:
    """Return the state without the troubles of a source that was forgotten or renamed, and without rounds of it alone."""
    over = {f"source {source}", f"feeds of {source}"}
    troubles = {key: one for key, one in state.troubles.items() if key[1] not in over}
    return without_task(replace(state, troubles=troubles), Task(ROUND, (source,)).subject)


def with_backup(state: AlertState, path: str, now: datetime) -> AlertState:
    """Return the state after the archive was backed up to `path`."""
    known = state.tasks.get(BACKUP, Task(BACKUP))
    return replace(
        state, tasks={**state.tasks, BACKUP: replace(known, path=path, began=known.began or now, ended=now, code=0)}
    )


def tolerance(every: timedelta) -> timedelta:
    """Return how late a task may begin: half its interval, at least a minute, at most six hours."""
    return max(_LEAST_LATE, min(every / 2, _MOST_LATE))


def overdue_after(task: Task, awake_since: datetime | None = None) -> datetime | None:
    """Return the time after which a task is overdue if it has not begun again; None if no scheduler runs it.

    `awake_since` is when this machine or the server that asks started: before that nothing could run.
    """
    if task.every is None or task.began is None:
        return None
    late = tolerance(task.every)
    due = max(task.began + task.every, task.ended or task.began) + late
    return max(due, awake_since + min(late, _CATCH_UP)) if awake_since else due


def overdue_findings(state: AlertState, now: datetime, awake_since: datetime | None = None) -> Iterator[Finding]:
    """Yield a finding for each task that a scheduler runs: whether it is overdue."""
    for task in state.tasks.values():
        limit = overdue_after(task, awake_since)
        if limit is None or task.began is None or task.every is None:
            continue
        if now <= limit:
            yield Finding("schedule", task.subject)
            continue
        yield Finding("schedule", task.subject, _what(task, task.every, task.began), _remedy(task))


def _what(task: Task, every: timedelta, began: datetime) -> str:
    last = f"the last one began at {began:%Y-%m-%d %H:%M} UTC{'' if task.ended else ' and has not ended'}"
    return f"no {task.name} was started when one was due: {last}, and one is due every {_words(every)}"


def _remedy(task: Task) -> str:
    ended = f"if you have ended this schedule: foreign-eyes alerts --forget '{task.subject}'"
    return f"start its scheduler (timer, cron or watch) again; {ended}"


def _is_replaced(other: Task, task: Task) -> bool:
    """Return whether a beginning round makes another one obsolete: it has all its sources, or all sources of the settings."""
    if other.name != ROUND or task.name != ROUND or other.subject == task.subject:
        return False
    return "--all-sources" in task.sources or set(other.sources) <= set(task.sources)


def _words(every: timedelta) -> str:
    seconds = int(every.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
