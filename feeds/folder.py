"""The output folder as a publish finds and leaves it: whose it is, which files are ours, and what its record says.

claim | refuse files of others | record ids and names | write, remove | record the end
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.folder_claims import read_claim, shows_feeds
from foreign_eyes.archive.feed_state.folder_record import FolderRecord, is_file_name, read_record, record_path
from foreign_eyes.archive.feed_state.folder_record_writer import (
    append_lines,
    begin_line,
    end_line,
    file_line,
    forget_removed,
    id_lines,
    missing_ids,
    owner_line,
    removed_line,
    replace_record,
)
from foreign_eyes.archive.feed_state.journal_cursor import JournalCursor
from foreign_eyes.archive.feed_state.output_manifest import Manifest, OutputState
from foreign_eyes.archive.feed_state.published_ids import all_ids, ids_since
from foreign_eyes.archive.feed_state.recorded_redactions import redaction_lines
from foreign_eyes.archive.redaction.redaction_records import has_redactions
from foreign_eyes.archive.seals import newest_seal
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.errors import FilesOfOthers, OutputUnwritable
from foreign_eyes.feeds.file_writer import digest_of, make_folder


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """The lines that a publish adds to the folder's record: before it writes the first file, and at its end.

    `whose` is there if the record does not say yet whose folder it is, `opening` is what it lacks of ids and names, and
    `token` stands for what the folder will show.
    """

    token: str
    whose: str | None
    begin: str
    opening: list[str]
    end: str


class OutputFolder:
    """A folder during one publish, in the publish's transaction.

    Args:
        db: the archive.
        output: the folder itself, not a link to it.
        source: whose feeds are published.
        take_over: take a folder of another archive, and files of others.
        mode: the permissions of files in it.

    Raises:
        OutputOfAnother: the folder is another archive's, and is not taken over.
        RecordDamaged: nor is it if its record cannot be used.
    """

    def __init__(self, db: Database, output: Path, source: Source, *, take_over: bool, mode: int) -> None:
        self._db = db
        self._source = source
        self._take_over = take_over
        self._mode = mode
        self.output = output
        self.manifest = Manifest(db, output)
        claim = read_claim(db, output)
        if claim.refusal is not None and not take_over:
            raise claim.refusal
        self._summary = claim.summary
        self._begins_anew = claim.refusal is not None

    def source(self) -> str | None:
        """Return the name of the source that this archive shows there; None if it shows none."""
        recorded = None if self._begins_anew or self._summary is None else self._summary.source
        return self.manifest.source() or recorded

    def shows(self, state: OutputState) -> bool:
        """Tell whether the last publish to the folder ended, and left it in this state."""
        if self._summary is None or self._begins_anew:
            return False
        return self._summary.source == self._source.name and self._summary.published_token == token_of(
            self._source.name, state
        )

    @cached_property
    def files(self) -> frozenset[str]:
        """The files that are ours: those in the record and in the archive's manifest.

        Without a record the manifest alone says so, if the folder still holds our feeds or the very bytes that we wrote.
        """
        listed = self.manifest.digests()
        if self._record is not None:
            return frozenset(self._record.files).union(listed)
        if shows_feeds(self.output):
            return frozenset(listed)
        return frozenset(name for name, digest in listed.items() if digest_of(self.output, name) == digest)

    def require_ours(self, names: Iterable[str], *, follows: bool) -> None:
        """Refuse to replace files that were not published to the folder.

        A publish that follows the journal does not read the whole record: the manifest agrees with it then.

        Raises:
            FilesOfOthers: there are such files.
        """
        if self._take_over:
            return
        unknown = {name for name in names if not (self.manifest.lists(name) if follows else name in self.files)}
        if strangers := sorted(name for name in unknown if os.path.lexists(self.output / name)):
            raise FilesOfOthers(self.output, strangers)

    def plan(self, state: OutputState, names: Collection[str], *, since: JournalCursor | None) -> FolderPlan:
        """Return what the record is to say of a publish that writes the files `names` and leaves the folder in `state`.

        With `since`, the record has all ids and names up to that cursor; with None it is read to find out.
        """
        seal = newest_seal(self._db)
        token = token_of(self._source.name, state)
        begin = begin_line(token, seal, state.entries, state.cursor.changes_until)
        end = end_line(token, seal, archive_id(self._db), self._source.name)
        if since is not None:
            ids = ids_since(self._db, state.source_id, since)
            opening = [line for one, is_new in ids for line in id_lines(one, None if is_new else ())]
            opening += [file_line(name) for name in sorted(names) if not self.manifest.lists(name)]
            return FolderPlan(token, None, begin, opening, end)
        record = None if self._begins_anew else self._record
        is_said = record is not None and (record.source, record.url) == (self._source.name, self._source.url)
        whose = None if is_said else owner_line(archive_id(self._db), self._source.name, self._source.url)
        opening = list(missing_ids(record, all_ids(self._db, state.source_id)))
        files = self.files.union(names) - (record.files if record is not None else set())
        opening += [file_line(name) for name in sorted(files) if is_file_name(name)]
        opening += redaction_lines(self._db, state.source_id, record.redactions if record is not None else {})
        return FolderPlan(token, whose, begin, opening, end)

    def begin(self, plan: FolderPlan) -> None:
        """Write down, durably, what is about to be written."""
        lines = [*([plan.whose] if plan.whose else []), plan.begin, *plan.opening]
        with self._explained():
            make_folder(self.output, self._mode)
            if self._begins_anew:
                replace_record(self.output, lines, self._mode)
            else:
                append_lines(self.output, lines, self._mode)

    def end(self, plan: FolderPlan, removed: Collection[str]) -> None:
        """Write down that the publish has ended, and which files are no more."""
        with self._explained():
            append_lines(
                self.output, [*(removed_line(name) for name in removed if is_file_name(name)), plan.end], self._mode
            )
            if removed and has_redactions(self._db):
                forget_removed(self.output, self._mode)

    def says(self, plan: FolderPlan) -> bool:
        """Tell whether the record says all this already."""
        return (
            not (plan.whose or plan.opening)
            and self._summary is not None
            and self._summary.published_token == plan.token
        )

    @cached_property
    def _record(self) -> FolderRecord | None:
        try:
            return read_record(self.output)
        except RecordDamaged:
            if not self._take_over:
                raise
            return None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputUnwritable(record_path(self.output), error) from error


def token_of(source: str, state: OutputState) -> str:
    """Return a digest of the state that a folder shows: source, base URL, render fingerprint and journal cursor."""
    shown = [source, state.base_url, state.render_fingerprint, state.cursor.derivation, state.cursor.changes_until]
    if state.cursor.restyled_until:  # without restyles, the digest stays that of earlier versions
        shown.append(state.cursor.restyled_until)
    return sha256(json.dumps(shown).encode()).hexdigest()[:16]
