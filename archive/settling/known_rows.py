"""Matching rows whose entry is known already: as their recognition says, otherwise by their wording."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from foreign_eyes.archive.matching.matcher import Doubt, Match, Method
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.found_ids import FoundId
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

# methods that follow from an entry's wordings, so a recognition need not store them
_NOT_SAID = {"new", "as settled before"}


def claimed_matches(
    db: Database, places: Sequence[Place], claims: Mapping[int, FoundId], merged: Collection[int]
) -> dict[int, Match]:
    """Return by rank the matches of claimed places whose entry is in the archive already; `places` are in listing order.

    `merged` are the entries that others were merged into.
    """
    claimed = [place for place in places if place.rank in claims]
    current = _current_wordings(db, {claims[place.rank].entry_id for place in claimed})
    found: dict[int, Match] = {}
    others: dict[int, list[Place]] = {}
    for place in claimed:
        claim = claims[place.rank]
        if claim.entry_id not in current:
            continue
        one = claim.recognition
        if claim.is_exact and one is not None and one.match.method not in _NOT_SAID:
            found[place.rank] = replace(one.match, entry_id=claim.entry_id)
        else:
            others.setdefault(claim.entry_id, []).append(place)
    for entry_id, group in others.items():
        second: Method = "merged by an operator" if entry_id in merged else "second place"
        for rank, match in _by_wording(db, entry_id, current[entry_id], group, second).items():
            found[rank] = replace(match, doubt=_doubt_of(claims[rank]))
    return found


def as_new(claim: FoundId) -> Match:
    """Return the match of a claimed place whose entry is not in the archive yet."""
    one = claim.recognition
    is_said = one is not None and claim.is_exact and one.match.method == "new"
    return Match(None, "new", doubt=one.match.doubt if one and is_said else claim.doubt)


def _doubt_of(claim: FoundId) -> Doubt | None:
    """Return the doubt of a claimed row whose match follows from wordings."""
    one = claim.recognition
    was_settled = one is not None and claim.is_exact and one.match.method == "as settled before"
    return one.match.doubt if one and was_settled else claim.doubt


def _by_wording(db: Database, entry_id: int, current: str, group: Sequence[Place], second: Method) -> dict[int, Match]:
    """Return the matches of one entry's places: the first with its wording is its place, others are second places."""
    first = next((place for place in group if place.wording == current), None)
    found = {first.rank: Match(entry_id, "same wording")} if first else {}
    for place in group:
        if place.rank in found:
            continue
        had, is_current = _had(db, entry_id, place)
        if not had:
            found[place.rank] = Match(entry_id, "as settled before")
        elif first is None:
            first = place
            found[place.rank] = Match(entry_id, "same wording" if is_current else "earlier wording")
        else:
            found[place.rank] = Match(entry_id, second)
    return found


def _current_wordings(db: Database, entry_ids: Collection[int]) -> dict[int, str]:
    rows = db.execute(
        "SELECT entry_id, wording FROM json_each(?) JOIN entries ON entry_id = value", (json.dumps(sorted(entry_ids)),)
    )
    return dict(rows.fetchall())


def _had(db: Database, entry_id: int, place: Place) -> tuple[bool, bool]:
    """Return whether an entry ever had a place's wording, ignoring style, and whether it has it now."""
    rows = db.execute(
        "SELECT r.wording, r.revision_id = e.revision_id, r.excerpt, r.attribution, r.title, r.publication, r.commentary"
        " FROM revisions r JOIN entries e USING (entry_id) WHERE r.entry_id = ?",
        (entry_id,),
    ).fetchall()
    had = [
        is_current
        for wording, is_current, *texts in rows
        if wording == place.wording or identity_digest(ListedEntry(*texts)) == place.identity
    ]
    return bool(had), any(had)
