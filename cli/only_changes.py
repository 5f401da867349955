"""The option `--only-changes`: print nothing, unless a run has messages for operators.

cron mails what its commands print. Output goes to a temporary file until the run has ended; children of the run write to
the same file, and `report` in any of them adds its messages to another one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from foreign_eyes.cli.exit_codes import DONE
from foreign_eyes.cli.terminal import printable

if TYPE_CHECKING:
    from foreign_eyes.alerts.values import Message

# set for a run and its children if the run prints the messages for its operator
PRINTED_VARIABLE = "FOREIGN_EYES_MESSAGES_PRINTED"
# the file of these messages
MESSAGES_VARIABLE = "FOREIGN_EYES_PRINTED_MESSAGES"


@dataclass(frozen=True, slots=True)
class _Held:
    """What a run has printed so far, its messages, and copies of the standard streams."""

    log: IO[bytes]
    messages: Path
    streams: tuple[int, int]


_held: list[_Held] = []


def _hold(_context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Hold back all output from now on; without space for a temporary file, print it as usual."""
    if not wanted or _held:
        return
    try:
        log = tempfile.TemporaryFile()  # noqa: SIM115 - `release` closes it
        descriptor, name = tempfile.mkstemp(prefix="foreign-eyes-messages-")
    except OSError:
        return
    os.close(descriptor)
    _flush()
    _held.append(_Held(log, Path(name), (os.dup(1), os.dup(2))))
    os.environ |= {MESSAGES_VARIABLE: name, PRINTED_VARIABLE: "1"}
    for number in (1, 2):
        os.dup2(log.fileno(), number)


only_changes_option = click.option(
    "--only-changes",
    is_flag=True,
    expose_value=False,
    callback=_hold,
    help="Print nothing unless something failed, still fails a day later, or works again",
)


def note_report(messages: Sequence[Message]) -> None:
    """Note that a run has reported what it found, and the messages to print."""
    if name := os.environ.get(MESSAGES_VARIABLE):
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write("".join(["\n", *(f"{_text(message)}\n\n" for message in messages)]))


def release(code: int) -> None:
    """Print what was held back if the run has messages, or if it failed without a report; else drop it."""
    if not _held:
        return
    held = _held.pop()
    _flush()
    for number, stream in enumerate(held.streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    with held.log, contextlib.suppress(OSError):
        noted = held.messages.read_text(encoding="utf-8")
        held.messages.unlink()
        if noted.strip() or (code != DONE and not noted):
            _print(noted.strip(), held.log)


def _text(message: Message) -> str:
    lines = [f"{message.event}: {message.kind}, {printable(message.subject)}", f"  {printable(message.what)}"]
    lines.append(f"  since {message.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return "\n".join([*lines, *([f"  to do: {printable(message.remedy)}"] if message.remedy else [])])


def _print(messages: str, log: IO[bytes]) -> None:
    if messages:
        click.echo(f"{messages}\n")
    if log.seek(0, os.SEEK_END):
        click.echo("This run printed:\n" if messages else "", nl=bool(messages))
        sys.stdout.flush()
        log.seek(0)
        shutil.copyfileobj(log, sys.stdout.buffer)
    _flush()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
