"""The state of alerts in a file beside the archive, so that one message goes out whichever process runs.

It is not part of the archive, so it survives a lost, damaged or restored one. The file is padded with spaces, so that a full
disk rarely prevents an update: if no new file can be written, the old one is overwritten.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from foreign_eyes.alerts.state import AlertState
from foreign_eyes.alerts.state_json import as_json, from_json
from foreign_eyes.archive.creation import sync_folder, temporary_beside
from foreign_eyes.archive.file_lock import FileHeld, hold

T = TypeVar("T")

_BLOCK = 16 * 1024
# a path that is not UTF-8 has surrogates in place of its bytes
_ERRORS = "surrogatepass"
# an update takes milliseconds
_LONGEST_WAIT = 20.0


class StateUnwritable(Exception):
    """The state cannot be stored; the text says where, why, and what to do."""

    def __init__(self, path: Path, reason: object):
        super().__init__(f"{path}: cannot be written ({reason}); correct its permissions or free disk space")


def state_path(archive: Path) -> Path:
    """Return the path of an archive's alert state, with symbolic links resolved."""
    return Path(f"{os.path.realpath(archive)}.alerts.json")


def read_state(archive: Path) -> AlertState:
    """Return the alert state of an archive; it is empty if there is none yet.

    A state that cannot be read is empty, too, and its `damage` says why.
    """
    path = state_path(archive)
    try:
        return from_json(path.read_bytes().decode("utf-8", _ERRORS))
    except FileNotFoundError:
        return AlertState()
    except OSError as error:
        return AlertState(damage=f"{path}: {error.strerror or error}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return AlertState(damage=f"{path}: not the state of alerts ({type(error).__name__}: {error})")


def update_state(archive: Path, change: Callable[[AlertState], tuple[AlertState, T]]) -> T:
    """Change the stored state under its lock, and return the second value of `change`.

    Nothing is written if the state stays as it is.

    Raises:
        StateUnwritable: the state or its lock file cannot be written; nothing has changed.
    """
    path = state_path(archive)
    with _locked(path):
        before = read_state(archive)
        after, result = change(before)
        if after != before:
            _write(path, as_json(after), archive)
    return result


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    until = time.monotonic() + _LONGEST_WAIT
    lock = path.with_suffix(".lock")
    while True:
        try:
            locked = hold(lock, f"process {os.getpid()}\n")
            locked.__enter__()
        except FileHeld:
            if time.monotonic() > until:
                raise StateUnwritable(lock, "another process has locked it") from None
        except OSError as error:
            raise StateUnwritable(lock, error.strerror or error) from error
        else:
            break
    try:
        _give_to_owner(lock, path.parent)
        yield
    finally:
        locked.__exit__(None, None, None)


def _write(path: Path, text: str, archive: Path) -> None:
    data = text.encode("utf-8", _ERRORS)
    data += b" " * (-(len(data) + 1) % _BLOCK) + b"\n"
    try:
        _replace(path, data, archive)
    except OSError as error:
        try:
            _overwrite(path, data)
        except OSError:
            raise StateUnwritable(path, error.strerror or error) from error


def _replace(path: Path, data: bytes, archive: Path) -> None:
    with temporary_beside(path) as temporary:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):
            temporary.chmod(archive.stat().st_mode & 0o666)
        _give_to_owner(temporary, path.parent)
        temporary.replace(path)
        sync_folder(path.parent)


def _overwrite(path: Path, data: bytes) -> None:
    """Write into the existing file: it has its blocks on the disk already."""
    with path.open("r+b") as file:
        if os.fstat(file.fileno()).st_size < len(data):
            raise OSError(28, "the disk is full and the file has no room left")
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _give_to_owner(path: Path, folder: Path) -> None:
    """Give a file that root makes to the owner of the folder, whose service must be able to write it."""
    if os.geteuid() == 0:
        with suppress(OSError):
            owner = folder.stat()
            if path.stat().st_uid != owner.st_uid:
                os.chown(path, owner.st_uid, owner.st_gid)
