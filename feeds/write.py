"""Writing files whole: a reader, or a run after a kill, finds the old bytes or the new ones and never a part.

    compare | temporary file beside it | fsync | replace | fsync of the folder

A file whose bytes are right already is left alone, so that servers and mirrors see no change where there is none. The
temporary file of `index.html` is `.index.html.foreign-eyes`: a name that is nobody else's, and always the same, so that what
a killed run left is found again without looking through folders.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from feeds.errors import OutputUnwritable


def write_file(output: Path, name: str, content: bytes) -> bool:
    """Make the file `name` below `output` hold `content`; return whether it was written.

    `name` is relative, with slashes. Folders are made, with the permissions that the umask gives.

    Raises:
        OutputUnwritable: it could not be done, and what was there before still is.
        ValueError: `name` leads out of the folder.
    """
    path = _inside(output, name)
    try:
        _temporary(path).unlink(missing_ok=True)  # of a killed run
        if _holds(path, content):
            return False
        _make_folder(path.parent)
        _replace(path, content)
    except OSError as error:
        raise OutputUnwritable(path, error) from error
    return True


def remove_file(output: Path, name: str) -> bool:
    """Remove the file `name` below `output`, and the folders that this empties; return whether there was such a file.

    Raises:
        OutputUnwritable: it could not be done.
        ValueError: `name` leads out of the folder.
    """
    path = _inside(output, name)
    try:
        _temporary(path).unlink(missing_ok=True)
        path.unlink()
        folder = path.parent
        while folder != output and _remove_empty(folder):
            folder = folder.parent
        _sync_folder(folder)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError as error:
        raise OutputUnwritable(path, error) from error
    return True


def _inside(output: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or name.endswith("/") or ".." in parts or "\0" in name:
        raise ValueError(f"not a path inside the output folder: {name!r}")
    return output.joinpath(*parts)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.foreign-eyes")


def _holds(path: Path, content: bytes) -> bool:
    """Whether the file has these bytes; what is no ordinary file (a pipe would block) or cannot be read has not."""
    try:
        status = path.stat()
        return stat.S_ISREG(status.st_mode) and status.st_size == len(content) and path.read_bytes() == content
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False


def _replace(path: Path, content: bytes) -> None:
    temporary = _temporary(path)
    try:
        # 0o666, and not the 0o600 of tempfile: the umask decides who may read what is published
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, each durably."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
