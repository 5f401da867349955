"""A lock file: one process at a time holds it, and its text describes the holder.

The kernel frees the lock when the process ends, also if it is killed; the text of a killed process stays in the file. The
file itself is never removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

# seconds: `text_of_holder` holds the file for a moment
_PATIENCE = 0.5
_PROBE_PATIENCE = 0.05


class FileHeld(Exception):
    """Another process holds the file; `text` is what it wrote, or "" if that cannot be read."""

    def __init__(self, text: str):
        super().__init__(text)
        self.text = text


@contextmanager
def hold(path: Path, text: str, *, mode: int = 0o644) -> Iterator[None]:
    """Hold the file at `path`, with `text` in it while it is held; one that is made has the permissions `mode`.

    Raises:
        FileHeld: another process holds it.
        OSError: it cannot be made or opened.
    """
    if not path.parent.is_dir():  # filelock would make the folder, even for a mistyped path
        raise FileNotFoundError(2, "its folder does not exist", str(path))
    lock = FileLock(path, timeout=_PATIENCE, mode=mode)
    try:
        lock.acquire()
    except Timeout:
        if not path.exists():  # filelock waits if it may not make the file
            raise PermissionError(13, "no file can be made there", str(path)) from None
        raise FileHeld(_text(path)) from None
    try:
        _write(path, text)
        yield
    finally:
        _write(path, "")
        lock.release()


def text_of_holder(path: Path) -> str | None:
    """Return the text of the process that holds the file, None if none does; no file is made."""
    if not path.exists():
        return None
    probe = FileLock(path, timeout=_PROBE_PATIENCE, poll_interval=0.01)
    try:
        probe.acquire()
    except Timeout:
        return _text(path)
    except OSError:
        return None  # without permission to open the file, its holder is unknown
    probe.release()
    return None


def _write(path: Path, text: str) -> None:
    """Write the text; a failure is ignored, since the file is held all the same."""
    with suppress(OSError):
        path.write_text(text, encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
