"""Lock a file by device and inode, so that the lock covers all its names.

It is an OFD lock (`F_OFD_SETLK`, fcntl(2)) on bytes beyond the end of any file, where SQLite locks nothing. The number
of locked bytes encodes the id of the process that holds the lock and the time when it took it. Network file systems turn
`flock` into a lock on the whole file, which would block SQLite's own locks; this one works there.

When a process closes any descriptor of a file, POSIX drops all its POSIX locks on that file, and SQLite uses such locks. So
the descriptors here stay open until the process ends; only those of deleted files are closed.
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

# a file has at most 2**63 bytes; the length of the lock is less than 2**55
_START = 1 << 62
_IN_PROGRESS = _START - 1
_PROCESS_BITS = 22
# struct flock on 64-bit machines: type, whence, start, length, process
_FLOCK = "hhqqi4x"
_HAS_LOCKS = hasattr(fcntl, "F_OFD_SETLK") and struct.calcsize("P") == 8
_UNSUPPORTED = {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


class Holder(NamedTuple):
    """The process that holds a lock, and the time when it took it, in seconds since the epoch."""

    process: int
    since: int


class InodeHeld(Exception):
    """Another run has locked the file."""

    def __init__(self, holder: Holder | None):
        super().__init__(holder)
        self.holder = holder


@dataclass(slots=True)
class _Hold:
    """The locks of one run: the files' descriptors, and how many bytes are locked in each."""

    length: int
    locked: list[int] = field(default_factory=list)


# descriptors by device, inode, and whether they can be written to
_descriptors: dict[tuple[int, int, bool], int] = {}
# the runs of this process, by the real path of the archive
_holds: dict[Path, _Hold] = {}
_guard = threading.RLock()


@contextmanager
def hold_inode(path: Path) -> Iterator[bool]:
    """Lock the file at `path`, if it exists, and any that `lock_new_file` adds.

    Yield whether the file itself is locked.

    Raises:
        InodeHeld: another run has locked it.
        OSError: it cannot be opened for writing.
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
                    _set_lock(descriptor, fcntl.F_UNLCK, hold.length)


def lock_new_file(temporary: Path, target: Path) -> None:
    """Lock a file that is about to be renamed to `target`.

    Do nothing if this process has not locked that path.

    Raises:
        OSError: it cannot be opened.
    """
    with _guard:
        hold = _holds.get(target)
        if hold is not None:
            _lock(temporary, hold)


def mark_in_progress(descriptor: int) -> None:
    """Mark a file as being made until the descriptor is closed.

    Do nothing if the file system lacks such locks.
    """
    if _HAS_LOCKS:
        with suppress(OSError):
            _set_lock(descriptor, fcntl.F_WRLCK, 1, _IN_PROGRESS)


def is_in_progress(path: Path) -> bool:
    """Return whether a running process is making this file.

    Raises:
        OSError: it cannot be opened.
    """
    if not _HAS_LOCKS:
        return False
    with path.open("rb") as file:
        return _holder(file.fileno(), _IN_PROGRESS) is not None


def inode_holder(path: Path) -> Holder | None:
    """Return the process that has locked the file at `path`.

    Return None if none has, or if that cannot be known.
    """
    if _HAS_LOCKS:
        with _guard, suppress(OSError):
            return _holder(_descriptor(path, writable=False))
    return None


def _lock(path: Path, hold: _Hold) -> None:
    if not _HAS_LOCKS:
        return
    descriptor = _descriptor(path, writable=True)
    if any(descriptor in other.locked for other in _holds.values()):  # the kernel refuses other processes only
        raise InodeHeld(inode_holder(path))
    try:
        _set_lock(descriptor, fcntl.F_WRLCK, hold.length)
    except (BlockingIOError, PermissionError):  # POSIX allows either
        raise InodeHeld(_holder(descriptor)) from None
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return
    hold.locked.append(descriptor)


def _set_lock(descriptor: int, lock_type: int, length: int, start: int = _START) -> None:
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, lock_type, os.SEEK_SET, start, length, 0))


def _holder(descriptor: int, start: int = _START) -> Holder | None:
    wanted = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, 1, 0)
    lock_type, _, _, length, _ = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, wanted))
    if lock_type == fcntl.F_UNLCK:
        return None
    return Holder((length - 1) & ((1 << _PROCESS_BITS) - 1), (length - 1) >> _PROCESS_BITS)


def _descriptor(path: Path, *, writable: bool) -> int:
    """Return a descriptor of the file that is at `path` now; it stays open."""
    state = path.stat()
    key = (state.st_dev, state.st_ino, writable)
    if key not in _descriptors:
        for deleted in [key for key, descriptor in _descriptors.items() if not os.fstat(descriptor).st_nlink]:
            os.close(_descriptors.pop(deleted))
        descriptor = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        opened = os.fstat(descriptor)
        key = (opened.st_dev, opened.st_ino, writable)
        _descriptors[key] = descriptor
    return _descriptors[key]
