"""What `status` says about schedules, messages to operators, the newest backup and the disk."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from foreign_eyes.alerts.state import AlertState, Trouble
from foreign_eyes.alerts.tasks import BACKUP, ROUND, overdue_findings
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.times import from_text, to_text
from foreign_eyes.cli.terminal import kilobytes

# the kinds of trouble that `status` cannot find by itself; it judges crawls and the disk anew each time
_KNOWN_FROM_RUNS = ("publish", "check", "backup")


def state_problems(state: AlertState, at: datetime, awake: datetime, named: Collection[str]) -> Iterator[Problem]:
    """Yield what the state of alerts knows to be wrong, unless a problem of the same place is `named` already.

    `awake` is when this machine started.
    """
    if state.damage:
        what = "the state of alerts cannot be read, so operators may get a message twice"
        yield Problem(f"{what}: {state.damage}", "alerts", "remove the file; the next run makes a new one")
    for finding in overdue_findings(state, at, awake):
        if finding.what is not None:
            yield Problem(finding.what, finding.subject, finding.remedy)
    for trouble in state.troubles.values():
        if trouble.kind in _KNOWN_FROM_RUNS and trouble.subject not in named:
            yield _from_run(trouble)
    for row in undelivered(state):
        if row["reason"] is not None:
            waiting = f"{row['messages']} message{'' if row['messages'] == 1 else 's'} not delivered"
            what = f"{waiting}: it has failed since {row['since']}: {row['reason']}"
            yield Problem(what, f"channel {row['channel']}", "correct [alerts] in the settings; each run tries again")
    backup = newest_backup(state)
    if backup is not None and not backup["exists"]:
        yield Problem(
            "the newest backup is missing", backup["path"], shlex.join(["foreign-eyes", "backup", backup["path"]])
        )


def _from_run(trouble: Trouble) -> Problem:
    """Return what a run found; a check may have found what has been repaired since."""
    if trouble.kind != "check":
        return Problem(trouble.what, trouble.subject, trouble.remedy)
    what = f"the last one, at {trouble.seen:%Y-%m-%d %H:%M} UTC, found: {trouble.what}"
    again = f"foreign-eyes {trouble.subject}"
    if trouble.remedy.endswith(again):
        return Problem(what, trouble.subject, trouble.remedy)
    return Problem(what, trouble.subject, f"{trouble.remedy}; if it is repaired: {again}")


def disk_problems(disk: dict[str, Any], at: datetime, soon: timedelta) -> Iterator[Problem]:
    """Yield a problem if the disk is full within `soon` at the archive's growth."""
    if disk["full_on"] is not None and from_text(disk["full_on"]) - at < soon:
        days = max(0, (from_text(disk["full_on"]) - at).days)
        growth = kilobytes(disk["growth_bytes_per_month"])
        what = f"the disk is full in {days} days: the archive grows by {growth} a month"
        yield Problem(what, "disk of the archive", "free disk space, or move the archive to a larger disk")


def next_due(state: AlertState, source: str, default: str) -> datetime | None:
    """Return when a scheduler starts the next round with this source; None if none does."""
    times = [
        task.began + task.every
        for task in state.tasks.values()
        if task.name == ROUND and task.began and task.every and _covers(task.sources, source, default)
    ]
    return min(times, default=None)


def _covers(sources: tuple[str, ...], source: str, default: str) -> bool:
    return source in (sources or (default,)) or "--all-sources" in sources


def schedules(state: AlertState, at: datetime, awake: datetime) -> list[dict[str, Any]]:
    """Return the commands that a scheduler runs; `awake` is when this machine started."""
    overdue = {finding.subject for finding in overdue_findings(state, at, awake) if finding.what is not None}
    return [
        {
            "schedule": task.subject,
            "every_seconds": task.every.total_seconds(),
            "began": to_text(task.began),
            "ended": to_text(task.ended) if task.ended else None,
            "exit_code": task.code,
            "next_due": to_text(task.began + task.every),
            "overdue": task.subject in overdue,
        }
        for task in state.tasks.values()
        if task.every and task.began
    ]


def undelivered(state: AlertState) -> list[dict[str, Any]]:
    """Return the channels with undelivered messages or a failed delivery."""
    rows = []
    for name in sorted({name for name, waiting in state.outbox.items() if waiting} | state.failed_channels.keys()):
        waiting, failed = state.outbox.get(name, ()), state.failed_channels.get(name)
        since = failed.since if failed else waiting[0].at
        reason = failed.reason if failed else None
        rows.append({"channel": name, "messages": len(waiting), "since": to_text(since), "reason": reason})
    return rows


def newest_backup(state: AlertState) -> dict[str, Any] | None:
    """Return the newest backup that `backup` recorded, or None."""
    task = state.tasks.get(BACKUP)
    if task is None or task.path is None:
        return None
    at = task.ended if task.code == 0 else None
    return {"path": task.path, "at": to_text(at) if at else None, "exists": Path(task.path).exists()}
