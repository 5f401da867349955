"""A temporary store for bodies during an import.

It is on disk and holds each body once, so that large files need little memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import BinaryIO

from foreign_eyes.warc.errors import TemporaryUnwritable


class Bodies:
    """The bodies read so far, by SHA-256 in hexadecimal."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0

    def put(self, body: bytes) -> str:
        """Store a body; return its SHA-256.

        Raises:
            TemporaryUnwritable: the temporary folder cannot be written.
        """
        digest = sha256(body).hexdigest()
        if digest not in self._places:
            try:
                self._file.seek(self._end)
                self._file.write(body)
                self._file.flush()
            except OSError as error:
                raise TemporaryUnwritable(tempfile.gettempdir(), error.strerror or error) from error
            self._places[digest] = (self._end, len(body))
            self._end += len(body)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the body that has this SHA-256."""
        place, size = self._places[digest]
        self._file.seek(place)
        return self._file.read(size)

    def __contains__(self, digest: object) -> bool:
        return digest in self._places


@contextmanager
def temporary_bodies() -> Iterator[Bodies]:
    """Give an empty store, which is removed at the end.

    Raises:
        TemporaryUnwritable: the temporary folder cannot be written.
    """
    try:
        file = tempfile.TemporaryFile(prefix="foreign-eyes-")  # noqa: SIM115 - closed below
    except OSError as error:
        raise TemporaryUnwritable("the temporary folder", error.strerror or error) from error
    try:
        yield Bodies(file)
    finally:
        with suppress(OSError):  # closing flushes again what could not be written
            file.close()
