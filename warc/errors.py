"""Errors of exports and imports that the user can fix.

Programming errors are not in this hierarchy.

ExchangeError
├── BadWarc             a file is not a WARC, or is damaged
├── NothingToImport     the files hold no listing page of the source
├── NothingToExport     the archive is damaged, or holds no crawl yet
├── OtherListing        a source of the file has the name of another source
├── WrongImport         the options do not fit the files
└── CannotWrite
    ├── ExportUnwritable      the file cannot be written
    └── TemporaryUnwritable   the temporary folder cannot be written
"""

from __future__ import annotations


class ExchangeError(Exception):
    """The base class; the message is one line: what happened, where, and what to do."""


class BadWarc(ExchangeError):
    """A file that is not a WARC, or whose record at `offset` is damaged."""

    def __init__(self, name: str, why: str, *, offset: int | None = None, remedy: str | None = None):
        where = "" if offset is None else f"the record at offset {offset}: "
        super().__init__(f"{name}: {where}{why}; {remedy or 'get the file again; nothing was imported'}")


class NothingToImport(ExchangeError):
    """The files hold no listing page of the source."""


class NothingToExport(ExchangeError):
    """The archive cannot be exported completely."""


class WrongImport(ExchangeError):
    """The options do not fit the files."""


class OtherListing(ExchangeError):
    """A source of the file has the name of a source at another URL."""


class CannotWrite(ExchangeError):
    """A file or folder cannot be written."""


class ExportUnwritable(CannotWrite):
    """The file, or its folder, cannot be written."""

    def __init__(
        self, name: object, why: object, *, remedy: str = "choose another file, or check permissions and free space"
    ):
        super().__init__(f"{name}: cannot be written ({why}); {remedy}")


class TemporaryUnwritable(CannotWrite):
    """The temporary folder cannot be written, for example because the disk is full."""

    def __init__(self, folder: object, why: object):
        super().__init__(
            f"{folder}: temporary files cannot be written ({why}); free space, or set TMPDIR to another folder"
        )
