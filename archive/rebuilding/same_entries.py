"""Find the entries that two sources have in common, because they are two names of one listing.

A trial on a private copy settles the crawls of one source as new crawls of the other. So the matcher recognises what it would
have recognised if the listing had always had one name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.matching.matcher import Match
from foreign_eyes.archive.rebuilding.private_copies import private_database
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.settling.recognitions import RecognitionKey, Recognitions, load_recognitions
from foreign_eyes.archive.source_extraction import REMOVED
from foreign_eyes.listing.values import Parser

# the tables of crawls, which stay when the entries of a source are removed from the trial
_OF_CRAWLS = {"sources", "crawls", "captures", "link_traffic", "redatings", "redated_crawls", "redated_captures"}


@dataclass(frozen=True, slots=True)
class ComparedEntry:
    """An entry, and the same entry of the other source: `survivor_id`, or None if that source does not have it.

    `doubtful` is how its first row was matched, if that should be reviewed; `recognition_id` is the recognition of that row.
    """

    entry_id: int
    survivor_id: int | None
    recognition_id: int
    doubtful: Match | None


@dataclass(slots=True)
class _Found:
    """How the rows of an entry were matched in the trial: the number of rows by entry, and the first match."""

    recognition_id: int
    first: Match
    votes: Counter[int] = field(default_factory=Counter)


def compare_entries(
    db: Database, keep: int, other: int, parser: Parser, at: datetime, authority: str
) -> list[ComparedEntry]:
    """Return the entries of the source `other`, each with the same entry of the source `keep`. `db` is not changed."""
    with private_database() as trial:
        db.conn.backup(trial.conn)

        def hand_over(copy: Database) -> Collection[int]:
            return _hand_over_crawls(copy, keep, other)

        rebuild(trial, parser, at=at, authority=authority, prepare=hand_over)
        return _compare(db, load_recognitions(trial), keep, other, parser.PARSER_VERSION)


def _hand_over_crawls(trial: Database, keep: int, other: int) -> list[int]:
    """Move the crawls of `other` to `keep`, and remove everything that was derived or decided from them.

    Return the settled ones.
    """
    kept = [source_id for (source_id,) in trial.execute("SELECT source_id FROM sources") if source_id != other]
    for table, condition in REMOVED.items():
        if table not in _OF_CRAWLS:
            trial.execute(f"DELETE FROM {table} WHERE {condition}", {"kept": str(kept)})  # noqa: S608 - our own names
    crawls = trial.execute("SELECT crawl_id FROM crawls WHERE source_id = ? AND settled = 1", (other,)).fetchall()
    trial.execute(
        "UPDATE crawls SET source_id = ?, parser_version = NULL, rules = NULL WHERE source_id = ?", (keep, other)
    )
    trial.execute("UPDATE redated_captures SET source_id = ? WHERE source_id = ?", (keep, other))
    trial.execute("DELETE FROM sources WHERE source_id = ?", (other,))
    return [crawl_id for (crawl_id,) in crawls]


def _compare(db: Database, matched: Recognitions, keep: int, other: int, version: int) -> list[ComparedEntry]:
    """Return the surviving entries of `other` with the entries of `keep` to which the trial `matched` most of their rows."""
    minted = {entry_id for (entry_id,) in db.execute("SELECT entry_id FROM identities WHERE source_id = ?", (keep,))}
    into, found = merged_ids(db), dict[int, _Found]()
    rows = db.execute(
        "SELECT recognition_id, crawl_id, pass, wording, spelling, entry_id FROM recognitions WHERE source_id = ?"
        " AND parser_version = ? AND entry_id IS NOT NULL ORDER BY crawl_id, pass, recognition_id",
        (other, version),
    )
    for recognition_id, crawl_id, pass_number, wording, spelling, entry_id in rows.fetchall():
        match = matched.find(RecognitionKey(keep, version, wording, spelling), crawl_id, pass_number)
        if match is None or match.entry_id is None:
            continue
        entry = found.setdefault(into.get(entry_id, entry_id), _Found(recognition_id, match.match))
        if match.entry_id in minted:
            entry.votes[into.get(match.entry_id, match.entry_id)] += 1
    return [
        ComparedEntry(entry_id, _most(entry.votes), entry.recognition_id, _doubtful(entry.first, minted))
        for entry_id, entry in found.items()
    ]


def _most(votes: Counter[int]) -> int | None:
    return votes.most_common(1)[0][0] if votes else None


def _doubtful(match: Match, minted: Collection[int]) -> Match | None:
    """Return a match that should be reviewed; without the other entry if that has no id outside of the trial."""
    if match.doubt is None or match.doubt.other_entry_id in minted:
        return None if match.doubt is None else match
    return replace(match, doubt=replace(match.doubt, other_entry_id=None))
