"""Output of commands: colours and progress bars on a terminal, otherwise plain lines.

Results go to standard output, progress and notes to standard error. Only this module and the screens write with rich,
which is imported when a terminal needs it: `--help` and a script start without it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

    from foreign_eyes.listing.reader import CrawlProgress


# the command that the user typed, for child processes
PROGRAM_VARIABLE = "FOREIGN_EYES_PROGRAM"

_NOT_ASCII = re.compile(r"[^ -~\n]")
_WHITE = re.compile(r"\s+")
_WITHOUT_WIDTH = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF])
_JOINERS = "\u200c\u200d"


def has_colour(stream: TextIO) -> bool:
    """Return whether text written to `stream` is coloured.

    It is if the stream is a terminal and NO_COLOR (no-color.org) is not set.
    """
    return not os.environ.get("NO_COLOR") and has_cursor(stream)


def console(stream: TextIO, width: int | None = None) -> Console:
    """Return a rich console that writes to `stream`, with colours only if `has_colour`."""
    from rich.console import Console

    return Console(
        file=stream,
        width=width,
        force_terminal=has_cursor(stream),
        color_system="standard" if has_colour(stream) else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def print_line(line: str = "", style: str = "", *, err: bool = False) -> None:
    """Print a line, on a terminal in a style of rich such as "bold green".

    The terminal, not rich, breaks long lines, so commands and URLs in them can be copied.
    """
    stream = sys.stderr if err else sys.stdout
    if style and has_colour(stream):
        console(stream).print(line, style=style, soft_wrap=True)
    else:
        click.echo(line, err=err)


def print_error(line: str) -> None:
    """Print an error message."""
    if has_colour(sys.stderr):
        from rich.text import Text

        console(sys.stderr).print(Text.assemble(("error:", "bold red"), f" {line}"), soft_wrap=True)
    else:
        click.echo(f"error: {line}", err=True)


def print_json(value: Any) -> None:
    """Print one JSON object; characters that a terminal would obey rather than show are escaped."""
    click.echo(json_text(value, indent=2))


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON; characters that a terminal would obey rather than show are escaped."""
    text = json.dumps(value, ensure_ascii=sys.stdout.encoding.lower() != "utf-8", indent=indent)
    return _NOT_ASCII.sub(lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1], text)


def escaped(line: str) -> str:
    r"""Return a line with characters that a terminal would obey escaped, as in \x1b; it keeps its newline."""
    return _NOT_ASCII.sub(
        lambda found: found[0] if found[0].isprintable() else found[0].encode("unicode_escape").decode(), line
    )


def printable(text: str) -> str:
    r"""Return untrusted `text` as one line that is safe to write to a terminal.

    White space becomes single spaces. Control characters, bidi controls and other characters without a glyph are escaped,
    as in \x1b and \u202e. Zero-width breaks are removed; zero-width joiners stay, because they form letters and signs.
    """
    line = _WHITE.sub(" ", text.translate(_WITHOUT_WIDTH))
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in line)


@contextmanager
def page_progress(source: str, *, quiet: bool) -> Iterator[Callable[[CrawlProgress], None]]:
    """Give a function that shows each page read.

    It shows a bar on a terminal, a line elsewhere, and nothing if `quiet`.
    """
    if quiet:
        yield lambda progress: None
    elif has_cursor(sys.stderr):
        with _page_bar(source) as show:
            yield show
    else:
        yield lambda progress: print_line(_page_line(source, progress), err=True)


@contextmanager
def _page_bar(source: str) -> Iterator[Callable[[CrawlProgress], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(f"{source}: connecting", total=None)

        def show(progress: CrawlProgress) -> None:
            text = f"{source}: reading" if progress.pass_number == 1 else f"{source}: reading again to compare"
            bar.update(task, description=text, completed=progress.page, total=progress.pages)

        yield show


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function that shows the progress as a number out of a total.

    Give None if there is no terminal to show it on.
    """
    if quiet or not has_cursor(sys.stderr):
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def has_cursor(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that can move its cursor, as a progress bar needs."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _page_line(source: str, progress: CrawlProgress) -> str:
    again = "" if progress.pass_number == 1 else f" (pass {progress.pass_number})"
    of = f" of {progress.pages}" if progress.pages else ""
    answer = "not modified" if progress.not_modified else f"{progress.entries} entries"
    return f"{source}: page {progress.page}{of}{again}: {answer}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun, such as "1 crawl" or "2 crawls"."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def kilobytes(size: int) -> str:
    """Return a size in bytes or kilobytes, for people."""
    return f"{size} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"


def local_time(text: str | None) -> str:
    """Return a timestamp of the archive in the local time zone, to the minute, for people."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M") if text else "never"


def program() -> str:
    """Return the command that runs this program here.

    It is the program's name if the shell finds it, otherwise its path.

    A child process gets it from its parent, which the user started.
    """
    if typed := os.environ.get(PROGRAM_VARIABLE):
        return typed
    started = Path(sys.argv[0])
    if started.name != "foreign-eyes" or shutil.which("foreign-eyes") == str(started.absolute()):
        return "foreign-eyes"
    return os.path.relpath(started)


def shown_path(path: Path) -> str:
    """Return a path as messages show it: relative if it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if here in path.parents else str(path)
