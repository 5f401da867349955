"""Recognitions: the entry of each row, for settling a crawl again.

A recognition is valid from a pass of a crawl, in the order of crawl ids, until the next one for the same wording. So an
entry that is listed for years needs one row, and each edit one more. Crawl ids rise in the order in which crawls were
added to the archive, whatever their times, so an imported crawl adds recognitions and changes none.

Each parser version has its own recognitions, since parsers may read different words in the same row.
"""

from __future__ import annotations

import json
from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.matching.matcher import Doubt, Match, Method
from foreign_eyes.archive.settling.entry_rows import Place


class RecognitionKey(NamedTuple):
    """The lookup key of a row.

    `spelling` is empty, except for rows with the same identity digest that were listed together: it is their wording digest.
    """

    source_id: int
    parser_version: int
    identity_digest: str
    spelling: str = ""


def recognition_key(crawl: Crawl, parser_version: int, place: Place) -> RecognitionKey:
    """Return the lookup key of the row at a place, as a parser of that version reads it."""
    return RecognitionKey(crawl.source_id, parser_version, place.identity_digest, place.wording_digest)


@dataclass(slots=True)
class Recognition:
    """The entry of a row, from a pass of a crawl on; without an entry, the row is matched anew."""

    recognition_id: int
    crawl_id: int
    pass_number: int
    entry_id: int | None
    match: Match
    spelling: str = ""

    @property
    def since(self) -> tuple[int, int]:
        """The first crawl and pass for which the recognition is valid."""
        return self.crawl_id, self.pass_number


class Recognitions:
    """Recognitions by key, in the order of crawls and passes, then of insertion."""

    def __init__(self) -> None:
        self._by_key: dict[RecognitionKey, list[Recognition]] = {}
        self._by_crawl: dict[int, set[str]] = {}

    def add(self, key: RecognitionKey, recognition: Recognition) -> None:
        """Add a recognition."""
        insort(self._by_key.setdefault(key, []), recognition, key=_order)
        self._by_crawl.setdefault(recognition.crawl_id, set()).add(key.identity_digest)

    def find(self, key: RecognitionKey, crawl_id: int, pass_number: int) -> Recognition | None:
        """Return the valid recognition of a row in a pass of a crawl.

        This is the latest one with the row's spelling or without one.
        """
        found = [self._last(each, (crawl_id, pass_number)) for each in _spellings(key)]
        return max((each for each in found if each is not None), key=_order, default=None)

    def entries_of(self, key: RecognitionKey) -> set[int]:
        """Return all entries to which rows with this key were ever matched."""
        return {each.entry_id for each in self.all_of(key) if each.entry_id is not None}

    def wordings_of(self, crawl_id: int) -> Collection[str]:
        """Return the identity digests with a recognition that begins with this crawl."""
        return self._by_crawl.get(crawl_id, ())

    def next_crawl(self, key: RecognitionKey, crawl_id: int, pass_number: int) -> int | None:
        """Return the crawl with which the next recognition begins, or None."""
        recognitions = self._by_key.get(key, [])
        index = bisect_right(recognitions, (crawl_id, pass_number), key=_since)
        return recognitions[index].crawl_id if index < len(recognitions) else None

    def all_of(self, key: RecognitionKey) -> list[Recognition]:
        """Return the recognitions with a key, with its spelling and without one, unordered."""
        return [recognition for each in _spellings(key) for recognition in self._by_key.get(each, ())]

    def rename(self, entry_id: int, identity_id: int) -> None:
        """Replace an entry id by another."""
        for recognitions in self._by_key.values():
            for recognition in recognitions:
                if recognition.entry_id == entry_id:
                    recognition.entry_id = identity_id

    def copy(self) -> Recognitions:
        """Return a copy to which recognitions can be added."""
        other = Recognitions()
        other._by_key = {key: list(recognitions) for key, recognitions in self._by_key.items()}
        other._by_crawl = {crawl_id: set(wordings) for crawl_id, wordings in self._by_crawl.items()}
        return other

    def _last(self, key: RecognitionKey, until: tuple[int, int]) -> Recognition | None:
        recognitions = self._by_key.get(key, [])
        index = bisect_right(recognitions, until, key=_since)
        return recognitions[index - 1] if index else None


def _since(recognition: Recognition) -> tuple[int, int]:
    return recognition.since


def _order(recognition: Recognition) -> tuple[int, int, int]:
    return (*recognition.since, recognition.recognition_id)


def _spellings(key: RecognitionKey) -> set[RecognitionKey]:
    """Return the key with its spelling and without one."""
    return {key, key._replace(spelling="")}


_SELECT = (
    "SELECT source_id, parser_version, wording, spelling, recognition_id, crawl_id, pass, entry_id, match_method,"
    " match_score, doubt, other_entry_id FROM recognitions"
)


def load_recognitions(db: Database, source_id: int | None = None, wordings: Iterable[str] = ()) -> Recognitions:
    """Return all recognitions, or those of a source with these identity digests."""
    if source_id is None:
        rows = db.execute(f"{_SELECT} ORDER BY recognition_id")
    else:
        rows = db.execute(
            f"{_SELECT} WHERE source_id = ? AND wording IN (SELECT value FROM json_each(?)) ORDER BY recognition_id",  # noqa: S608
            (source_id, json.dumps(sorted(set(wordings)))),
        )
    found = Recognitions()
    for *key, recognition_id, crawl_id, pass_number, entry_id, method, score, reason, other_id in rows.fetchall():
        doubt = None if reason is None else Doubt(reason, other_id)
        match = Match(entry_id, cast(Method, method), score, doubt)
        found.add(RecognitionKey(*key), Recognition(recognition_id, crawl_id, pass_number, entry_id, match, key[3]))
    return found


def insert_recognition(
    db: Database, key: RecognitionKey, since: tuple[int, int], entry_id: int | None, match: Match
) -> Recognition:
    """Store a recognition inside the caller's transaction; `match` is how the row was matched."""
    doubt = match.doubt
    values: Mapping[str, Any] = {
        "source_id": key.source_id,
        "parser_version": key.parser_version,
        "wording": key.identity_digest,
        "spelling": key.spelling,
        "crawl_id": since[0],
        "pass": since[1],
        "entry_id": entry_id,
        "match_method": match.method,
        "match_score": match.score,
        "doubt": doubt.reason if doubt else None,
        "other_entry_id": doubt.other_entry_id if doubt else None,
    }
    cursor = db.execute(
        f"INSERT INTO recognitions ({', '.join(values)}) VALUES ({', '.join(f':{name}' for name in values)})",  # noqa: S608
        dict(values),
    )
    return Recognition(int(cursor.lastrowid or 0), *since, entry_id, match, key.spelling)


def rename_recognised(db: Database, entry_id: int, identity_id: int) -> None:
    """Replace the provisional id of an entry in all stored recognitions."""
    for column in ("entry_id", "other_entry_id"):
        db.execute(f"UPDATE recognitions SET {column} = ? WHERE {column} = ?", (identity_id, entry_id))  # noqa: S608


def store_match(db: Database, recognition_id: int, match: Match) -> None:
    """Store how the row of a recognition was matched, with the doubt, inside the caller's transaction."""
    db.execute(
        "UPDATE recognitions SET match_method = ?, match_score = ?, doubt = ?, other_entry_id = ? WHERE recognition_id = ?",
        (
            *(match.method, match.score, match.doubt.reason if match.doubt else None),
            *(match.doubt.other_entry_id if match.doubt else None, recognition_id),
        ),
    )
