"""Matches of rows whose entry is known, from recognitions or by wording."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from foreign_eyes.archive.matching.matcher import Doubt, Match, Method
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.row_ids import FoundId
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

# methods that follow from an entry's wordings, so that a recognition need not store them
_IMPLIED = {"new", "as settled before"}


def match_known_rows(
    db: Database, places: Sequence[Place], ids: Mapping[int, FoundId], merged: Collection[int]
) -> dict[int, Match]:
    """Return the matches of all places in `ids`, by rank.

    Those whose entry is not in the archive yet are matched as new.
    """
    return {rank: match_as_new(found_id) for rank, found_id in ids.items()} | match_to_entries(db, places, ids, merged)


def match_to_entries(
    db: Database, places: Sequence[Place], ids: Mapping[int, FoundId], merged: Collection[int]
) -> dict[int, Match]:
    """Return the matches of places in `ids` whose entry is in the archive, by rank.

    `places` are in listing order.

    `merged` are the entries into which others were merged.
    """
    known = [place for place in places if place.rank in ids]
    current = _current_wordings(db, {ids[place.rank].entry_id for place in known})
    matches: dict[int, Match] = {}
    others: dict[int, list[Place]] = {}
    for place in known:
        found_id = ids[place.rank]
        if found_id.entry_id not in current:
            continue
        recognition = found_id.recognition
        if found_id.is_exact and recognition is not None and recognition.match.method not in _IMPLIED:
            matches[place.rank] = replace(recognition.match, entry_id=found_id.entry_id)
        else:
            others.setdefault(found_id.entry_id, []).append(place)
    for entry_id, group in others.items():
        second: Method = "merged by an operator" if entry_id in merged else "second place"
        for rank, match in _by_wording(db, entry_id, current[entry_id], group, second).items():
            matches[rank] = replace(match, doubt=_doubt_of(ids[rank]))
    return matches


def match_as_new(found_id: FoundId) -> Match:
    """Return the match of a place whose entry is not in the archive yet."""
    recognition = found_id.recognition
    if recognition is not None and found_id.is_exact and recognition.match.method == "new":
        return Match(None, "new", doubt=recognition.match.doubt)
    return Match(None, "new", doubt=found_id.doubt)


def _doubt_of(found_id: FoundId) -> Doubt | None:
    """Return the doubt about a row whose match follows from its wording."""
    recognition = found_id.recognition
    if recognition is not None and found_id.is_exact and recognition.match.method == "as settled before":
        return recognition.match.doubt
    return found_id.doubt


def _by_wording(db: Database, entry_id: int, current: str, group: Sequence[Place], second: Method) -> dict[int, Match]:
    """Return the matches of the places of one entry.

    Its main place has its current wording; others are second places.
    """
    first = next((place for place in group if place.wording_digest == current), None)
    matches = {first.rank: Match(entry_id, "same wording")} if first else {}
    for place in group:
        if place.rank in matches:
            continue
        had, is_current = _had(db, entry_id, place)
        if not had:
            matches[place.rank] = Match(entry_id, "as settled before")
        elif first is None:
            first = place
            matches[place.rank] = Match(entry_id, "same wording" if is_current else "earlier wording")
        else:
            matches[place.rank] = Match(entry_id, second)
    return matches


def _current_wordings(db: Database, entry_ids: Collection[int]) -> dict[int, str]:
    rows = db.execute(
        "SELECT entry_id, wording FROM json_each(?) JOIN entries ON entry_id = value", (json.dumps(sorted(entry_ids)),)
    )
    return dict(rows.fetchall())


def _had(db: Database, entry_id: int, place: Place) -> tuple[bool, bool]:
    """Return whether an entry ever had a wording, ignoring style, and whether it has it now."""
    rows = db.execute(
        f"SELECT r.wording, r.revision_id = e.revision_id, {text_columns('r')}"  # noqa: S608
        " FROM revisions r JOIN entries e USING (entry_id) WHERE r.entry_id = ?",
        (entry_id,),
    ).fetchall()
    had = [
        is_current
        for wording, is_current, *texts in rows
        if wording == place.wording_digest or identity_digest(ListedEntry(*texts)) == place.identity_digest
    ]
    return bool(had), any(had)
