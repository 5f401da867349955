"""Lock files: a process locks the file and writes a description of itself into it.

The kernel releases the lock when the process ends or is killed; the text of a killed process remains. The file is never
removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

# seconds to wait for the lock, since `text_of_holder` takes it for a moment
_TIMEOUT = 0.5
_PROBE_TIMEOUT = 0.05


class FileHeld(Exception):
    """Another process has locked the file.

    `text` is its description, or "" if that cannot be read.
    """

    def __init__(self, text: str):
        super().__init__(text)
        self.text = text


@contextmanager
def hold(path: Path, text: str, *, mode: int = 0o644) -> Iterator[None]:
    """Lock the file at `path` and write `text` into it; a new file gets the permissions `mode`.

    Raises:
        FileHeld: another process has locked it.
        OSError: it cannot be made or opened.
    """
    if not path.parent.is_dir():  # filelock would make the folder, even for a mistyped path
        raise FileNotFoundError(2, "its folder does not exist", str(path))
    lock = FileLock(path, timeout=_TIMEOUT, mode=mode)
    try:
        lock.acquire()
    except Timeout:
        if not path.exists():  # filelock waits if it lacks permission to make the file
            raise PermissionError(13, "no file can be made there", str(path)) from None
        raise FileHeld(_text(path)) from None
    try:
        _write(path, text)
        yield
    finally:
        _write(path, "")
        lock.release()


def text_of_holder(path: Path) -> str | None:
    """Return the text of the process that has locked the file.

    Return None if it is not locked. No file is made.
    """
    if not path.exists():
        return None
    probe = FileLock(path, timeout=_PROBE_TIMEOUT, poll_interval=0.01)
    try:
        probe.acquire()
    except Timeout:
        return _text(path)
    except OSError:
        return None  # without permission to open the file, its holder is unknown
    probe.release()
    return None


def _write(path: Path, text: str) -> None:
    """Write the text; ignore a failure, since the file is locked without it."""
    with suppress(OSError):
        path.write_text(text, encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
