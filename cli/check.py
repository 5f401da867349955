"""`foreign-eyes check`: verify the archive, the published files and the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.alert_findings import check_subject, report_check
from foreign_eyes.cli.check_url import check_url
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.only_changes import only_changes_option
from foreign_eyes.cli.recorded_runs import every_option, recorded
from foreign_eyes.cli.sample_place import at_its_output
from foreign_eyes.cli.status_screen import show_problems
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from foreign_eyes.archive.problems import Problem

EXAMPLES = """
\b
Examples:
  foreign-eyes check
  foreign-eyes check --deep       also derive and compose all again
  foreign-eyes check --url https://example.org/
  foreign-eyes check --json | jq .problems
"""


@click.command(short_help="Verify the archive, the files and the configuration", epilog=EXAMPLES)
@click.option(
    "--deep", is_flag=True, help="Also derive all tables and compose all files again, and compare; takes longer"
)
@click.option(
    "--url", metavar="URL", help="Only fetch the published site at this base URL, and compare; 69 if unreachable"
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="The published folder")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok and problems")
@every_option
@only_changes_option
@pass_context
@recorded("check")
def check(context: Context, deep: bool, url: str | None, output: Path | None, as_json: bool) -> int:
    """Verify the archive, the published files and the configuration.

    In the archive it verifies the structure, the seals, every observed row and every body. With --deep it also derives
    everything again in a private copy, composes every published file, compares the results, and checks the newest backup by
    restoring it to a temporary folder. If it finds problems, it prints each with the command that repairs it, and exits
    with 1. With --url it fetches the published site instead, as readers do, and checks types, caching, links, robots.txt,
    the certificate, and that it shows this archive's newest change.
    """
    if url is not None:
        if deep:
            raise click.UsageError("--url fetches the published site, --deep checks the archive: use one of them")
        return check_url(context, url, output, as_json=as_json)
    from foreign_eyes.archive.archive_lock import holder
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.feed_state.hub_notifications import hub_problems, unnotified_hubs
    from foreign_eyes.archive.integrity import verify
    from foreign_eyes.archive.problems import damage_as_problem
    from foreign_eyes.archive.reported_problems import killed_crawls, reported_problems
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli import archive_problems
    from foreign_eyes.cli.alert_channels import alert_problems
    from foreign_eyes.cli.all_sources_problems import all_sources_problems
    from foreign_eyes.cli.check_progress import check_progress
    from foreign_eyes.cli.damage_report import explained
    from foreign_eyes.cli.deep_problems import deep_problems
    from foreign_eyes.cli.disk_floor import disk_problems
    from foreign_eyes.cli.output_problems import (
        leftover_problems,
        output_problems,
        permission_problems,
        usual_folders,
    )
    from foreign_eyes.cli.site_setting_problems import former_name_problems, site_setting_problems
    from foreign_eyes.cli.unplaced_sources import unplaced_source_problems
    from foreign_eyes.feeds.file_writer import read_file_mode

    with (
        archive_problems.errors_as_report(as_json),
        explained(context.archive),
        check_progress(quiet=as_json) as begin,
    ):
        place = at_its_output(context)
        running = holder(context.archive)
        with read_archive(context.archive) as db:

            def reported() -> list[Problem]:
                folders = usual_folders(db, place.output) if output is None else [output]
                return [
                    *reported_problems(db, now()),
                    *killed_crawls(db, running),
                    *(
                        problem
                        for folder in folders
                        for problem in archive_problems.file_problems(db, folder, expected=output is not None)
                    ),
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
                    *all_sources_problems(place, db, running=running is not None, all_files=True),
                    *(problem for folder in folders for problem in leftover_problems(db, folder)),
                    *permission_problems(db, read_file_mode(place.publishing.file_mode), all_files=True),
                    *site_setting_problems(context.configuration),
                    *alert_problems(context),
                    *former_name_problems(db, context.configuration),
                ]

            problems = [
                *verify(db),
                *(deep_problems(context, db, begin) if deep else ()),
                *damage_as_problem("archive", reported),
            ]
    report_check(context, problems, check_subject(deep=deep, url=None))
    if as_json:
        print_json(archive_problems.as_report(problems))
    else:
        show_problems(problems)
    return exit_codes.PROBLEMS if problems else exit_codes.DONE
