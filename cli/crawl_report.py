"""What `crawl` prints about a crawl that has ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.terminal import counted, kilobytes, print_error, print_line

if TYPE_CHECKING:
    from foreign_eyes.crawler.jobs import Job

_KINDS = ("new", "revised", "withdrawn", "returned")


def is_good(row: dict[str, Any]) -> bool:
    """Return whether the crawl of a row of crawl_log ended well."""
    return exit_codes.OF_OUTCOME[row["outcome"]] == exit_codes.DONE


def print_crawl(row: dict[str, Any], *, dry_run: bool) -> None:
    """Print the result of the only crawl of a command."""
    good = is_good(row)
    print_line(f"{row['source']}: {row['outcome']}", style="bold green" if good else "bold yellow")
    if good or row["outcome"] == "partial":
        would = "would be " if dry_run else ""
        entries, pages = counted(row["entries"], "entry", "entries"), counted(row["pages"], "page")
        print_line(f"  {entries} on {pages}: {row['new']} {would}new, {row['revised']} revised, "
            f"{row['withdrawn']} withdrawn, {row['returned']} returned")  # fmt: skip
    print_line(
        f"  {counted(row['requests'], 'request')}, {row['not_modified']} of them not modified, {kilobytes(row['bytes'])}"
    )


def crawl_line(row: dict[str, Any], *, dry_run: bool) -> str:
    """Return the result of one of several crawls, in one line."""
    line = f"{row['source']}: {row['outcome']}"
    if not is_good(row) and row["outcome"] != "partial":
        return line
    entries, pages = counted(row["entries"], "entry", "entries"), counted(row["pages"], "page")
    would = "would be " if dry_run else ""
    happened = ", ".join(f"{row[kind]} {would}{kind}" for kind in _KINDS if row[kind]) or "nothing changed"
    return f"{line}: {entries} on {pages}: {happened}"


def print_problem(row: dict[str, Any]) -> None:
    """Print the reason of a crawl that did not end well as an error, that of another as a warning."""
    if is_good(row) and row["reason"]:
        print_line(f"warning: {row['source']}: {row['reason']}", err=True)
    elif not is_good(row):
        print_error(f"{row['source']}: {row['outcome']}: {row['reason']}")


def said_doubts(job: Job, rows: Sequence[dict[str, Any]], *, dry_run: bool) -> list[str]:
    """Return a line about the doubtful matches of these crawls, or an empty list if there are no such matches."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.doubtful_matches import count_new_doubts

    if not rows:
        return []
    with read_archive(job.archive) as db:
        doubts = count_new_doubts(db, [row["crawl_id"] for row in rows])
    verb = "would be" if dry_run else "is" if doubts == 1 else "are"
    return [f"  {counted(doubts, 'match', 'matches')} {verb} doubtful: foreign-eyes doubts"] if doubts else []


def print_days(rows: Sequence[dict[str, Any]], before: int) -> None:
    """Print one line for each day of the sample's story that was crawled.

    `before` are the days seen before.
    """
    for number, row in enumerate(rows, start=before + 1):
        happened = ", ".join(f"{row[kind]} {kind}" for kind in _KINDS if row[kind]) or "nothing changed"
        entries, pages = counted(row["entries"], "entry", "entries"), counted(row["pages"], "page")
        print_line(f"  day {number}: {entries} on {pages}, {happened}")
