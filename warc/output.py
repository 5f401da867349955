"""The output of an export: a file that is written atomically, or a stream.

temporary file beside it | fsync | replace | fsync of the folder
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from foreign_eyes.warc.dump_records import is_export
from foreign_eyes.warc.errors import BadWarc, ExportUnwritable
from foreign_eyes.warc.record_reader import read_records

_INFO_BYTES = 1 << 16


class CountingOutput:
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
        """Flush buffered data."""
        self._out.flush()


@contextmanager
def open_output(file: Path | None) -> Iterator[CountingOutput]:
    """Give a stream that writes `file`, or standard output for None.

    Only exports are replaced among existing files.

    Raises:
        ExportUnwritable: the output cannot be written; an existing file is unchanged.
    """
    name = file or "standard output"
    try:
        with _stream(file) as out:
            counted = CountingOutput(out)
            yield counted
            counted.flush()
    except BrokenPipeError as error:
        raise ExportUnwritable(name, "the reader closed the pipe", remedy="the export is incomplete") from error
    except OSError as error:
        raise ExportUnwritable(name, error.strerror or error) from error


@contextmanager
def _stream(file: Path | None) -> Iterator[BinaryIO]:
    if file is None:
        # not `sys.stdout`, which ignores errors
        output = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115
        try:
            yield output
        finally:
            with suppress(OSError):  # it was flushed before
                output.close()
    elif file.exists() and not stat.S_ISREG(file.stat().st_mode):
        with file.open("wb") as out:  # a pipe or a device; a folder is an error
            yield out
    else:
        target = Path(os.path.realpath(file))  # a link stays and points to the export
        if target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        mode = _mode_of_export(file) if file.exists() else None
        with _replacing(target, mode) as out:
            yield out


@contextmanager
def _replacing(file: Path, mode: int | None) -> Iterator[BinaryIO]:
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}.foreign-eyes")
    try:
        with temporary.open("xb") as out:
            if mode is not None:
                os.fchmod(out.fileno(), mode)
            yield out
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
        _sync_folder(file.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _mode_of_export(file: Path) -> int:
    """Return the mode of a file that may be replaced.

    Only an export, complete or not, and an empty file may be replaced.

    Raises:
        ExportUnwritable: the file is something else.
    """
    with file.open("rb") as old:
        state = os.fstat(old.fileno())
        try:
            is_export_file = not state.st_size or is_export(next(read_records(old, str(file), keep=_INFO_BYTES)))
        except (BadWarc, StopIteration):
            is_export_file = False
    if not is_export_file:
        raise ExportUnwritable(
            file, "the existing file is not an export of Foreign Eyes", remedy="name another file, or remove it"
        )
    return stat.S_IMODE(state.st_mode)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
