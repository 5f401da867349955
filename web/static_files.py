"""Published files in memory: read once, looked at before every answer, and no way out of the folder.

    name | may it be published? | as it is on the disk now? | read, compress, represent | forget what was asked for least

One `stat` a request tells whether a file is still what was read: publishing moves a new file into place, so at least
its inode differs, whatever its time and size.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from foreign_eyes.web.http_headers import is_text
from foreign_eyes.web.representation import Content, Form, represent

LARGEST_IN_MEMORY = 4 * 1024 * 1024
_MEMORY = 64 * 1024 * 1024
# the header fields of a file's answers, and what Python needs to keep them
_OVERHEAD = 8_000

Signature = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Held:
    """A file as last read: where, from what, and both forms of what is sent; `modified` is None while not to be told."""

    path: str
    signature: Signature
    content: Content
    modified: int | None
    plain: Form
    zipped: Form | None

    @property
    def weight(self) -> int:
        """Bytes of memory, about."""
        return len(self.content.body or b"") + len(self.content.zipped or b"") + _OVERHEAD


class HeldFiles:
    """The files of `output`, which need not exist yet.

    Args:
        output: the published folder.
        link_of: gives the value of a file's `Link` field.
        clock: gives seconds since 1970.
    """

    def __init__(
        self, output: Path, link_of: Callable[[str], str] = lambda _name: "", clock: Callable[[], float] = time.time
    ) -> None:
        self._output = output
        self._link_of = link_of
        self._clock = clock
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._weight = 0

    def get(self, name: str) -> Held | None:
        """Return the published file `name` as it is now; None where there is none inside the folder.

        Raises:
            PermissionError: it may not be read.
        """
        held = self._held.get(name)
        if held is None:
            return self._load(name) if _may_be_published(name) else None
        if _signature_at(held.path) != held.signature:
            self._forget(name)
            return self._load(name)
        if held.modified is None and (modified := self._last_modified(held.signature)) is not None:
            held = self._represented(name, held.path, held.signature, held.content, modified)
            self._held[name] = held
        self._held.move_to_end(name)
        return held

    def _load(self, name: str) -> Held | None:
        path = self._output / name
        # a stat first: to open a pipe would wait for a writer
        if _signature_at(str(path)) is None or not path.resolve().is_relative_to(self._output.resolve()):
            return None
        try:
            signature, content = _read(path, compress=is_text(name))
        except FileNotFoundError:  # a publish has just removed it
            return None
        held = self._represented(name, str(path), signature, content, self._last_modified(signature))
        self._held[name] = held
        self._weight += held.weight
        while self._weight > _MEMORY:
            self._forget(next(iter(self._held)))
        return held

    def _represented(self, name: str, path: str, signature: Signature, content: Content, modified: int | None) -> Held:
        return Held(path, signature, content, modified, *represent(name, content, self._link_of(name), modified))

    def _forget(self, name: str) -> None:
        self._weight -= self._held.pop(name).weight

    def _last_modified(self, signature: Signature) -> int | None:
        """Return the second of the last change; None while that second is not over, since it can bring another change.

        A date that two versions share would let a client that knows no ETag keep the older one (RFC 9110 section
        8.8.2.2). Moving a file into place changes its status, not its content, so the later of both times counts.
        """
        second = max(signature[2], signature[3]) // 1_000_000_000
        return second if second < int(self._clock()) else None


def _may_be_published(name: str) -> bool:
    """Whether a path is one that publishing writes: no way up, no hidden, temporary or oddly written part."""
    parts = name.split("/")
    return not any(part in ("", "..") or part.startswith(".") or part.endswith(".tmp") for part in parts) and not (
        "\\" in name or any(ord(character) < 32 for character in name)
    )


def _signature_at(path: str) -> Signature | None:
    try:
        return _signature(os.stat(path))  # noqa: PTH116 - half the time of a Path's, once a request
    except PermissionError:
        raise
    except (OSError, ValueError):  # no such file, a name too long, a circle of links, a lone surrogate
        return None


def _signature(status: os.stat_result) -> Signature | None:
    """Return what tells one content of a file from another without reading it; None for what is no file."""
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _read(path: Path, *, compress: bool) -> tuple[Signature, Content]:
    with path.open("rb") as file:
        signature = _signature(os.fstat(file.fileno()))
        if signature is None:
            raise FileNotFoundError(path)
        if signature[-1] > LARGEST_IN_MEMORY:
            return signature, Content(hashlib.file_digest(file, "sha256").hexdigest(), None, None)
        body = file.read()
    zipped = gzip.compress(body, 6, mtime=0) if compress else body
    return signature, Content(hashlib.sha256(body).hexdigest(), body, zipped if len(zipped) < len(body) else None)
