"""`foreign-eyes status`: what the archive holds, what is due, and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from foreign_eyes.archive.problems import Problem

EXAMPLES = """
\b
Examples:
  foreign-eyes status
  foreign-eyes status --json | jq -e .ok || mail-the-operator
  foreign-eyes status --prometheus-file /srv/metrics/foreign-eyes.prom
"""


@click.command(short_help="Show the archive's contents, what is due and what is wrong", epilog=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok, problems and more")
@click.option("--prometheus", is_flag=True, help="Print metrics in the text format of Prometheus")
@click.option(
    "--prometheus-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the metrics to FILE for node_exporter, and print nothing",
)
@pass_context
def status(context: Context, as_json: bool, prometheus: bool, prometheus_file: Path | None) -> int:
    """Show what the archive holds, what is due, and all problems.

    For each source: its entries, its last crawls, since when it was not read well, and the changes of the last week; then
    schedules, backup, disk, undelivered messages, and the command that repairs each problem. If there are problems, the exit
    code is 1.
    """
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.cli.archive_problems import as_report, error_problem
    from foreign_eyes.cli.damage_report import explained
    from foreign_eyes.cli.status_screen import show_status

    if as_json + prometheus + (prometheus_file is not None) > 1:
        raise click.UsageError("use only one of --json, --prometheus and --prometheus-file")
    try:
        with explained(context.archive):
            report, problems = _read(context)
    except ArchiveError as error:
        if as_json or prometheus or prometheus_file:
            _write(as_report([error_problem(error)]), prometheus_file, as_json=as_json)
        raise
    if as_json or prometheus or prometheus_file:
        _write(report, prometheus_file, as_json=as_json)
    else:
        show_status(report, problems)
    return exit_codes.PROBLEMS if problems else exit_codes.DONE


def _read(context: Context) -> tuple[dict[str, Any], list[Problem]]:
    from foreign_eyes.alerts.state_file import read_state
    from foreign_eyes.archive.archive_lock import holder
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.sample_place import at_its_output
    from foreign_eyes.cli.status_report import compose

    running = holder(context.archive)
    with read_archive(context.archive) as db:
        return compose(context, at_its_output(context), db, read_state(context.archive), running, now())


def _write(report: dict[str, Any], prometheus_file: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    from foreign_eyes.cli.status_metrics import metrics, write_metrics

    if prometheus_file is None:
        click.echo(metrics(report), nl=False)
    else:
        write_metrics(prometheus_file, metrics(report))
