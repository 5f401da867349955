"""Gather what `status` shows: the archive, its sources, schedules, messages, backup and disk, and all problems."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from foreign_eyes.archive import growth, overview, source_activity
from foreign_eyes.archive.doubtful_matches import count_doubts
from foreign_eyes.archive.feed_state.hub_notifications import hub_problems, unnotified_hubs
from foreign_eyes.archive.feed_state.output_lag import output_lags
from foreign_eyes.archive.free_space import MEGABYTE, free_spaces
from foreign_eyes.archive.reported_problems import killed_crawls, reported_problems
from foreign_eyes.archive.times import to_text
from foreign_eyes.cli import archive_problems, status_schedules
from foreign_eyes.cli.alerts import awake_since
from foreign_eyes.cli.all_sources_problems import all_sources_problems
from foreign_eyes.cli.disk_floor import disk_problems
from foreign_eyes.cli.output_problems import output_problems, permission_problems
from foreign_eyes.cli.site_wishes import find_wishes
from foreign_eyes.cli.unplaced_sources import unplaced_source_problems
from foreign_eyes.feeds.file_writer import read_file_mode

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.alerts.state import AlertState
    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.cli.context import Context

WEEK = timedelta(days=7)
# a disk that will be full within this time is a problem today
_SOON = timedelta(days=14)


def compose(
    context: Context, place: Context, db: Database, state: AlertState, running: str | None, at: datetime
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the report, as `--json` prints it, and the problems in it; `place` is the context of the output folder."""
    doubts, hubs = count_doubts(db), unnotified_hubs(db)
    disk = _disk(context, db, at)
    problems = [
        *reported_problems(db, at),
        *killed_crawls(db, running),
        *output_problems(
            db,
            place.output,
            place.publishing.base_url,
            running=running is not None,
            expected=place.configuration.sets("publish"),
        ),
        *disk_problems(place),
        *hub_problems(hubs, running=running is not None),
        *unplaced_source_problems(place, db),
        *all_sources_problems(place, db, running=running is not None, all_files=False),
        *permission_problems(db, read_file_mode(place.publishing.file_mode), all_files=False),
    ]
    problems += status_schedules.disk_problems(disk, at, _SOON)
    problems += status_schedules.state_problems(state, at, awake_since(at), {problem.where for problem in problems})
    report: dict[str, Any] = {
        **archive_problems.as_report(problems),
        "archive": str(context.archive),
        "bytes": disk["archive_bytes"],
        "running": running,
        "sources": _sources(context, db, state, doubts, at),
        "last_crawls": overview.last_crawls(db),
        "doubts": sum(doubts.values()),
        "feeds": [
            {"folder": str(lag.folder), "source": lag.source, "changes_behind": lag.changes, "new_behind": lag.new}
            for lag in output_lags(db)
        ],
        "disk": disk,
        "backup": status_schedules.newest_backup(state),
        "schedules": status_schedules.schedules(state, at, awake_since(at)),
        "undelivered": status_schedules.undelivered(state),
        "hubs": hubs,
    }
    return report, problems


def _sources(
    context: Context, db: Database, state: AlertState, doubts: dict[str, int], at: datetime
) -> list[dict[str, Any]]:
    failing, changes = source_activity.failing_sources(db), source_activity.changes_since(db, at - WEEK)
    rows = []
    for row in overview.totals(db, at):
        name = row["source"]
        wishes = find_wishes(db, context, name, row["url"])
        due = status_schedules.next_due(state, name, context.configuration.default_source)
        failed = failing.get(name)
        rows.append(
            {
                **row,
                "doubts": doubts.get(name, 0),
                **wishes,
                "failing_since": failed.since if failed else None,
                "failed_crawls": failed.crawls if failed else 0,
                "changes_7_days": changes.get(name, {}),
                # a scheduled round does not crawl a site before the time that it asked for
                "next_due": max(filter(None, [to_text(due), wishes["not_before"]])) if due else None,
            }
        )
    return rows


def _disk(context: Context, db: Database, at: datetime) -> dict[str, Any]:
    """Return the size of the archive, its growth, and the free space of its file system; the floor is not free.

    A file system that does not say how large it is has no known free space.
    """
    size = context.archive.stat().st_size
    free = next((space.free for space in free_spaces([context.archive])), None)
    per_month = growth.growth_per_month(growth.read_added(db, at))
    floor = context.configuration.archive.min_free_mb * MEGABYTE
    full = None if free is None else growth.full_at(free - floor, per_month, at)
    return {
        "archive_bytes": size,
        "free_bytes": free,
        "growth_bytes_per_month": per_month,
        "full_on": to_text(full) if full else None,
    }
