"""Shared by commands that derive the archive again: the lock, the progress and the report."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from foreign_eyes.cli.context import Context
from foreign_eyes.cli.terminal import counted, print_line, progress_bar

if TYPE_CHECKING:
    from foreign_eyes.archive.rebuilding.rebuild import Prepare, Rebuilt


def rebuild_archive(
    context: Context, what: str, *, prepare: Prepare | None = None, apply: bool = True, quiet: bool = False
) -> Rebuilt:
    """Derive the archive again, with `apply` under its lock.

    `what` names the run to other processes.

    Raises:
        ArchiveError: the archive does not exist, is in use, or cannot be derived again.
    """
    from foreign_eyes.archive.archive_lock import only_run
    from foreign_eyes.archive.database import open_archive, read_archive
    from foreign_eyes.archive.rebuilding.deep_check import repair_indexes
    from foreign_eyes.archive.rebuilding.rebuild import rebuild
    from foreign_eyes.archive.times import now, to_text
    from foreign_eyes.crawler.remembering_parser import RememberingParser

    began = now()
    context.require_archive()
    with progress_bar(what, quiet=quiet) as show:
        options: dict[str, Any] = {
            "at": began,
            "authority": context.configuration.archive.tag_authority,
            "apply": apply,
        }
        if prepare is not None:
            options["prepare"] = prepare
        if show is not None:
            options["on_crawl"] = show
        if not apply:
            with read_archive(context.archive) as db:
                return rebuild(db, RememberingParser(), **options)
        with only_run(context.archive, what=what, since=to_text(began)), open_archive(context.archive) as db:
            if prepare is None and repair_indexes(db):
                print_line("damaged indexes were rebuilt", style="yellow", err=True)
            return rebuild(db, RememberingParser(), **options)


def as_object(rebuilt: Rebuilt) -> dict[str, Any]:
    """Return the result as a JSON object."""
    return {
        "crawls": rebuilt.crawls,
        "minted": rebuilt.minted,
        "differences": [asdict(difference) for difference in rebuilt.differences],
    }


def print_differences(rebuilt: Rebuilt) -> None:
    """Print how the archive changed, one line per table."""
    for table in rebuilt.differences:
        amounts = [f"{amount} {word}" for amount, word in
                   ((table.added, "new"), (table.removed, "gone"), (table.changed, "changed")) if amount]  # fmt: skip
        print_line(f"  {table.table}: {', '.join(amounts)} (such as {'; '.join(table.examples)})")


def print_decision(line: str, rebuilt: Rebuilt) -> None:
    """Print an operator's decision and its result."""
    print_line(line, style="bold green")
    ids = f"; {counted(rebuilt.minted, 'new id')} had to be minted" if rebuilt.minted else ""
    print_line(f"  {settled(rebuilt)}{ids}")
    print_differences(rebuilt)


def settled(rebuilt: Rebuilt) -> str:
    """Return "n crawls settled again"."""
    return f"{counted(rebuilt.crawls, 'crawl')} settled again"
