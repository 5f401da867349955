"""`foreign-eyes import`: import captures from WARC files, each at its own time."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.completion import complete_source
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.terminal import counted, print_json, print_line, printable, progress_bar

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.rebuilding.rebuild import Rebuilt
    from foreign_eyes.archive.values import Source
    from foreign_eyes.warc.bodies import Bodies
    from foreign_eyes.warc.import_base import Import, ImportResult
    from foreign_eyes.warc.inputs import Input, InputContents

MOST_WARNINGS = 3
EXAMPLES = """
\b
Examples:
  foreign-eyes import crawl-2020.warc.gz --source live
  foreign-eyes import *.warc.gz --dry-run
  foreign-eyes import old.warc.gz --source live \\
    --url http://english.sipo.gov.cn/specialtopic/chinasipinforeigneyes/
  foreign-eyes --archive copy.db import eyes.warc.gz   a file of export
"""


@click.command("import", short_help="Import captures from WARC files", epilog=EXAMPLES)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--source",
    metavar="NAME|URL",
    shell_complete=complete_source,
    help="The source: a name, or the URL of page 1  [default: the archive's only source, or the default one]",
)
@click.option("--url", "urls", metavar="URL", multiple=True, help="A former URL of page 1; may be repeated")
@click.option("--accept", is_flag=True, help="Settle suspect crawls after you have looked at them")
@click.option("--dry-run", is_flag=True, help="Report what an import would do; do not change the archive")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def import_files(
    context: Context,
    files: tuple[Path, ...],
    source: str | None,
    urls: tuple[str, ...],
    accept: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Import the captures of the listing from each FILE, at their own times.

    FILE can be "-" for standard input. From WARC files of other programs, the listing pages of the source are imported
    and settled; entries that are missing from them do not count as withdrawn. An export of Foreign Eyes makes an empty
    archive equal to the exported one; an archive that has crawls keeps its own ids, and gets the captures, the crawls,
    and new entries with their ids.
    For an export, --source renames its only source. A damaged file changes nothing. The exit code is 65 if a part was
    not imported.
    """
    from foreign_eyes.archive.database import check_usable
    from foreign_eyes.archive.overview import find_sources
    from foreign_eyes.warc.bodies import temporary_bodies

    silent = quiet or as_json
    check_usable(context.archive)
    with temporary_bodies() as bodies:
        contents = _read(files, bodies, quiet=silent)
        sources: list[Source] = []
        if contents.dump is None and context.archive.exists():
            with _archive(context.archive, apply=not dry_run) as db:
                sources = find_sources(db)
        plan = _plan(context, sources, contents, bodies, _Wanted(source, urls, accept), quiet=silent)
        with _archive(context.archive, apply=not dry_run) as db:
            rebuilt = _settle(context, db, plan, apply=not dry_run, quiet=silent)
    done = _summary(plan.result, rebuilt, [str(file) for file in files], dry_run=dry_run)
    if as_json:
        print_json(done)
    elif not quiet:
        _report(done)
    if not as_json:
        _warn(plan.result)
    is_partial = bool(plan.result.left_out) or (done["crawls"] and set(done["crawls"]) == {"suspect"})
    return exit_codes.SUSPECT if is_partial else exit_codes.DONE


class _Wanted(NamedTuple):
    """The options that choose what to import."""

    source: str | None
    urls: tuple[str, ...]
    accept: bool


def _read(files: Sequence[Path], bodies: Bodies, *, quiet: bool) -> InputContents:
    from foreign_eyes.crawler.settings import MAX_BODY_BYTES
    from foreign_eyes.warc.inputs import read_files

    with ExitStack() as stack, progress_bar("reading", quiet=quiet) as show:
        inputs = [_open(stack, file) for file in files]
        return read_files(inputs, bodies, limit=MAX_BODY_BYTES, show=show)


def _open(stack: ExitStack, file: Path) -> Input:
    from foreign_eyes.warc.inputs import Input

    if str(file) == "-":
        return Input("standard input", sys.stdin.buffer)
    try:
        return Input(str(file), stack.enter_context(file.open("rb")), file.stat().st_size)
    except OSError as error:
        raise exit_codes.Stopped(
            exit_codes.NO_INPUT, f"{file}: cannot be read ({error.strerror}); nothing was imported"
        ) from None


@contextmanager
def _archive(path: Path, *, apply: bool) -> Iterator[Database]:
    """Give the archive, with `apply` for writing under its lock.

    A new archive is removed if the import fails.
    """
    from foreign_eyes.archive.archive_lock import holder, lock_path, only_run
    from foreign_eyes.archive.database import open_archive, read_archive
    from foreign_eyes.archive.times import now, to_text

    if apply:
        was_there = path.exists()
        try:
            with only_run(path, what="an import", since=to_text(now())):
                was_there = path.exists()
                try:
                    with open_archive(path) as db:
                        yield db
                except BaseException:
                    if not was_there:
                        path.unlink(missing_ok=True)
                    raise
        finally:
            if not was_there and not path.exists() and holder(path) is None:
                with suppress(OSError):
                    lock_path(path).unlink()
    elif path.exists():
        with read_archive(path) as db:
            yield db
    else:
        with tempfile.TemporaryDirectory(prefix="foreign-eyes-") as folder, open_archive(Path(folder) / "new.db") as db:
            yield db


def _plan(
    context: Context,
    sources: Sequence[Source],
    contents: InputContents,
    bodies: Bodies,
    wanted: _Wanted,
    *,
    quiet: bool,
) -> Import:
    """Return the import of the files.

    Files of other programs are searched here, without the lock.

    Raises:
        NothingToImport: the files hold no page of the source.
        WrongImport: an option does not fit the files.
        SourceError: the source does not exist, or a URL is malformed.
    """
    from foreign_eyes.archive.times import now
    from foreign_eyes.crawler.sources import BUILT_IN, check_name, check_url
    from foreign_eyes.listing import parser
    from foreign_eyes.warc.errors import WrongImport
    from foreign_eyes.warc.import_captures import ForeignImport
    from foreign_eyes.warc.import_exports import OwnImport

    for url in wanted.urls:
        check_url(url)
    if contents.dump is not None:
        if wanted.accept:
            raise WrongImport(f"{contents.names[0]}: the crawls of an export are already judged; leave out --accept")
        if wanted.source is not None:
            check_name(wanted.source)
        known = {name: settings.url for name, settings in {**BUILT_IN, **context.configuration.sources}.items()}
        options = (wanted.source, wanted.urls, known)
        return OwnImport(contents.names[0], contents.dump, bodies, parser.PARSER_VERSION, *options)
    chosen = _choose_source(context, sources, wanted.source)
    if wanted.urls and wanted.source is None and chosen.url == BUILT_IN["sample"].url:
        raise WrongImport("--url needs the source of that listing; name it with --source")
    plan = ForeignImport(contents, bodies, chosen, (chosen.url, *wanted.urls), parser, now(), wanted.accept)
    with progress_bar("searching", quiet=quiet) as show:
        plan.find(show)
    return plan


def _choose_source(context: Context, sources: Sequence[Source], wanted: str | None) -> Source:
    """Return the source: configured or built in, otherwise the one in the archive."""
    from foreign_eyes.archive.values import Source
    from foreign_eyes.crawler.sources import SourceError, find_source

    archived = {source.name: source for source in sources}
    name = wanted or (next(iter(archived)) if len(archived) == 1 else context.configuration.default_source)
    try:
        name, settings = find_source(name, context.configuration.sources)
    except SourceError:
        if name in archived:
            return archived[name]
        raise
    return Source(name, settings.url, settings.title, settings.language)


def _settle(context: Context, db: Database, plan: Import, *, apply: bool, quiet: bool) -> Rebuilt | None:
    """Run the import; return the result, or None if the archive has all captures."""
    from foreign_eyes.archive.rebuilding.rebuild import rebuild
    from foreign_eyes.archive.times import now
    from foreign_eyes.crawler.remembering_parser import RememberingParser
    from foreign_eyes.warc.import_base import NothingNew

    with progress_bar("settling", quiet=quiet) as show:
        options: dict[str, Any] = {"on_crawl": show} if show else {}
        authority = context.configuration.archive.tag_authority
        try:
            return rebuild(
                *(db, RememberingParser()),
                **{"at": now(), "authority": authority, "prepare": plan.prepare, "apply": apply, **options},
            )
        except NothingNew:
            return None


def _summary(result: ImportResult, rebuilt: Rebuilt | None, files: list[str], *, dry_run: bool) -> dict[str, Any]:
    net = {change.table: change.added - change.removed for change in rebuilt.differences} if rebuilt else {}
    return {
        "files": files,
        "crawls": result.crawls,
        "captures": result.captures,
        "already_there": result.already_there,
        "accepted": result.accepted,
        "with_ids": result.with_ids,
        "new_entries": net.get("entries", 0),
        "new_revisions": net.get("revisions", 0),
        "dry_run": dry_run,
        "warnings": [*result.suspects, *result.left_out],
    }


def _report(done: dict[str, Any]) -> None:
    if not done["crawls"] and not done["accepted"]:
        print_line(
            f"nothing new: the archive already has it ({counted(done['already_there'], 'capture')})", style="green"
        )
        return
    style = "bold yellow" if "suspect" in done["crawls"] else "bold green"
    would = " would be" if done["dry_run"] else ""
    if done["crawls"]:
        crawls = counted(sum(done["crawls"].values()), "crawl")
        outcomes = ", ".join(f"{number} {outcome}" for outcome, number in done["crawls"].items())
        print_line(f"{counted(done['captures'], 'capture')} of {crawls}{would} imported ({outcomes})", style)
    if done["accepted"]:
        print_line(f"{counted(done['accepted'], 'crawl')} that looked suspect{would} settled", style)
    if done["already_there"]:
        print_line(f"  {done['already_there']} were already in the archive")
    print_line(
        f"  {counted(done['new_entries'], 'new entry', 'new entries')}, {counted(done['new_revisions'], 'new revision')}"
    )
    if done["with_ids"]:
        print_line("  with all ids, dates, changes and decisions of the exported archive")


def _warn(result: ImportResult) -> None:
    """Print the first warnings on suspect crawls and on pages that were not imported."""
    for warnings in (result.suspects, result.left_out):
        for warning in warnings[:MOST_WARNINGS]:
            print_line(f"warning: {printable(warning)}", style="yellow", err=True)
        if len(warnings) > MOST_WARNINGS:
            print_line(f"warning: and {len(warnings) - MOST_WARNINGS} more; --json lists all", style="yellow", err=True)
    if result.suspects and not result.with_ids:
        print_line(
            "warning: no entries were derived from suspect crawls; look at them; if they are right, import with --accept",
            err=True,
            style="yellow",
        )
