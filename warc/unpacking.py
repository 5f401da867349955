"""Unpack a WARC file strictly.

Each record, the whole file or nothing is gzip-compressed. warcio treats the end of a cut gzip stream as the end of the
file, and a wrong checksum as the end of a record. This module reports both, reads files that are compressed as one
stream, and unpacks no more than is requested.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from typing import BinaryIO

_BLOCK = 1 << 16
_GZIP = 31  # zlib's window bits: a gzip wrapper
_GZIP_MAGIC = b"\x1f\x8b"


class CutError(Exception):
    """The compressed file is cut or damaged; the message has the reason."""


class Unpacked:
    """The unpacked bytes of a file, read from start to end.

    `offset_of` converts a position in them to the offset in the file, which other tools use.
    """

    def __init__(self, raw: BinaryIO):
        self._raw = raw
        self._packed = raw.read(_BLOCK)
        self.is_gzip = self._packed.startswith(_GZIP_MAGIC)
        self._engine = zlib.decompressobj(_GZIP) if self.is_gzip else None
        self._read_of_raw = len(self._packed)
        self._unpacked_to = 0
        self._given = 0
        self._ahead = b""
        # WARC/1.1 annex D: the starts of each gzip member, unpacked and packed
        self._members = [(0, 0)]

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end, without consuming them."""
        while len(self._ahead) < size and (piece := self._next(size)):
            self._ahead += piece
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; an empty result means the end of the file.

        Raises:
            CutError: the compressed stream is damaged, or was cut.
        """
        if size < 0:
            raise ValueError("a WARC is read in pieces")
        piece, self._ahead = (self._ahead[:size], self._ahead[size:]) if self._ahead else (self._next(size), b"")
        self._given += len(piece)
        return piece

    def tell(self) -> int:
        """Return the number of unpacked bytes that were read."""
        return self._given

    def offset_of(self, place: int) -> int:
        """Return the offset of the gzip member that holds unpacked position `place`.

        Without gzip, return `place` itself.
        """
        if not self.is_gzip:
            return place
        return self._members[bisect_right(self._members, (place, float("inf"))) - 1][1]

    def _next(self, size: int) -> bytes:
        if self._engine is None:
            piece = self._packed or self._raw.read(_BLOCK)
            self._packed = piece[size:]
            return piece[:size]
        while True:
            if not self._packed:
                self._packed = self._raw.read(_BLOCK)
                self._read_of_raw += len(self._packed)
            if self._engine.eof and not self._next_member():
                return b""
            if not self._packed:
                raise CutError("the compressed file is cut: it ends before its end marker")
            try:
                piece = self._engine.decompress(self._packed, size)
            except zlib.error as error:
                raise CutError(f"the compressed file is damaged ({error})") from None
            self._packed = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail
            self._unpacked_to += len(piece)
            if piece:
                return piece

    def _next_member(self) -> bool:
        """Start the next gzip member (RFC 1952 section 2.2).

        Return False at the end of the file, ignoring trailing zeros.
        """
        while self._packed and not self._packed.strip(b"\0"):
            self._packed = self._raw.read(_BLOCK)
            self._read_of_raw += len(self._packed)
        if not self._packed:
            return False
        self._members.append((self._unpacked_to, self._read_of_raw - len(self._packed)))
        self._engine = zlib.decompressobj(_GZIP)
        return True
