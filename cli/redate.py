"""`foreign-eyes redate`: correct the start of a crawl whose clock was wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.rebuild_progress import as_object, print_decision, rebuild_archive
from foreign_eyes.cli.terminal import counted, print_json, print_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlite_utils import Database

    from foreign_eyes.archive.settling.date_corrections import MovedDate

EXAMPLES = """
\b
Examples:
  foreign-eyes check                             lists crawls dated too late
  foreign-eyes redate 12 2026-11-30T09:00:00Z    crawl 12 began then
  foreign-eyes redate 12 2026-11-30T17:00+08:00  the same, in another zone
  foreign-eyes redate 12 2026-11-30T09:00Z --dry-run
"""

# there was no web page before
FIRST_YEAR, LAST_YEAR = 1990, 9999


class Moment(click.ParamType[datetime]):
    """A click type for a time with its time zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC; fail with the allowed form."""
        form = "write it as 2026-11-30T09:00:00Z, or with another zone as 2026-11-30T17:00:00+08:00"
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(f"{value!r} is not a time: {form}", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no time zone: {form}", param, ctx)
        if not FIRST_YEAR <= moment.year < LAST_YEAR:
            self.fail(f"{value!r}: the year must be {FIRST_YEAR} to {LAST_YEAR - 1}: {form}", param, ctx)
        return moment.astimezone(UTC)


@click.command(short_help="Correct the start of a crawl whose clock was wrong", epilog=EXAMPLES)
@click.argument("crawl", type=click.IntRange(1), metavar="CRAWL")
@click.argument("time", type=Moment(), metavar="TIME")
@click.option("--dry-run", is_flag=True, help="Report what would differ; do not change the archive")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def redate(context: Context, crawl: int, time: datetime, dry_run: bool, as_json: bool, quiet: bool) -> int:
    """Record that CRAWL began at TIME, because this machine's clock was wrong then.

    CRAWL is a number in the crawl log. The other times of the crawl move with it. Feed dates later than its corrected times are
    corrected, and the feed of changes tells readers; no other feed date moves, and archive documents that were
    published keep theirs. The decision is recorded and holds when the archive is derived again; if there are several
    for one crawl, the last one counts.
    """
    from foreign_eyes.archive.rebuilding.redatings import redate as decide
    from foreign_eyes.archive.times import now, to_text

    moved: list[MovedDate] = []

    def prepare(db: Database) -> Collection[int]:
        moved.extend(decide(db, crawl, time, now()))
        return ()

    what = f"redate {crawl} {to_text(time)}"
    rebuilt = rebuild_archive(context, what, prepare=prepare, apply=not dry_run, quiet=as_json or quiet)
    if as_json:
        dates = [
            {"entry_id": date.entry_id, "before": to_text(date.before), "after": to_text(date.after)} for date in moved
        ]
        print_json({"crawl_id": crawl, "began_at": to_text(time), "moved": dates, **as_object(rebuilt)})
    elif not quiet:
        print_decision(f"crawl {crawl} {'would have begun' if dry_run else 'began'} at {to_text(time)}", rebuilt)
        print_line(f"  {counted(len(moved), 'feed date')} {'would move' if dry_run else 'moved'}")
    return 0
