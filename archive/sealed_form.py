"""The canonical form of each sealed table, over which the digests of its rows are computed.

The digest of a row is SHA-256 over one line of JSON, ASCII only and without white space:

    [table, [key…], [[column…, digest…, {later column: value}]…]]

Columns are in the order given below. `by_digest` are texts: the form contains the SHA-256 of their UTF-8, so that a text can
be redacted or left out of a proof without breaking its seal. A column that a migration adds goes to the end of `later`, with
its default for existing rows. The form contains it by name, and only if its value differs from the default, so the digests of
rows that were sealed earlier do not change. `unsealed` gives the reason why each other column is not covered. A change that
this cannot express is a new version in `FORMS`; the old one remains.

To add a column to a sealed table, add it to `later` (or to `unsealed`, with the reason).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any

from foreign_eyes.listing.values import ENTRY_PARTS

SealedValues = tuple[Any, ...]
SealedKey = int | str


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A sealed table: its key, and how each column is covered.

    `only` is the SQL condition of the rows that are sealed.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    by_digest: tuple[str, ...] = ()
    later: Mapping[str, Any] = field(default_factory=dict)
    unsealed: Mapping[str, str] = field(default_factory=dict)
    only: str = "1"

    @property
    def key_sql(self) -> str:
        """The SQL expression of a row's key as stored in `sealed_rows`.

        The plus removes the column's affinity: with it, SQLite would convert `sealed_rows.row_key` to a number and could not
        use the index.
        """
        return f"+t.{self.key[0]}" if len(self.key) == 1 else " || ' ' || ".join(f"t.{column}" for column in self.key)

    @property
    def select(self) -> str:
        """The query for the columns of the form, up to its WHERE."""
        return self.select_from()

    def select_from(self, lacking: Collection[str] = ()) -> str:
        """Return that query for a table of an older version, which lacks these later columns: they have their defaults."""
        names = (*self.key, *self.columns, *self.by_digest, *self.later)
        columns = (f"{_literal(self.later[name])} AS {name}" if name in lacking else f"t.{name}" for name in names)
        return f"SELECT {', '.join(columns)} FROM {self.name} t"  # noqa: S608 - our own names

    @property
    def order(self) -> str:
        """The ORDER BY clause."""
        return f"ORDER BY {', '.join(f't.{name}' for name in (*self.key, *self.columns[:1]))}"

    def digests(self, rows: Iterable[SealedValues]) -> Iterator[tuple[SealedKey, bytes]]:
        """Yield the keys and digests of `rows`, which are the result of `select` and `order`."""
        width, name, form = len(self.key), self.name, self._make_form()
        if width == 1:  # one row per key
            for row in rows:
                yield row[0], sha256(encode((name, row[:1], (form(row),)))).digest()
            return
        for key, group in groupby(rows, key=lambda row: row[:width]):
            yield " ".join(map(str, key)), sha256(encode((name, key, [*map(form, group)]))).digest()

    def _make_form(self) -> Callable[[SealedValues], list[Any]]:
        """Return the function that returns a row's form without its key."""
        begin = len(self.key)
        plain = begin + len(self.columns)
        texts = plain + len(self.by_digest)
        later = tuple(self.later.items())

        def form(row: SealedValues) -> list[Any]:
            not_default = {
                name: value
                for (name, default), value in zip(later, row[texts:], strict=True)
                if (type(value), value) != (type(default), default)
            }
            return [*row[begin:plain], *map(_digest, row[plain:texts]), not_default]

        return form


# rows of parser versions before the one that derived the archive: they cannot be derived again
_BY_OLDER = "t.parser_version < :derived_by"
_DERIVED_ID = "derived again with every rebuild"
_BY_DECISION = "follows from the operators' decisions, which are sealed"

# parents before the tables that refer to them
# the texts of a revision that its form has always held; a later part is in the form by its name
_FIRST_PARTS = ("title", "publication", "attribution", "excerpt", "commentary")

FORMS: Mapping[int, tuple[SealedTable, ...]] = {
    1: (
        SealedTable("archive", ("only",), ("archive_id",)),
        SealedTable("redaction_secret", ("only",), ("secret",)),
        SealedTable("sources", ("source_id",), ("name", "url", "title", "language")),
        SealedTable(
            "crawls",
            ("crawl_id",),
            (
                *("source_id", "mode", "started_at", "ordered_at", "finished_at", "requests", "not_modified", "bytes"),
                *("outcome", "settled", "parser_version", "pages", "entries", "new", "revised", "withdrawn"),
                *("returned", "imported"),
            ),
            by_digest=("reason",),
            later={"clock_difference": None, "usual_difference": None, "rules": None},
            # a crawl is sealed when it has ended
            only="t.outcome IS NOT NULL",
        ),
        SealedTable(
            "captures",
            ("capture_id",),
            (
                *("crawl_id", "purpose", "pass", "page", "asked_url", "url", "fetched_at", "status", "body_sha256"),
                *("revalidates", "fault"),
            ),
            by_digest=("headers", "detail"),
            later={"asked_fresh": None, "leniency": None},
        ),
        SealedTable("link_traffic", ("crawl_id",), ("requests", "not_modified", "bytes")),
        SealedTable(
            "identities", ("entry_id",), ("source_id", "tag_uri", "feed_date", "crawl_id", "wording")
        ),
        SealedTable(
            "recognitions",
            ("recognition_id",),
            (
                *("source_id", "crawl_id", "pass", "wording", "spelling", "parser_version", "entry_id", "match_method"),
                *("match_score", "doubt", "other_entry_id"),
            ),
        ),
        SealedTable("decisions", ("decision_id",), ("at", "kind", "entry_id", "other_id", "revision")),
        SealedTable(
            "confirmations", ("confirmation_id",), ("at", "entry_id", "revision", "wording", "capture_id")
        ),
        SealedTable("redatings", ("redating_id",), ("at", "crawl_id", "began_at")),
        SealedTable("redated_entries", ("redating_id", "entry_id"), ("feed_date",)),
        SealedTable(
            "changes",
            ("change_id",),
            ("source_id", "crawl_id", "at", "kind", "announced", "entry_id"),
            later={
                "redating_id": None,
                "other_entry_id": None,
                "decision_id": None,
                "corrects_id": None,
                "redaction_id": None,
                "former_source": None,
            },
            unsealed={"revision_id": _DERIVED_ID, "link_id": _DERIVED_ID, "former_link_id": _DERIVED_ID},
        ),
        SealedTable("told_words", ("change_id",), ("revision", "words", "words_before")),
        SealedTable("renames", ("rename_id",), ("at", "source_id", "former_name", "name", "joined")),
        SealedTable("forgotten_sources", ("forgotten_id",), ("at", "source_id", "kind")),
        SealedTable("redactions", ("redaction_id",), ("at", "entry_id", "kind"), by_digest=("reason",)),
        SealedTable("redaction_digests", ("redaction_id", "number", "kind"), ("digest",)),
        SealedTable("withheld_bodies", ("body_sha256",), ("purged",), by_digest=("rest",), only="t.purged = 1"),
        SealedTable(
            "revisions",
            ("revision_id",),
            (
                *("first_seen", "capture_id", "page", "position", "wording", "parser_version", "match_method"),
                "match_score",
            ),
            by_digest=(*_FIRST_PARTS, "flags"),
            later=dict.fromkeys(part for part in ENTRY_PARTS if part not in _FIRST_PARTS),
            unsealed={
                "entry_id": _BY_DECISION,
                "number": "follows from the place in time, and is computed by every rebuild",
                "technical": "decided with every rebuild",
            },
            only=_BY_OLDER,
        ),
        SealedTable(
            "listing_rows",
            ("source_id", "body_sha256", "parser_version"),
            ("position", "wording", "revision_id"),
            unsealed={"entry_id": _BY_DECISION},
            only=_BY_OLDER,
        ),
    )
}  # fmt: skip
SEAL_VERSION = max(FORMS)

# `bodies` are covered by their digests, which are sealed with the captures
BODIES: Mapping[str, str] = {
    "body_sha256": "sealed with the captures that name it",
    "zlib": "must unpack to bytes of that digest; of a purged body, nothing",
    "size": "must be the number of those bytes",
}

# `told_texts` are covered in the same way by the digests in `told_words`; a redaction removes texts and keeps digests
TOLD_TEXTS: Mapping[str, str] = {
    "words": "sealed with the announced changes that name it",
    **dict.fromkeys(ENTRY_PARTS, "must have that digest"),
}


def encode(form: object) -> bytes:
    """Return the line of JSON that is hashed.

    Bytes, which only a damaged row has, are encoded as hexadecimal.
    """
    return "".join(_encoder(form, 0)).encode("ascii")


def _literal(value: Any) -> str:
    """Return the default of a column in SQL."""
    return "NULL" if value is None else repr(value)


def _hex(value: object) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"not a value of SQLite: {value!r}")
    return {"hex": value.hex()}


def _make_encoder() -> Callable[[object, int], Iterable[str]]:
    """Return the encoder that `json.JSONEncoder` creates on each call.

    Creating it takes longer than encoding a row.
    """
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without the extension module
        slow = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=_hex)
        return lambda form, _: slow.iterencode(form)
    escape = json.encoder.encode_basestring_ascii
    encoder: Callable[[object, int], Iterable[str]] = make(None, _hex, escape, None, ":", ",", False, False, True)
    return encoder


_encoder = _make_encoder()


def _digest(value: Any) -> Any:
    """Return the SHA-256 of a text.

    A value of another type is returned unchanged, so that the form differs.
    """
    return sha256(value.encode("utf-8", "surrogateescape")).hexdigest() if isinstance(value, str) else value
