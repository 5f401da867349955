"""The manual page foreign-eyes(1), composed from the commands and their options. Pure.

`click-man` writes a page for each command and knows no exit codes, files and environment; this is one page with all of them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import date

import click

from foreign_eyes.cli import exit_codes

EXIT_STATUS = {
    exit_codes.DONE: "Done; also if nothing changed.",
    exit_codes.PROBLEMS: "check, status or reparse --check found problems.",
    exit_codes.USAGE: "Wrong usage.",
    exit_codes.SUSPECT: "The listing or a clock looks wrong, or an import left a part out.",
    exit_codes.NO_INPUT: "A file is missing, damaged or of another kind, or ENTRY is unknown.",
    exit_codes.UNAVAILABLE: "The source is unreachable or blocks the crawler.",
    exit_codes.INTERNAL: "An internal error; please report it.",
    exit_codes.CANNOT_WRITE: "Output cannot be written, or the disk is almost full.",
    exit_codes.TRY_AGAIN: "The crawl is partial, or another run uses the archive: try again later.",
    exit_codes.CONFIGURATION: "The settings are missing or wrong.",
    exit_codes.INTERRUPTED: "Interrupted.",
}
_FILES = {
    "foreign-eyes.toml": "The settings, in the working directory.",
    "~/.config/foreign-eyes/foreign-eyes.toml": "The settings, if the working directory has none.",
    "archive.db": "The archive, unless the settings, the environment or --archive name another.",
    "public/": "The published feeds and pages, unless the settings or --output name another folder.",
}
_ENVIRONMENT = {
    "FOREIGN_EYES_ARCHIVE": "The archive file.",
    "FOREIGN_EYES_LOG_FORMAT": "json writes each message as a JSON object.",
    "NO_COLOR": "Switches colours off.",
    "http_proxy, https_proxy, all_proxy, no_proxy": "The proxies of crawls.",
}


def manual_page(group: click.Group, version: str, day: date) -> str:
    """Return the page in the language of man(7)."""
    context = click.Context(group, info_name="foreign-eyes", **group.context_settings)
    lines = [
        f'.TH FOREIGN\\-EYES 1 {day.isoformat()} "foreign\\-eyes {escaped(version)}" "User Commands"',
        *(".SH NAME", *_filled(f"foreign-eyes - {_lowered(_first_sentence(group))}")),
        *(".SH SYNOPSIS", ".B foreign\\-eyes", escaped("[OPTIONS] COMMAND [ARGUMENTS]")),
        *(".SH DESCRIPTION", *_paragraphs(group.help or "")),
        *(".SH OPTIONS", *_options(context)),
        ".SH COMMANDS",
        *_commands(group, context),
        ".SH EXIT STATUS",
        *(line for code, meaning in EXIT_STATUS.items() for line in _tagged(str(code), meaning)),
        ".SH ENVIRONMENT",
        *(line for name, meaning in _ENVIRONMENT.items() for line in _tagged(name, meaning)),
        ".SH FILES",
        *(line for name, meaning in _FILES.items() for line in _tagged(name, meaning)),
        *(".SH EXAMPLES", *_paragraphs(group.epilog or "")),
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text that roff shows as it is."""
    text = text.replace("\\", "\\(rs").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti")
    text = "".join(sign if ord(sign) < 128 else f"\\[u{ord(sign):04X}]" for sign in text)
    return f"\\&{text}" if text.startswith(".") else text


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        below = click.Context(command, info_name=name, parent=context)
        yield f".SS {escaped(below.command_path.partition(' ')[2])}"
        yield f".B {escaped(below.command_path)}"
        yield from _filled(" ".join(command.collect_usage_pieces(below)))
        yield from _paragraphs(command.help or "", first=True)
        yield from _options(below)
        yield from _paragraphs(command.epilog or "", first=True)
        if isinstance(command, click.Group):
            yield from _commands(command, below)


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            yield from _tagged(*record)


def _tagged(tag: str, text: str) -> Iterator[str]:
    yield from (".TP", f".B {escaped(tag)}")
    yield from _filled(text) if text.strip() else ["\\&"]


def _paragraphs(text: str, *, first: bool = False) -> Iterator[str]:
    """Yield paragraphs; one that Click does not wrap, marked by a backspace, keeps its lines.

    The first paragraph of a section needs no .PP; with `first`, it gets one.
    """
    for number, part in enumerate(text.strip("\n").split("\n\n")):
        if not part.strip("\b\n "):
            continue
        if number or first:
            yield ".PP"
        if "\b" in part:
            yield ".nf"
            yield from (escaped(line) or "\\&" for line in part.replace("\b", "").strip("\n").split("\n"))
            yield ".fi"
        else:
            yield from _filled(part)


def _filled(text: str) -> Iterator[str]:
    """Yield text that roff fills, in lines that an editor shows."""
    for line in textwrap.wrap(escaped(" ".join(text.split())), 79, break_long_words=False, break_on_hyphens=False):
        yield f"\\&{line}" if line.startswith(".") else line


def _first_sentence(group: click.Group) -> str:
    return " ".join((group.help or "").split("\n\n")[0].split()).rstrip(".")


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
