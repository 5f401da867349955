"""Where an export is written to: a file that appears whole or not at all, or a stream.

temporary file beside it | fsync | replace | fsync of the folder
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from exchange.errors import ExportUnwritable

_WARC_STARTS = (b"\x1f\x8b", b"WARC/")


class Counted:
    """A stream that counts what is written to it."""

    def __init__(self, out: BinaryIO):
        self._out = out
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        self._out.write(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Hand on what is waiting."""
        self._out.flush()


@contextmanager
def open_output(file: Path | None) -> Iterator[Counted]:
    """Give the stream to write `file` with, or standard output for None; the file takes the place of no file but a WARC.

    Raises:
        ExportUnwritable: it could not be written, and what was there before still is.
    """
    try:
        with _stream(file) as out:
            counted = Counted(out)
            yield counted
            counted.flush()
    except BrokenPipeError:
        raise  # whoever read it has gone
    except OSError as error:
        raise ExportUnwritable(file or "standard output", error.strerror or error) from error


@contextmanager
def _stream(file: Path | None) -> Iterator[BinaryIO]:
    if file is None:
        yield sys.stdout.buffer
    elif file.exists() and not stat.S_ISREG(file.stat().st_mode):
        with file.open("wb") as out:  # a pipe or a device; a folder is an error
            yield out
    else:
        _refuse_other(file)
        with _replacing(file) as out:
            yield out


@contextmanager
def _replacing(file: Path) -> Iterator[BinaryIO]:
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}.foreign-eyes")
    try:
        with temporary.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
        _sync_folder(file.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _refuse_other(file: Path) -> None:
    if not file.exists():
        return
    with file.open("rb") as old:
        start = old.read(5)
    if start and not start.startswith(_WARC_STARTS):
        raise ExportUnwritable(file, "there is a file that is no WARC")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
