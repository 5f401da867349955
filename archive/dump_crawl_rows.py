"""The columns of sources, crawls and captures in an export, as msgspec structs.

They refuse rows that no archive can hold.
"""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType, field

from foreign_eyes.archive.dump_column_types import Flag, HeaderList, HttpStatus, Int, Ordinal, Timestamp, Url
from foreign_eyes.archive.values import Purpose
from foreign_eyes.listing.values import Fault, Mode, Outcome

_SETTLED = ("complete", "unchanged", "partial")


class TableRow(Struct, forbid_unknown_fields=True):
    """A row of a table.

    A column with a default may be missing, since exports of older versions lack it.
    """


class SourceRow(TableRow, kw_only=True):
    """A row of `sources`."""

    source_id: Int
    name: str
    url: Url
    title: str
    language: str


class CrawlRow(TableRow, kw_only=True):
    """A row of `crawls`."""

    crawl_id: Int
    source_id: Int
    mode: Mode
    started_at: Timestamp
    ordered_at: Timestamp
    finished_at: Timestamp | None = None
    requests: Int = 0
    not_modified: Int = 0
    bytes: Int = 0
    outcome: Outcome | None = None
    reason: str | None = None
    settled: Flag = 0
    parser_version: Int | None = None
    pages: Int = 0
    entries: Int = 0
    new: Int = 0
    revised: Int = 0
    withdrawn: Int = 0
    returned: Int = 0
    imported: Flag = 0
    clock_difference: Int | None = None
    usual_difference: Int | None = None
    rules: Int | None = None

    def __post_init__(self) -> None:
        if self.settled and (self.finished_at is None or self.outcome not in _SETTLED):
            raise ValueError(f"a settled crawl needs finished_at and an outcome of {', '.join(_SETTLED)}")


class CaptureRow(TableRow, kw_only=True):
    """A row of `captures`."""

    capture_id: Int
    crawl_id: Int
    purpose: Purpose
    pass_: Ordinal | None = field(name="pass", default=None)
    page: Ordinal | None = None
    asked_url: Url
    url: Url
    fetched_at: Timestamp
    status: HttpStatus | None = None
    headers: HeaderList | UnsetType = UNSET
    body_sha256: str | None = None
    revalidates: Int | None = None
    fault: Fault | None = None
    detail: str | None = None
    asked_fresh: Flag | None = None
    leniency: str | None = None

    def __post_init__(self) -> None:
        if self.purpose == "listing" and self.page is not None and self.pass_ is None:
            raise ValueError("a listing page has no `pass`")
        if self.status is None and self.body_sha256 is not None:
            raise ValueError("a capture with a body has no `status`")
        if self.status is None and self.fault is None:
            raise ValueError("a capture has neither `status` nor `fault`")


class LinkTrafficRow(TableRow, kw_only=True):
    """A row of `link_traffic`."""

    crawl_id: Int
    requests: Int
    not_modified: Int
    bytes: Int
