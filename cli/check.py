"""`foreign-eyes check`: verify the archive, the published files and the configuration, in a few seconds."""

from __future__ import annotations

from pathlib import Path

import click

from cli import exits
from cli.context import Context, pass_context
from cli.sample_place import at_its_output
from cli.status import show_problems
from cli.terminal import say_json

SECONDS = 3.0


@click.command(
    short_help="Verify the archive, the files and the configuration",
    epilog="\b\nExamples:\n  foreign-eyes check\n  foreign-eyes check --json | jq .problems",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="The published folder")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok and problems")
@pass_context
def check(context: Context, output: Path | None, as_json: bool) -> int:
    """Verify what a few seconds can verify: the archive's structure and digests, the files, the configuration.

    Exits 1 where it found problems. Bodies are checked newest first, for as long as the seconds last.
    """
    from archive import query
    from archive.clock import now
    from archive.invented import holdings
    from archive.lock import holder
    from archive.store import read_archive
    from archive.verify import verify
    from cli import health

    folder = output or at_its_output(context).output
    running = holder(context.archive)
    with health.told_in_json(as_json), read_archive(context.archive) as db:
        problems = [
            *verify(db, seconds=SECONDS),
            *health.crawl_problems(query.last_crawls(db), query.totals(db), now()),
            *health.mixture_problems(holdings(db)),
            *health.killed_problems(query.open_crawls(db), running),
            *health.file_problems(db, folder, expected=output is not None),
        ]
    if as_json:
        say_json(health.as_report(problems))
    else:
        show_problems(problems)
    return exits.PROBLEMS if problems else exits.DONE
