"""A lock on a file by device and inode, whatever name it is opened by.

It is an OFD lock (`F_OFD_SETLK`, fcntl(2)) on bytes beyond the end of any file, where SQLite locks nothing. The number
of locked bytes encodes the process that holds the file, and since when. Unlike `flock` it also works on network file
systems, which lock the whole file for `flock` and so would block SQLite's own locks.

POSIX drops all locks that a process has on a file when it closes any descriptor of that file, and SQLite's are such locks. So
the descriptors here stay open as long as the process, but for those of files that are gone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# a file has at most 2**63 bytes; the length of the lock needs no more than 2**55
_START = 1 << 62
_ALIVE = _START - 1
_PROCESS_BITS = 22
# on machines of 64 bits: type, whence, start, length, process
_FLOCK = "hhqqi4x"
_HAS_LOCKS = hasattr(fcntl, "F_OFD_SETLK") and struct.calcsize("P") == 8
_NOT_HERE = {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


class Holder(NamedTuple):
    """The process that holds a file, and since when, in seconds of the epoch."""

    process: int
    since: int


class InodeHeld(Exception):
    """Another run holds the file."""

    def __init__(self, holder: Holder | None):
        super().__init__(holder)
        self.holder = holder


@dataclass(slots=True)
class _Hold:
    """What one run holds: the files, by their descriptors, and how many bytes of each."""

    length: int
    locked: list[int] = field(default_factory=list)


# descriptors by device, inode, and whether they can be written to
_descriptors: dict[tuple[int, int, bool], int] = {}
# the runs of this process by the archive's own name
_holds: dict[Path, _Hold] = {}
_guard = threading.RLock()


@contextmanager
def hold_inode(path: Path) -> Iterator[bool]:
    """Hold the file at `path`, if there is one, and any that `hold_newborn` adds; tell whether the file itself is held.

    Raises:
        InodeHeld: another run holds it.
        OSError: it cannot be opened to write.
    """
    target = Path(os.path.realpath(path))
    hold = _Hold(1 + os.getpid() + (int(time.time()) << _PROCESS_BITS))
    with _guard:
        if target.exists():
            _lock(target, hold)
        before, _holds[target] = _holds.get(target), hold
    try:
        yield bool(hold.locked)
    finally:
        with _guard:
            _holds.pop(target)
            if before is not None:
                _holds[target] = before
            for descriptor in hold.locked:
                with suppress(OSError):
                    _set(descriptor, fcntl.F_UNLCK, hold.length)


def hold_newborn(temporary: Path, target: Path) -> None:
    """Hold a file that is about to get the name `target`, if this process holds that name.

    Raises:
        OSError: it cannot be opened.
    """
    with _guard:
        hold = _holds.get(target)
        if hold is not None:
            _lock(temporary, hold)


def mark_alive(descriptor: int) -> None:
    """Show others, as long as the descriptor is open, that the file is being made; nothing where that cannot be shown."""
    if _HAS_LOCKS:
        with suppress(OSError):
            _set(descriptor, fcntl.F_WRLCK, 1, _ALIVE)


def is_alive(path: Path) -> bool:
    """Tell whether a file is being made by a process that is there.

    Raises:
        OSError: it cannot be opened.
    """
    if not _HAS_LOCKS:
        return False
    with path.open("rb") as file:
        return _holder(file.fileno(), _ALIVE) is not None


def inode_holder(path: Path) -> Holder | None:
    """Return who holds the file at `path`; None if nobody does, or it cannot be told."""
    if _HAS_LOCKS:
        with _guard, suppress(OSError):
            return _holder(_descriptor(path, writable=False))
    return None


def _lock(path: Path, hold: _Hold) -> None:
    if not _HAS_LOCKS:
        return
    descriptor = _descriptor(path, writable=True)
    if any(descriptor in other.locked for other in _holds.values()):  # the kernel refuses others only
        raise InodeHeld(inode_holder(path))
    try:
        _set(descriptor, fcntl.F_WRLCK, hold.length)
    except (BlockingIOError, PermissionError):  # POSIX leaves open which
        raise InodeHeld(_holder(descriptor)) from None
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        return
    hold.locked.append(descriptor)


def _set(descriptor: int, kind: int, length: int, start: int = _START) -> None:
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, start, length, 0))


def _holder(descriptor: int, start: int = _START) -> Holder | None:
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, 1, 0)
    kind, _, _, length, _ = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked))
    if kind == fcntl.F_UNLCK:
        return None
    return Holder((length - 1) & ((1 << _PROCESS_BITS) - 1), (length - 1) >> _PROCESS_BITS)


def _descriptor(path: Path, *, writable: bool) -> int:
    """Return a descriptor of the file that is at `path` now."""
    state = path.stat()
    key = (state.st_dev, state.st_ino, writable)
    if key not in _descriptors:
        for gone in [key for key, descriptor in _descriptors.items() if not os.fstat(descriptor).st_nlink]:
            os.close(_descriptors.pop(gone))
        descriptor = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        opened = os.fstat(descriptor)
        key = (opened.st_dev, opened.st_ino, writable)
        _descriptors[key] = descriptor
    return _descriptors[key]
