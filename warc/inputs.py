"""What WARC files hold: an archive's truth, if Foreign Eyes wrote them, else responses that others captured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from foreign_eyes.warc.bodies import Bodies
from foreign_eyes.warc.dump_records import Dump, DumpReader, is_export
from foreign_eyes.warc.errors import WrongImport
from foreign_eyes.warc.record_reader import Record, read_records
from foreign_eyes.warc.responses import Response, keys_of, read_response, resolve_revisit

ReadProgress = Callable[[int, int], None]


@dataclass(slots=True)
class InputContents:
    """All that was read: `truth` of an export, else `responses` in the order of the files."""

    names: tuple[str, ...]
    records: int = 0
    truth: Dump | None = None
    responses: list[Response] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read, open, by the name that it goes by; `size` in bytes, 0 where that is not known."""

    name: str
    file: BinaryIO
    size: int = 0


def read_files(
    inputs: Sequence[Input], bodies: Bodies, *, limit: int, show: ReadProgress | None = None
) -> InputContents:
    """Read files to their ends; bodies of up to `limit` bytes are stored.

    Raises:
        BadWarc: one is no WARC, or damaged.
        WrongImport: an export stands among other files.
    """
    reader = _Reader(InputContents(tuple(one.name for one in inputs)), bodies, limit)
    total, done = sum(one.size for one in inputs), 0
    for one in inputs:
        for record in read_records(one.file, one.name, keep=2 * limit):
            reader.add(record)
            if show is not None:
                show(done + record.offset, total)
        done += one.size
    return reader.contents_read()


@dataclass(slots=True)
class _Reader:
    contents: InputContents
    bodies: Bodies
    limit: int
    truth: DumpReader | None = None
    known: dict[tuple[str, str], Response] = field(default_factory=dict)
    # with how many responses stood before each
    revisits: list[tuple[int, Record]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Take the next record, of whichever file."""
        if is_export(record):
            if self.contents.records or len(self.contents.names) > 1:
                raise WrongImport(f"{record.file}: an export of Foreign Eyes; import it by itself")
            self.truth = DumpReader(record.file, self.bodies)
        self.contents.records += 1
        if self.truth is not None:
            self.truth.add(record)
        elif record.kind == "response":
            self._add_response(record)
        elif record.kind == "revisit":
            self.revisits.append((len(self.contents.responses), record))

    def contents_read(self) -> InputContents:
        """Return all, with each revisit where it stood; its original may stand in a later file."""
        for place, record in reversed(self.revisits):
            if (response := resolve_revisit(record, self.known)) is not None:
                self.contents.responses.insert(place, response)
        self.contents.truth = self.truth.truth() if self.truth else None
        return self.contents

    def _add_response(self, record: Record) -> None:
        response = read_response(record, self.bodies, self.limit)
        if response is None:
            return
        self.contents.responses.append(response)
        if response.body_sha256 is not None:
            for key in keys_of(response, record):
                self.known.setdefault(key, response)
