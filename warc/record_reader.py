"""Read WARC records and check them: each must be complete and have the digests in its head.

unpack strictly | find records (warcio) | read each to its end | compare digests
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any, BinaryIO

from warcio.archiveiterator import WARCIterator  # type: ignore[import-untyped]
from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]

from foreign_eyes.warc.digest_fields import digest_for, is_as_labelled
from foreign_eyes.warc.errors import BadWarc
from foreign_eyes.warc.unpacking import CutError, Unpacked

_PIECE = 1 << 16
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_AGAIN = "get the file again, or leave it out; nothing was imported"


@dataclass(frozen=True, slots=True)
class Record:
    """A WARC record: its type, its named fields by lower-case name, and its block.

    `offset` is its start in `file`, as for `warcio extract`. `block` is None if it is larger than the limit.
    """

    file: str
    offset: int
    kind: str
    fields: Mapping[str, str]
    block: bytes | None

    @property
    def record_id(self) -> str:
        """The record's id without brackets, which are optional (WARC/1.1 section 5.2)."""
        return self.fields.get("warc-record-id", "").strip("<>")

    @property
    def target(self) -> str:
        """The record's target URI, or an empty string."""
        return self.fields.get("warc-target-uri", "").strip("<>")


def read_records(raw: BinaryIO, name: str, *, keep: int) -> Iterator[Record]:
    """Yield the records of a file in order.

    Blocks of more than `keep` bytes are checked, but not returned.

    Raises:
        BadWarc: the file is not a WARC, or a record is damaged; the message has its offset.
    """
    stream = Unpacked(raw)
    place = 0
    try:
        _recognise(stream, name)
        records = WARCIterator(stream, no_record_parse=True)
        while True:
            place = records.offset
            found = _next_record(records)
            _check_ends(records, name, stream, place)
            if found is None:
                return
            place = records.offset
            yield _read_record(found, name, stream.offset_of(place), keep)
    except CutError as error:
        raise BadWarc(name, str(error), offset=stream.offset_of(place), remedy=_AGAIN) from None
    except ArchiveLoadFailed:
        raise BadWarc(
            name, "no WARC record starts here", offset=stream.offset_of(records.offset), remedy=_AGAIN
        ) from None


def _recognise(stream: Unpacked, name: str) -> None:
    start = stream.peek(11)
    if start.startswith(b"WARC/"):
        return
    if start.startswith(b"filedesc://"):
        raise BadWarc(name, "an ARC file, not a WARC", remedy=f"convert it with: warcio recompress {name} FILE.warc.gz")
    if start.startswith(_ZSTD_MAGIC):
        raise BadWarc(name, "compressed with zstd", remedy=f"unpack it with: unzstd {name}")
    why = "not a WARC file" if start else "an empty file, not a WARC"
    raise BadWarc(name, why, remedy="use a file of foreign-eyes export, wget --warc-file or a web archiver")


def _next_record(records: Any) -> Any | None:
    with redirect_stderr(io.StringIO()):  # warcio prints messages for what `err_count` counts
        return next(records, None)


def _check_ends(records: Any, name: str, stream: Unpacked, place: int) -> None:
    """Refuse a block that is longer than its Content-Length.

    Its rest is where the next record should start.
    """
    if records.err_count:
        raise BadWarc(name, "its Content-Length is wrong", offset=stream.offset_of(place), remedy=_AGAIN)


def _read_record(found: Any, name: str, offset: int, keep: int) -> Record:
    fields = {key.lower(): value for key, value in reversed(found.rec_headers.headers)}
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdecimal()) or "warc-type" not in fields:
        raise BadWarc(name, "its head is cut, or is not a WARC head", offset=offset, remedy=_AGAIN)
    kind = fields["warc-type"].lower()
    label = fields.get("warc-block-digest")
    digest = digest_for(label) if kind != "revisit" else None  # some programs write that of the original's block
    block: bytearray | None = bytearray()
    left = int(length)
    while left and (piece := found.raw_stream.read(min(left, _PIECE))):
        left -= len(piece)
        if digest is not None:
            digest.update(piece)
        if block is not None:
            block += piece
            block = block if len(block) <= keep else None
    if left:
        raise BadWarc(name, f"it is cut: {left} bytes are missing", offset=offset, remedy=_AGAIN)
    if digest is not None and label is not None and not is_as_labelled(digest, label):
        raise BadWarc(name, f"its bytes do not match the digest {label}", offset=offset, remedy=_AGAIN)
    return Record(name, offset, kind, fields, None if block is None else bytes(block))
