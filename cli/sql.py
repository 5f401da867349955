"""`foreign-eyes sql`: run a statement on the archive, read-only, and print its rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.exit_codes import USAGE, Stopped
from foreign_eyes.cli.json_errors import errors_as_json
from foreign_eyes.cli.parameter_types import SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from foreign_eyes.cli.sql_output import Format

# a commit of a crawl waits 30 s for readers
TIME_LIMIT = 20.0

EXAMPLES = """
\b
Examples:
  foreign-eyes sql "select outcome, count(*) from crawl_log group by 1"
  foreign-eyes sql "select * from current_entries" --csv > entries.csv
  foreign-eyes sql "select * from links where label = :l" --param l Patent
  foreign-eyes sql "select title from entries" --json | jq -r '.rows[].title'
  foreign-eyes sql - < question.sql
"""


@click.command(short_help="Run a read-only SQL query on the archive", epilog=EXAMPLES)
@click.argument("statement", metavar="STATEMENT")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: columns, rows")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a line of column names")
@click.option(
    "--param", "parameters", nargs=2, multiple=True, metavar="NAME VALUE", help="The value of :NAME; can be repeated"
)
@click.option(
    "--time-limit", type=SECONDS, default=TIME_LIMIT, show_default=True, help="Seconds for the statement; 0: no limit"
)
@pass_context
def sql(
    context: Context,
    statement: str,
    as_json: bool,
    as_csv: bool,
    parameters: tuple[tuple[str, str], ...],
    time_limit: float,
) -> None:
    """Run one SQL STATEMENT on the archive, read-only, and print its rows.

    Without an option, the first 1,000 rows are printed as a table. "-" reads the statement from standard input. The
    statement may call word_diff(OLD, NEW), comparable(TEXT) and search_query(TEXT). Crawls cannot commit while it runs,
    so it has a time limit.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv cannot be combined: give one of them")
    if statement == "-":
        statement = sys.stdin.read()
    if not statement.strip():
        raise click.UsageError("STATEMENT is empty: give a SELECT statement")
    chosen: Format = "json" if as_json else "csv" if as_csv else "table"
    with errors_as_json(as_json, context.archive, remedy="correct the statement"):
        _run(context.archive, statement, dict(parameters), time_limit, chosen)


def _run(archive: Path, statement: str, parameters: dict[str, str], seconds: float, chosen: Format) -> None:
    """Run the statement, close the archive and print the rows, so that a slow reader delays no crawl."""
    from tempfile import SpooledTemporaryFile

    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.read_only_sql import StatementError, run_read_only
    from foreign_eyes.cli.sql_output import print_rows, write_rows

    spool: BinaryIO
    with SpooledTemporaryFile(max_size=16_000_000) as spool:  # type: ignore[assignment]
        try:
            with read_archive(archive) as db:
                result = run_read_only(db, statement, parameters, seconds)
                note = write_rows(result, chosen, spool)
        except StatementError as error:
            raise Stopped(USAGE, str(error)) from error
        print_rows(spool, note)
