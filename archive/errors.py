"""Errors of an archive that the user can fix. Programming errors are not in this hierarchy.

ArchiveError
├── NotAnArchive        the file is not an archive
├── DamagedArchive      the archive is truncated, empty or corrupt
│   └── DamagedRows     rows differ from what was written
├── NoArchive           the file does not exist
├── ArchiveOutdated     another version of Foreign Eyes made the archive
├── ArchiveUnwritable   the file or its folder cannot be written
├── BackupUnusable      the file to restore is missing, damaged, or not a backup
├── WouldLose           replacing the file would lose data, or the file is not a backup
├── ArchiveBusy         another run has locked the archive
├── MixedSources        the archive would hold both invented and real entries
├── OutputOfAnother     an output folder shows another archive, or a newer state of this one
├── RecordDamaged       the record of an output folder cannot be read
├── SourceRenamed       a crawl names a source by the name that it had before a rename
├── UnknownSource       the archive has no source of a name
├── CannotRebuild       the derived tables cannot be derived again
└── CannotDecide        an operator's decision cannot be applied to the archive
"""

from __future__ import annotations

from pathlib import Path


class ArchiveError(Exception):
    """The base class; the message is one line that says what happened, where, and what to do.

    `remedy` repeats what to do, for the `problems` of a `--json` command.
    """

    remedy = "try again later"


class NoArchive(ArchiveError):
    """The archive file does not exist."""

    remedy = "foreign-eyes crawl, or name another archive with --archive"

    def __init__(self, path: Path):
        super().__init__(f"{path}: no such archive; make one with: foreign-eyes crawl")
        self.path = path


class NotAnArchive(ArchiveError):
    """The file is not an SQLite database, or another program made it."""

    remedy = "name another archive with --archive"

    def __init__(self, path: Path, why: str):
        self.why = why
        super().__init__(f"{path}: not a Foreign Eyes archive ({why}); name another file with --archive")


class DamagedArchive(ArchiveError):
    """The archive is damaged; it is not changed, so that its data can still be recovered."""

    remedy = "foreign-eyes restore FILE"

    def __init__(self, path: Path, why: str):
        self.why = why
        super().__init__(
            f"{path}: the archive is damaged ({why}); it was not changed. Restore a backup: foreign-eyes restore FILE"
        )


class DamagedRows(DamagedArchive):
    """A command failed because rows of the archive are damaged."""

    def __init__(self, path: Path, why: str, remedy: str):
        ArchiveError.__init__(self, f"{path}: the archive is damaged ({why}); repair it with: {remedy}")
        self.remedy = remedy


class ArchiveOutdated(ArchiveError):
    """The tables were made by another version of Foreign Eyes."""

    def __init__(self, path: Path, why: str, remedy: str):
        super().__init__(f"{path}: {why}; {remedy}")
        self.remedy = remedy


class ArchiveUnwritable(ArchiveError):
    """The archive, or a file beside it, cannot be written."""

    remedy = "check the folder's permissions and free space"

    def __init__(self, path: Path, why: object):
        super().__init__(f"{path}: cannot be written ({why}); check the folder's permissions and free space")


class BackupUnusable(ArchiveError):
    """The file to restore is missing, damaged, or not a backup; nothing was restored."""

    remedy = "foreign-eyes restore FILE"

    def __init__(self, path: Path, why: str):
        self.why_unusable = f"{path}: {why}"
        super().__init__(f"{path}: {why}; nothing was restored. Name another backup: {self.remedy}")


class WouldLose(ArchiveError):
    """Replacing a file would lose data, or the file is not a backup; nothing was changed."""

    remedy = "name another file"


class ArchiveBusy(ArchiveError):
    """Another run has locked the archive."""

    def __init__(self, path: Path, holder: str):
        super().__init__(f"{path}: in use by {holder}; try again when it has ended")
        self.holder = holder


class MixedSources(ArchiveError):
    """The archive would hold both invented and real entries."""

    remedy = "name another archive with --archive"

    def __init__(self, path: Path, why: str):
        super().__init__(f"{path.name}: {why}")


class OutputOfAnother(ArchiveError):
    """The output folder shows another archive.

    Its readers would get every entry again under a new id.
    """

    remedy = "foreign-eyes restore FILE, or name another archive with --archive"

    def __init__(self, folder: Path, why: str):
        super().__init__(
            f"{folder}: nothing was crawled or published, because {why}. If the archive of this folder is lost or damaged,"
            " restore a backup: foreign-eyes restore FILE; if it is in another place, name it with --archive FILE. To publish"
            " this archive here and send readers all its entries as new: foreign-eyes publish --take-over"
        )
        self.folder = folder


class RecordDamaged(ArchiveError):
    """The record of an output folder is damaged, unreadable, or written by a newer version."""

    remedy = "foreign-eyes publish --take-over"

    def __init__(self, path: Path, why: str):
        super().__init__(
            f"{path}: the record of this output folder cannot be used ({why}). Restore the file from a backup, or"
            " let this archive take over the folder: foreign-eyes publish --take-over"
        )


class SourceRenamed(ArchiveError):
    """A crawl names a source by its former name; it would get every entry again under a new id."""

    def __init__(self, former: str, name: str):
        self.remedy = f"rename the table [sources.{former}] in the settings file to [sources.{name}]"
        super().__init__(
            f"source {former} has been renamed to {name}: {self.remedy}, or undo the rename: foreign-eyes rename {name} {former}"
        )


class UnknownSource(ArchiveError):
    """The archive has no source of this name."""

    remedy = "foreign-eyes status"

    def __init__(self, name: str, known: str):
        super().__init__(f"the archive has no source {name} (it has: {known}); nothing was changed")


class CannotRebuild(ArchiveError):
    """Deriving the archive again would lose data; nothing was changed."""

    remedy = "foreign-eyes check"

    def __init__(self, why: str):
        super().__init__(
            f"the archive cannot be derived again: {why}; nothing was changed. List all problems: foreign-eyes check"
        )


class CannotDecide(ArchiveError):
    """An operator's decision cannot be applied to the archive; nothing was changed."""

    remedy = "foreign-eyes doubts"
