"""`foreign-eyes reparse`: derive all tables again from the captures."""

from __future__ import annotations

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.rebuild_progress import as_object, print_differences, rebuild_archive, settled
from foreign_eyes.cli.terminal import print_json, print_line

EXAMPLES = """
\b
Examples:
  foreign-eyes reparse --check          compare; exit 1 if anything differs
  foreign-eyes reparse                  correct all differences
  foreign-eyes reparse --check --json | jq .ok
"""


@click.command(short_help="Derive everything again from the captures", epilog=EXAMPLES)
@click.option("--check", is_flag=True, help="Compare only, and change nothing; exit 1 if anything differs")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok, crawls, minted, differences")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def reparse(context: Context, check: bool, as_json: bool, quiet: bool) -> int:
    """Settle all captures again, in order of time, and compare the result with the archive.

    Ids, feed dates, the journal and operators' decisions are kept; entries, revisions and positions are derived from the
    captures. Where a newer parser reads other texts, technical revisions are added, which no feed announces. No request is
    sent to the source.
    """
    rebuilt = rebuild_archive(context, "reparse", apply=not check, quiet=quiet or as_json)
    same = not rebuilt.differences
    if as_json:
        print_json({"ok": same, **as_object(rebuilt)})
    elif not quiet or (check and not same):
        verdict = "nothing differs" if same else "the archive differs from its captures" if check else "corrected"
        print_line(f"{settled(rebuilt)}: {verdict}", style="bold green" if same or not check else "bold yellow")
        print_differences(rebuilt)
    return exit_codes.PROBLEMS if check and not same else exit_codes.DONE
