"""`foreign-eyes check --url`: fetch the published site as readers do, and compare it with what was published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.alert_findings import check_subject, report_check
from foreign_eyes.cli.check_progress import check_progress
from foreign_eyes.cli.json_errors import errors_as_json
from foreign_eyes.cli.status_screen import show_problems
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context


def check_url(context: Context, url: str, output: Path | None, *, as_json: bool) -> int:
    """Check the site at a base URL, print the problems, and return the exit code.

    Raises:
        Stopped: nothing was published, or the site cannot be reached.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.cli import archive_problems
    from foreign_eyes.cli.damage_report import explained
    from foreign_eyes.cli.sample_place import at_its_output
    from foreign_eyes.cli.site_fetcher import SiteFetcher
    from foreign_eyes.cli.url_problems import url_problems
    from foreign_eyes.feeds.published_urls import normal_base_url

    try:
        base_url = normal_base_url(url, "URL of the site")
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    again = f"check the network and the name, then: foreign-eyes check --url {base_url}"
    with (
        errors_as_json(as_json, base_url, again),
        explained(context.archive),
        check_progress(quiet=as_json) as begin,
        read_archive(context.archive) as db,
    ):
        place = at_its_output(context)
        problems = list(url_problems(place, db, base_url, output, SiteFetcher(), begin))
    report_check(context, problems, check_subject(deep=False, url=base_url))
    if as_json:
        print_json(archive_problems.as_report(problems))
    else:
        show_problems(problems)
    return exit_codes.PROBLEMS if problems else exit_codes.DONE
