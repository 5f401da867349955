"""What can go wrong with an archive and is the user's to mend. Bugs fly past this tree.

ArchiveError
├── NotAnArchive        the file is something else
├── DamagedArchive      the file was an archive, and is cut short, empty or damaged
│   └── DamagedRows     rows are not what was written
├── NoArchive           there is no such file
├── ArchiveOutdated     made by another version of Foreign Eyes
├── ArchiveUnwritable   the file or its folder cannot be written
├── WouldLose           a file that holds more than its replacement would be replaced
├── ArchiveBusy         another run holds it
├── MixedSources        invented and real entries would stand in one archive
├── OutputOfAnother     an output folder shows another archive, or a newer state of this one
├── RecordDamaged       the record of an output folder cannot be read
├── CannotRebuild       what is derived cannot be derived again
└── CannotDecide        an operator's decision makes no sense
"""

from __future__ import annotations

from pathlib import Path


class ArchiveError(Exception):
    """The base of the tree; its text is one line that says what is wrong, where, and what to do."""


class NoArchive(ArchiveError):
    """There is no file at that path."""

    def __init__(self, path: Path):
        super().__init__(f"{path}: no such archive; make one with: foreign-eyes crawl")
        self.path = path


class NotAnArchive(ArchiveError):
    """The file is no SQLite database, or one that Foreign Eyes did not make."""

    def __init__(self, path: Path, why: str):
        super().__init__(f"{path}: not a Foreign Eyes archive ({why}); name another file with --archive")


class DamagedArchive(ArchiveError):
    """The file is a damaged archive; it is left unchanged, so that its data can still be recovered."""

    def __init__(self, path: Path, why: str):
        self.why = why
        super().__init__(
            f"{path}: the archive is damaged ({why}); it was left as it is. Restore a backup: foreign-eyes restore FILE"
        )


class DamagedRows(DamagedArchive):
    """Damaged rows of the archive kept a command from its work."""

    def __init__(self, path: Path, why: str, remedy: str):
        ArchiveError.__init__(self, f"{path}: the archive is damaged ({why}); mend it with: {remedy}")


class ArchiveOutdated(ArchiveError):
    """The tables are of another version than this program's."""

    def __init__(self, path: Path, why: str):
        super().__init__(f"{path}: {why}")


class ArchiveUnwritable(ArchiveError):
    """The archive, or a file beside it, cannot be written."""

    def __init__(self, path: Path, why: object):
        super().__init__(f"{path}: cannot be written ({why}); check the folder's permissions and free space")


class WouldLose(ArchiveError):
    """A file that is not a backup, or that holds more than its replacement, would be replaced; nothing was changed."""


class ArchiveBusy(ArchiveError):
    """Another run holds the archive."""

    def __init__(self, path: Path, holder: str):
        super().__init__(f"{path}: in use by {holder}; try again when it has ended")
        self.holder = holder


class MixedSources(ArchiveError):
    """An invented source would be added to an archive of real ones, or a real source to the sample's archive."""

    def __init__(self, path: Path, why: str):
        super().__init__(f"{path.name}: {why}")


class OutputOfAnother(ArchiveError):
    """The output folder belongs to another archive, whose readers would get every entry again under another id."""

    def __init__(self, folder: Path, why: str):
        super().__init__(
            f"{folder}: nothing was crawled or published, because {why}. If the archive of this folder was lost or is damaged:"
            " foreign-eyes restore FILE; if it is elsewhere, name it with --archive FILE. To send readers all entries"
            " of this archive as new: foreign-eyes publish --take-over"
        )
        self.folder = folder


class RecordDamaged(ArchiveError):
    """The record of an output folder is damaged, unreadable, or of a newer version."""

    def __init__(self, path: Path, why: str):
        super().__init__(
            f"{path}: the record of this output folder cannot be used ({why}). Restore it from a backup, or"
            " let this archive take over the folder: foreign-eyes publish --take-over"
        )


class CannotRebuild(ArchiveError):
    """Deriving the archive again would lose something; nothing was changed."""

    def __init__(self, why: str):
        super().__init__(
            f"the archive cannot be derived again: {why}; nothing was changed. Look with: foreign-eyes check"
        )


class CannotDecide(ArchiveError):
    """What an operator wants to decide does not fit the archive; nothing was changed."""
