"""Unpacking a WARC file strictly, whether each record, the whole file or nothing is gzip-compressed.

warcio takes the end of a cut gzip stream for the end of the file, and a wrong checksum for the end of a record. Here both
are told, a file compressed as one stream is read like any other, and no more is unpacked than is asked for.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from typing import BinaryIO

_BLOCK = 1 << 16
_GZIP = 31  # zlib's window bits: a gzip wrapper
_GZIP_MAGIC = b"\x1f\x8b"


class CutError(Exception):
    """The compressed file is cut or damaged; the text says how."""


class Unpacked:
    """The unpacked bytes of a file, for reading from start to end.

    `offset_of` leads from a place among them to the place in the file as it is, which other tools go by.
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
        # WARC/1.1 annex D: where each gzip member begins, unpacked and packed
        self._members = [(0, 0)]

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end, and leave them to be read."""
        while len(self._ahead) < size and (piece := self._next(size)):
            self._ahead += piece
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, at least one but at the end.

        Raises:
            CutError: the compressed stream is damaged, or ends before its end.
        """
        if size < 0:
            raise ValueError("a WARC is read in pieces")
        piece, self._ahead = (self._ahead[:size], self._ahead[size:]) if self._ahead else (self._next(size), b"")
        self._given += len(piece)
        return piece

    def tell(self) -> int:
        """Return how many unpacked bytes were read."""
        return self._given

    def offset_of(self, place: int) -> int:
        """Return where in the file the gzip member begins that holds unpacked `place`; `place` itself without gzip."""
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
        """Begin the next gzip member (RFC 1952 section 2.2); False at the end of the file, zeros behind it or not."""
        while self._packed and not self._packed.strip(b"\0"):
            self._packed = self._raw.read(_BLOCK)
            self._read_of_raw += len(self._packed)
        if not self._packed:
            return False
        self._members.append((self._unpacked_to, self._read_of_raw - len(self._packed)))
        self._engine = zlib.decompressobj(_GZIP)
        return True
