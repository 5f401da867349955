"""What can go wrong between an archive and a WARC file and is the user's to mend. Bugs fly past this tree.

ExchangeError
├── BadWarc             the file is something else, or damaged
├── NothingToImport     the files hold no listing page of the source
├── NothingToExport     the archive is damaged, or holds no crawl yet
├── WrongImport         the options do not fit the files
└── ExportUnwritable    the file cannot be written
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


class ExportUnwritable(ExchangeError):
    """The file, or its folder, cannot be written."""

    def __init__(self, name: object, why: object):
        super().__init__(f"{name}: cannot be written ({why}); choose another file, or check permissions and free space")
