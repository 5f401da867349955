"""Talking to whoever is there: a person at a terminal gets colours and a progress bar, a log gets plain lines.

Results go to standard output; what is said along the way goes to standard error.
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
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from foreign_eyes.listing.reader import CrawlProgress


# how the user started the program, for the children that it starts
PROGRAM_VARIABLE = "FOREIGN_EYES_PROGRAM"

_NOT_ASCII = re.compile(r"[^ -~\n]")
_WHITE = re.compile(r"\s+")
_WITHOUT_WIDTH = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF])
_JOINERS = "\u200c\u200d"


def has_colour(stream: Any) -> bool:
    """Tell whether to colour what is written to `stream`: a terminal, and no NO_COLOR (no-color.org)."""
    return not os.environ.get("NO_COLOR") and stream.isatty() and os.environ.get("TERM") != "dumb"


def say(line: str = "", *, err: bool = False, **style: Any) -> None:
    """Write a line, styled where that is wanted; `style` as for click.style."""
    stream = sys.stderr if err else sys.stdout
    styled = click.style(line, **style) if style and has_colour(stream) else line
    click.echo(styled, err=err, color=has_colour(stream))


def complain(line: str) -> None:
    """Write what went wrong."""
    mark = click.style("error:", fg="red", bold=True) if has_colour(sys.stderr) else "error:"
    say(f"{mark} {line}", err=True)


def say_json(value: Any) -> None:
    """Write one JSON object, for a program to read; what a terminal would obey rather than show is escaped."""
    text = json.dumps(value, ensure_ascii=sys.stdout.encoding.lower() != "utf-8", indent=2)
    click.echo(_NOT_ASCII.sub(lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1], text))


def printable(text: str) -> str:
    r"""Return foreign `text` as one line that a terminal shows and does not obey.

    White space becomes single spaces. Control characters, bidi controls and whatever else has no look of its own are
    written out, as in \x1b and \u202e; breaks and joins without width go, but for those that make up letters and signs.
    """
    line = _WHITE.sub(" ", text.translate(_WITHOUT_WIDTH))
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in line)


@contextmanager
def page_progress(source: str, *, quiet: bool) -> Iterator[Callable[[CrawlProgress], None]]:
    """Give the function that shows each page read: a bar on a terminal, a line elsewhere, nothing when quiet."""
    if quiet:
        yield lambda progress: None
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bar(source) as show:
            yield show
    else:
        yield lambda progress: say(_line(source, progress), err=True)


@contextmanager
def _bar(source: str) -> Iterator[Callable[[CrawlProgress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{source}: asking", total=None)

        def show(progress: CrawlProgress) -> None:
            text = f"{source}: reading" if progress.pass_number == 1 else f"{source}: reading again to be sure"
            bar.update(task, description=text, completed=progress.page, total=progress.pages)

        yield show


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function that shows "so many of so many" on a terminal; None where nobody is watching."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _line(source: str, progress: CrawlProgress) -> str:
    again = "" if progress.pass_number == 1 else f" (pass {progress.pass_number})"
    of = f" of {progress.pages}" if progress.pages else ""
    answer = "not modified" if progress.not_modified else f"{progress.entries} entries"
    return f"{source}: page {progress.page}{of}{again}: {answer}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 crawl" or "2 crawls"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def kilobytes(size: int) -> str:
    """Return a size in words that a person can compare."""
    return f"{size} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"


def local_time(text: str | None) -> str:
    """Return one of the archive's times for a person: in their own zone, to the minute."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M") if text else "never"


def program() -> str:
    """Return what to type at this place to run the program: its name where the shell finds it, else its path.

    A child process is told by its parent, which was the one that was typed.
    """
    if typed := os.environ.get(PROGRAM_VARIABLE):
        return typed
    started = Path(sys.argv[0])
    if started.name != "foreign-eyes" or shutil.which("foreign-eyes") == str(started.absolute()):
        return "foreign-eyes"
    return os.path.relpath(started)
