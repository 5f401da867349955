"""The folders that scheduled commands write to, the paths that they read, and the variables that their settings name."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from foreign_eyes.cli.context import Context
from foreign_eyes.cli.exit_codes import CONFIGURATION, Stopped
from foreign_eyes.cli.terminal import printable

# ProtectHome hides these from a service
HOMES = ("/home", "/root", "/run/user")


def require_lines(context: Context, *others: Path, encoding: str | None = None) -> None:
    """Refuse paths that a line of a scheduler's file cannot have.

    Raises:
        Stopped: a path has a line break, or is not text in the encoding of the file.
    """
    settings = context.configuration.path
    for path in (
        Path.cwd(),
        context.archive.absolute(),
        *([settings] if settings else []),
        *_outputs(context),
        *others,
    ):
        try:
            plain = str(path).isascii() or encoding is None or bool(str(path).encode(encoding))
        except UnicodeEncodeError:
            plain = False
        if not plain or any(sign in str(path) for sign in "\n\r"):
            why = "it has a line break or is not UTF-8: move or rename it"
            raise Stopped(CONFIGURATION, f"{printable(str(path))}: a scheduler cannot be given this path, since {why}")


def written_paths(context: Context) -> list[str]:
    """Return the folders that a round writes to, as ReadWritePaths reads them.

    A missing output folder is made in the working directory.
    """
    folder, archive = Path.cwd(), context.archive.absolute().parent
    outputs = list(dict.fromkeys([*_outputs(context), *_alert_folders(context)]))
    here = [path for path in (archive, *outputs) if path.is_relative_to(folder)]
    written = [str(folder)] if here else []
    if archive not in here:
        written.append(str(archive))
    written += [f"-{output}" for output in outputs if output not in here and not output.is_relative_to(archive)]
    return written


def checked_paths(context: Context, *others: Path) -> list[str]:
    """Return the folders that a command other than a round writes to: the archive's, that of alerts and `others`."""
    archive = context.archive.absolute().parent
    folders = dict.fromkeys([*_alert_folders(context), *others])
    return [str(archive), *(f"-{folder}" for folder in folders if not folder.is_relative_to(archive))]


def is_at_home(context: Context, *others: Path) -> bool:
    """Return whether the program or a file that it needs lies in a home folder, so that a service must see it."""
    settings = context.configuration.path
    paths = [Path(sys.executable), Path(sys.prefix), Path(sys.base_prefix), Path(__file__), Path.cwd(), context.archive]
    paths += [*([settings] if settings else []), *_outputs(context), *_alert_folders(context), *others]
    paths += [Path(name) for name in secrets(context, "file")]
    places = {place for path in paths for place in (path.absolute(), path.resolve())}
    return any(place.is_relative_to(home) for place in places for home in HOMES)


def secrets(context: Context, kind: str) -> list[str]:
    """Return the places that the settings read secrets from: of kind "env" the variables, of kind "file" the files."""
    return list(dict.fromkeys(_references(context.configuration.tables, kind)))


def _references(table: Any, kind: str) -> Iterator[str]:
    if isinstance(table, Mapping):
        if set(table) == {kind} and isinstance(table[kind], str):
            yield table[kind]
        for value in table.values():
            yield from _references(value, kind)
    elif isinstance(table, list):
        for value in table:
            yield from _references(value, kind)


def _outputs(context: Context) -> list[Path]:
    own = [Path(source.output).absolute() for source in context.configuration.sources.values() if source.output]
    return [context.output.absolute(), *own]


def _alert_folders(context: Context) -> list[Path]:
    """Return the folder of the operators' feed, which each command may write."""
    feed = context.configuration.tables.get("alerts", {}).get("feed")
    return [Path(feed).absolute().parent] if isinstance(feed, str) and feed else []
