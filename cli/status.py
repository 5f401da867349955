"""`foreign-eyes status`: show the contents of the archive and its last crawls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.terminal import counted, kilobytes, local_time, print_json, print_line

if TYPE_CHECKING:
    from foreign_eyes.archive.problems import Problem


@click.command(
    short_help="Show the archive's contents and last crawls",
    epilog="\b\nExamples:\n  foreign-eyes status\n  foreign-eyes status --json | jq -e .ok || mail-the-operator",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok, problems and more")
@pass_context
def status(context: Context, as_json: bool) -> int:
    """Show the contents of the archive, its last crawls, and all problems.

    The contents are the numbers of entries and captures; each crawl has its time and outcome. If there are problems, the exit
    code is 1.
    """
    from foreign_eyes.archive import overview
    from foreign_eyes.archive.archive_lock import holder
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.doubtful_matches import count_doubts
    from foreign_eyes.archive.feed_state.hub_notifications import hub_problems, unnotified_hubs
    from foreign_eyes.archive.reported_problems import killed_crawls, reported_problems
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli import archive_problems
    from foreign_eyes.cli.all_sources_problems import all_sources_problems
    from foreign_eyes.cli.damage_report import explained
    from foreign_eyes.cli.disk_floor import disk_problems
    from foreign_eyes.cli.output_problems import output_problems, permission_problems
    from foreign_eyes.cli.sample_place import at_its_output
    from foreign_eyes.cli.site_wishes import find_wishes
    from foreign_eyes.cli.unplaced_sources import unplaced_source_problems
    from foreign_eyes.feeds.file_writer import read_file_mode

    running = holder(context.archive)
    with archive_problems.errors_as_report(as_json), explained(context.archive), read_archive(context.archive) as db:
        place = at_its_output(context)
        totals, crawls, doubts = overview.totals(db, now()), overview.last_crawls(db), count_doubts(db)
        problems = [
            *reported_problems(db, now()),
            *killed_crawls(db, running),
            *output_problems(
                db,
                place.output,
                place.publishing.base_url,
                running=running is not None,
                expected=place.configuration.sets("publish"),
            ),
            *disk_problems(place),
            *hub_problems(unnotified_hubs(db), running=running is not None),
            *unplaced_source_problems(place, db),
            *all_sources_problems(place, db, running=running is not None, all_files=False),
            *permission_problems(db, read_file_mode(place.publishing.file_mode), all_files=False),
        ]
        wishes = {row["source"]: find_wishes(db, context, row["source"], row["url"]) for row in totals}
    report: dict[str, Any] = {
        **archive_problems.as_report(problems),
        "archive": str(context.archive),
        "bytes": context.archive.stat().st_size,
        "running": running,
        "sources": [{**row, "doubts": doubts.get(row["source"], 0), **wishes[row["source"]]} for row in totals],
        "last_crawls": crawls,
        "doubts": sum(doubts.values()),
    }
    if as_json:
        print_json(report)
    else:
        _show(report, problems)
    return exit_codes.PROBLEMS if problems else exit_codes.DONE


def _show(report: dict[str, Any], problems: list[Problem]) -> None:
    print_line(f"{report['archive']}  {kilobytes(report['bytes'])}", style="bold")
    if report["running"]:
        print_line(f"  in use by {report['running']}")
    last = {row["source"]: row for row in report["last_crawls"]}
    for source in report["sources"]:
        print_line(f"\n{source['source']}", style="bold")
        print_line(f"  {source['url']}")
        entries, revisions = counted(source["entries"], "entry", "entries"), counted(source["revisions"], "revision")
        print_line(f"  {entries} ({source['withdrawn']} withdrawn), {revisions}")
        print_line(f"  {counted(source['crawls'], 'crawl')}, {counted(source['captures'], 'capture')}")
        if source["forgotten"]:
            print_line(f"  forgotten; to resume it: foreign-eyes crawl {source['source']}", style="yellow")
        if crawl := last.get(source["source"]):
            good = crawl["outcome"] in ("complete", "unchanged")
            print_line(
                f"  last crawl {local_time(crawl['finished_at'])}: {crawl['outcome']}",
                style="green" if good else "yellow",
            )
        print_line(f"  last good crawl {local_time(source['last_good_crawl'])}")
        print_line(f"  last fresh crawl {local_time(source['last_fresh_crawl'])}")
        if source["crawl_delay"]:
            print_line(f"  {source['crawl_delay']}")
        if source["pause"]:
            print_line(f"  {source['pause']}", style="yellow")
        if source["doubts"]:
            print_line(f"  {counted(source['doubts'], 'open doubt')}: foreign-eyes doubts", style="yellow")
    show_problems(problems)


def show_problems(problems: list[Problem]) -> None:
    """Print the problems and their remedies."""
    print_line()
    for problem in problems:
        print_line(f"! {problem.where}: {problem.what}", style="red")
        print_line(f"  to fix it: {problem.remedy}")
    if not problems:
        print_line("no problems found", style="green")
