"""`foreign-eyes rename`: record that a source has another name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli.alerts import end_source
from foreign_eyes.cli.completion import complete_source
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.exit_codes import USAGE, Stopped
from foreign_eyes.cli.rebuild_progress import as_object, print_differences, rebuild_archive, settled
from foreign_eyes.cli.terminal import counted, print_json, print_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlite_utils import Database

    from foreign_eyes.archive.rebuilding.rebuild import Rebuilt

EXAMPLES = """
\b
Examples:
  foreign-eyes rename town city             its ids and feeds stay
  foreign-eyes rename town city --dry-run   what would differ
  foreign-eyes rename city town             undo it
"""


@dataclass(slots=True)
class _Done:
    """What a rename did: the merged entries by survivor, the rebuild, and the folders of the source that is gone."""

    joined: bool
    merged: dict[int, int]
    rebuilt: Rebuilt | None
    left: list[Path]


@click.command(short_help="Give a source another name; its entries keep their ids", epilog=EXAMPLES)
@click.argument("old", shell_complete=complete_source)
@click.argument("new")
@click.option("--dry-run", is_flag=True, help="Report what would differ; do not change the archive")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def rename(context: Context, old: str, new: str, dry_run: bool, as_json: bool, quiet: bool) -> int:
    """Give the source OLD the name NEW.

    Its entries keep their ids and dates, and its feeds stay where they are published. If NEW has been crawled already, its
    crawls and entries become those of the renamed source: an entry that got a second id is merged into the one with the old
    id, and the merge is announced. The decision is recorded and kept when the archive is derived again. The settings file is
    not changed: rename its table [sources.OLD] yourself.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.rebuilding.source_renames import joins
    from foreign_eyes.cli.json_errors import errors_as_json
    from foreign_eyes.crawler.sources import SourceError, check_name

    with errors_as_json(as_json, context.archive, "foreign-eyes status"):
        try:
            check_name(new)
        except SourceError as error:
            raise Stopped(USAGE, str(error)) from None
        with read_archive(context.archive) as db:
            is_join = joins(db, old, new)
        if is_join:
            done = _join(context, old, new, apply=not dry_run, quiet=as_json or quiet)
        else:
            done = _Done(False, {}, None, [])
            if not dry_run:
                _rename(context, old, new)
    if as_json:
        print_json(_as_object(old, new, done))
    elif not quiet:
        _report(old, new, done, dry_run=dry_run)
    if not dry_run:
        end_source(context, old)
        _tell_what_to_do(context, old, new, done)
    return 0


def _rename(context: Context, old: str, new: str) -> None:
    from foreign_eyes.archive.archive_lock import only_run
    from foreign_eyes.archive.database import open_archive
    from foreign_eyes.archive.rebuilding.source_renames import joins, rename_source
    from foreign_eyes.archive.times import now, to_text

    began = now()
    with (
        only_run(context.archive, what=f"rename {old} {new}", since=to_text(began)),
        open_archive(context.archive) as db,
    ):
        joins(db, old, new)
        rename_source(db, old, new, began)


def _join(context: Context, old: str, new: str, *, apply: bool, quiet: bool) -> _Done:
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.feed_state.output_manifest import recorded_outputs
    from foreign_eyes.archive.rebuilding.rebuild import is_current
    from foreign_eyes.archive.rebuilding.source_renames import join_sources
    from foreign_eyes.archive.times import now
    from foreign_eyes.crawler.remembering_parser import RememberingParser

    with read_archive(context.archive) as db:
        outputs = recorded_outputs(db)
        left = [folder for folder, source in outputs.items() if source == new and old in outputs.values()]
        is_outdated = not is_current(db, RememberingParser())
    if is_outdated and not apply:
        raise Stopped(USAGE, "an older version derived the archive; derive it again first: foreign-eyes reparse")
    if is_outdated:
        rebuild_archive(context, "reparse", quiet=quiet)
    merged: dict[int, int] = {}

    def prepare(db: Database) -> Collection[int]:
        authority = context.configuration.archive.tag_authority
        added, pairs = join_sources(db, old, new, RememberingParser(), now(), authority)
        merged.update(pairs)
        return added

    rebuilt = rebuild_archive(context, f"rename {old} {new}", prepare=prepare, apply=apply, quiet=quiet)
    return _Done(True, merged, rebuilt, left)


def _as_object(old: str, new: str, done: _Done) -> dict[str, Any]:
    merged = [{"entry_id": survivor_id, "merged": entry_id} for entry_id, survivor_id in sorted(done.merged.items())]
    rebuilt = as_object(done.rebuilt) if done.rebuilt is not None else {"crawls": 0, "minted": 0, "differences": []}
    left = [str(folder) for folder in done.left]
    return {"source": new, "former_name": old, "joined": done.joined, "merged": merged, "left": left, **rebuilt}


def _report(old: str, new: str, done: _Done, *, dry_run: bool) -> None:
    print_line(f"{old} {'would be' if dry_run else 'is'} {new}", style="bold green")
    if done.rebuilt is not None:
        entries = counted(len(done.merged), "entry", "entries")
        print_line(f"  joined with the crawls of {new}: {settled(done.rebuilt)}; {entries} merged into the old ids")
        print_differences(done.rebuilt)


def _tell_what_to_do(context: Context, old: str, new: str, done: _Done) -> None:
    """Print as notices what the rename leaves to the operator."""
    from foreign_eyes.crawler.sources import BUILT_IN

    configuration = context.configuration
    if old in configuration.sources and new in configuration.sources:
        _notice(f"{configuration.path}: remove the table [sources.{old}]")
    elif old in configuration.sources:
        _notice(
            f"{configuration.path}: rename the table [sources.{old}] to [sources.{new}]; `crawl {old}` is refused now"
        )
    elif new not in configuration.sources and new not in BUILT_IN:
        _notice(
            f"the settings have no table [sources.{new}]; to crawl it, add one with its url, or give URL --name {new}"
        )
    settings, url = {**BUILT_IN, **configuration.sources}.get(new), _url(context, new)
    if settings is not None and settings.url != url:
        _notice(f"the settings of {new} name another URL: the next crawl requests {settings.url} instead of {url}")
    if configuration.default_source == old:
        _notice(f'the default source is still {old}; set default_source = "{new}" in the settings')
    for folder in done.left:
        _notice(f"{folder}: nothing more of {new} is published there. Redirect its readers: docs/moving.md, Redirects")


def _url(context: Context, name: str) -> str:
    """Return the URL at which a source of the archive was crawled last."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.overview import find_sources

    with read_archive(context.archive) as db:
        return next(source.url for source in find_sources(db) if source.name == name)


def _notice(text: str) -> None:
    print_line(f"notice: {text}", err=True)
