"""`foreign-eyes reparse`: derive everything again from the truth."""

from __future__ import annotations

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.rebuild_progress import as_object, rebuild_archive, say_differences, settled
from foreign_eyes.cli.terminal import print_json, print_line

EXAMPLES = """
\b
Examples:
  foreign-eyes reparse --check          compare; exit 1 if anything differs
  foreign-eyes reparse                  put right what differs
  foreign-eyes reparse --check --json | jq .ok
"""


@click.command(short_help="Derive everything again from the captures", epilog=EXAMPLES)
@click.option("--check", is_flag=True, help="Compare only, and change nothing; exit 1 if anything differs")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok, crawls, minted, differences")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def reparse(context: Context, check: bool, as_json: bool, quiet: bool) -> int:
    """Settle all captures again, in the order of time, and compare with what the archive says.

    Ids, feed dates, the journal and operators' decisions are kept; entries, revisions and places follow from the captures.
    What a newer parser reads otherwise becomes technical revisions, which no feed announces. Nothing is asked of the source.
    """
    rebuilt = rebuild_archive(context, "reparse", apply=not check, quiet=quiet or as_json)
    same = not rebuilt.differences
    if as_json:
        print_json({"ok": same, **as_object(rebuilt)})
    elif not quiet or (check and not same):
        verdict = "nothing differs" if same else "the archive differs from its captures" if check else "put right"
        print_line(f"{settled(rebuilt)}: {verdict}", style="bold green" if same or not check else "bold yellow")
        say_differences(rebuilt)
    return exit_codes.PROBLEMS if check and not same else exit_codes.DONE
