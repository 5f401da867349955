"""What can go wrong between an archive and a WARC file and is the user's to mend. Bugs fly past this tree.

ExchangeError
├── BadWarc             the file is something else, or damaged
├── NothingToImport     the files hold no listing page of the source
├── NothingToExport     the archive is damaged, or holds no crawl yet
├── OtherListing        a source of the file and one of the archive share a name and nothing else
├── WrongImport         the options do not fit the files
└── CannotWrite
    ├── ExportUnwritable    the file cannot be written
    └── TemporaryUnwritable              the temporary folder cannot be written
"""

from __future__ import annotations


class ExchangeError(Exception):
    """The base of the tree; its text is one line that says what is wrong, where, and what to do."""


class BadWarc(ExchangeError):
    """A file that is no WARC, or whose record at `offset` is not whole."""

    def __init__(self, name: str, why: str, *, offset: int | None = None, remedy: str | None = None):
        where = "" if offset is None else f"the record at offset {offset}: "
        super().__init__(f"{name}: {where}{why}; {remedy or 'get the file again; nothing was imported'}")


class NothingToImport(ExchangeError):
    """No response in the files is a listing page of the source."""


class NothingToExport(ExchangeError):
    """The archive cannot be written out whole."""


class WrongImport(ExchangeError):
    """The options do not fit the files that were given."""


class OtherListing(ExchangeError):
    """A source of the file has the name of one that stands at another address."""


class CannotWrite(ExchangeError):
    """Something cannot be written."""


class ExportUnwritable(CannotWrite):
    """The file, or its folder, cannot be written."""

    def __init__(
        self, name: object, why: object, *, remedy: str = "choose another file, or check permissions and free space"
    ):
        super().__init__(f"{name}: cannot be written ({why}); {remedy}")


class TemporaryUnwritable(CannotWrite):
    """The folder for what is kept only for a while cannot be written, as where it is full."""

    def __init__(self, folder: object, why: object):
        super().__init__(
            f"{folder}: temporary files cannot be written there ({why}); free space, or set TMPDIR to another folder"
        )
