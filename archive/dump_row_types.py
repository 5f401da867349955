"""The columns of each table in an export, as msgspec structs.

They refuse rows that no archive can hold. A test compares the fields with the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct, UnsetType, defstruct, field

from foreign_eyes.archive.dump_column_types import Count, Flag, Int, Ordinal, PackedPage, Score, Timestamp, WordList
from foreign_eyes.archive.dump_crawl_rows import CaptureRow, CrawlRow, LinkTrafficRow, SourceRow, TableRow
from foreign_eyes.archive.redaction.word_digests import DigestKind
from foreign_eyes.archive.settling.announced_words import words_digest
from foreign_eyes.archive.settling.journal import ChangeKind
from foreign_eyes.archive.settling.link_rows import LinkOutcome
from foreign_eyes.listing.values import TEXT_PARTS, EntryTexts

if TYPE_CHECKING:
    _LaterParts = TableRow
else:
    # the parts of an entry that were added after the first five: optional columns in each table with texts
    _LaterParts = defstruct(
        "_LaterParts", [(part, str | None, None) for part in TEXT_PARTS[5:]], bases=(TableRow,), kw_only=True
    )


class IdentityRow(TableRow, kw_only=True):
    """A row of `identities`."""

    entry_id: Int
    source_id: Int
    tag_uri: str
    feed_date: Timestamp
    crawl_id: Int
    wording: str


class RecognitionRow(TableRow, kw_only=True):
    """A row of `recognitions`."""

    recognition_id: Int
    source_id: Int
    crawl_id: Int
    pass_: Ordinal = field(name="pass")
    wording: str
    spelling: str = ""
    parser_version: Int
    entry_id: Int | None = None
    match_method: str
    match_score: Score | None = None
    doubt: str | None = None
    other_entry_id: Int | None = None


class DecisionRow(TableRow, kw_only=True):
    """A row of `decisions`."""

    decision_id: Int
    at: Timestamp
    kind: Literal["merge", "split"]
    entry_id: Int
    other_id: Int
    revision: Int | None = None


class ConfirmationRow(TableRow, kw_only=True):
    """A row of `confirmations`."""

    confirmation_id: Int
    at: Timestamp
    entry_id: Int
    revision: Int
    wording: str
    capture_id: Int


class RedatingRow(TableRow, kw_only=True):
    """A row of `redatings`."""

    redating_id: Int
    at: Timestamp
    crawl_id: Int
    began_at: Timestamp


class RedatedEntryRow(TableRow, kw_only=True):
    """A row of `redated_entries`."""

    redating_id: Int
    entry_id: Int
    feed_date: Timestamp


class ChangeRow(TableRow, kw_only=True):
    """A row of `changes`, with the columns of its link.

    Rows of `links` have no ids of their own in an export.
    """

    change_id: Int
    source_id: Int
    crawl_id: Int | None = None
    at: Timestamp
    kind: ChangeKind
    announced: Flag = 1
    entry_id: Int | None = None
    revision_id: Int | None = None
    link_id: Int | None = None
    former_link_id: Int | None = None
    redating_id: Int | None = None
    other_entry_id: Int | None = None
    decision_id: Int | None = None
    corrects_id: Int | None = None
    redaction_id: Int | None = None
    former_source: str | None = None
    link_label: str | None = None
    link_url: str | None = None
    link_key: str | None = None
    link_last_url: str | None = None
    link_first_seen: Timestamp | None = None
    link_capture_id: Int | None = None
    link_status: Int | None = None
    link_outcome: LinkOutcome | None = None
    link_gone_at: Timestamp | None = None


class ToldTextRow(_LaterParts, kw_only=True):
    """A row of `told_texts`."""

    words: str
    title: str | None = None
    publication: str | None = None
    attribution: str
    excerpt: str
    commentary: str

    def __post_init__(self) -> None:
        if words_digest(EntryTexts(*(getattr(self, part) for part in TEXT_PARTS))) != self.words:
            raise ValueError("`words` is not the digest of the texts")


class ToldWordsRow(TableRow, kw_only=True):
    """A row of `told_words`."""

    change_id: Int
    revision: Int
    words: str
    words_before: str | None = None


class RenameRow(TableRow, kw_only=True):
    """A row of `renames`."""

    rename_id: Int
    at: Timestamp
    source_id: Int
    former_name: str
    name: str
    joined: Flag = 0


class ForgottenSourceRow(TableRow, kw_only=True):
    """A row of `forgotten_sources`."""

    forgotten_id: Int
    at: Timestamp
    source_id: Int
    kind: Literal["forgotten", "resumed"]


class RedactionSecretRow(TableRow, kw_only=True):
    """The row of `redaction_secret`."""

    only: Literal[1]
    secret: str


class RedactionRow(TableRow, kw_only=True):
    """A row of `redactions`."""

    redaction_id: Int
    at: Timestamp
    entry_id: Int
    kind: Literal["redact", "undo", "purge"]
    reason: str | None = None


class RedactionDigestRow(TableRow, kw_only=True):
    """A row of `redaction_digests`; `number` is 0 for words of other entries that stay visible."""

    redaction_id: Int
    number: Count
    kind: DigestKind
    digest: str


class WithheldBodyRow(TableRow, kw_only=True):
    """A row of `withheld_bodies`."""

    body_sha256: str
    purged: Flag = 0
    rest: PackedPage


class RevisionRow(_LaterParts, kw_only=True):
    """A row of `revisions`."""

    revision_id: Int
    entry_id: Int
    number: Ordinal
    technical: Flag = 0
    title: str | None = None
    publication: str | None = None
    attribution: str
    excerpt: str
    commentary: str
    first_seen: Timestamp
    capture_id: Int
    page: Ordinal
    position: Ordinal
    wording: str
    flags: WordList | UnsetType = UNSET
    parser_version: Int
    match_method: str
    match_score: Score | None = None


class ListingRowRow(TableRow, kw_only=True):
    """A row of `listing_rows`."""

    source_id: Int
    body_sha256: str
    parser_version: Int
    position: Ordinal
    wording: str
    entry_id: Int
    revision_id: Int


ROW_TYPES: dict[str, type[Struct]] = {
    "sources": SourceRow,
    "crawls": CrawlRow,
    "captures": CaptureRow,
    "link_traffic": LinkTrafficRow,
    "identities": IdentityRow,
    "recognitions": RecognitionRow,
    "decisions": DecisionRow,
    "confirmations": ConfirmationRow,
    "redatings": RedatingRow,
    "redated_entries": RedatedEntryRow,
    "changes": ChangeRow,
    "told_texts": ToldTextRow,
    "told_words": ToldWordsRow,
    "renames": RenameRow,
    "forgotten_sources": ForgottenSourceRow,
    "redaction_secret": RedactionSecretRow,
    "redactions": RedactionRow,
    "redaction_digests": RedactionDigestRow,
    "withheld_bodies": WithheldBodyRow,
    "revisions": RevisionRow,
    "listing_rows": ListingRowRow,
}
