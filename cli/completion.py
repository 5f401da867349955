"""Completion by the shell: commands and options by Click, sources and entries from the settings and the archive."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    shell_complete,
)

from foreign_eyes.crawler.settings_file import DEFAULT_ARCHIVE, find_settings_file

SHELLS: Mapping[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
# Click's name for a program foreign-eyes: the scripts of the shells set it
COMPLETE_VARIABLE = "_FOREIGN_EYES_COMPLETE"
# the names of `crawler.sources.BUILT_IN`, which takes too long to import while a shell waits
BUILT_IN_NAMES = ("live", "sample")
_LONGEST_HELP = 60


def script_for(shell: str, group: click.Group) -> str:
    """Return the script that makes a shell complete the program."""
    completer = SHELLS[shell](group, {}, "foreign-eyes", COMPLETE_VARIABLE)
    # not its method `source`, which runs bash to learn its version
    return (completer.source_template % completer.source_vars()).strip() + "\n"


def complete(group: click.Group, instruction: str) -> int:
    """Answer the script of a shell: print what completes the command line so far; return the exit code."""
    return shell_complete(group, {}, "foreign-eyes", COMPLETE_VARIABLE, instruction)


def complete_entry(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete an ENTRY: ids that begin with the digits, with the title as help."""
    from foreign_eyes.archive.completions import entries_beginning_with

    return [_item(entry_id, title) for entry_id, title in entries_beginning_with(_archive(context), begun)]


def complete_source(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a SOURCE: configured, archived and built-in names, with the URL as help."""
    from foreign_eyes.archive.completions import archived_sources

    found = dict.fromkeys(BUILT_IN_NAMES, "built in")
    found |= dict(archived_sources(_archive(context)))
    configured = _settings(context).get("sources", {})
    if isinstance(configured, dict):
        found |= {name: str(table.get("url", "")) for name, table in configured.items() if isinstance(table, dict)}
    return [_item(name, url) for name, url in sorted(found.items()) if name.startswith(begun)]


def _item(value: str, description: str) -> CompletionItem:
    from foreign_eyes.cli.terminal import printable

    shown = printable(description)
    return CompletionItem(value, help=shown if len(shown) <= _LONGEST_HELP else f"{shown[: _LONGEST_HELP - 1]}…")


def _archive(context: click.Context) -> Path:
    """Return the archive that the command line, the environment or the settings name."""
    given = context.find_root().params.get("archive")
    if given is not None:
        return Path(given)
    table = _settings(context).get("archive", {})
    return Path(str(table.get("file", DEFAULT_ARCHIVE)) if isinstance(table, dict) else DEFAULT_ARCHIVE)


def _settings(context: click.Context) -> Mapping[str, Any]:
    """Return the tables of the settings, not checked; none if the file cannot be read."""
    path = context.find_root().params.get("config") or find_settings_file()
    if path is None:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
