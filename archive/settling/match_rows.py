"""Finding the entry of each row in one state of a listing: by known id, or by matching."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from foreign_eyes.archive.matching.matcher import Match
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.match_beside import match_beside
from foreign_eyes.archive.settling.needed_recognitions import Ledger
from foreign_eyes.archive.settling.settling_state import Settling


@dataclass(frozen=True, slots=True)
class Recognised:
    """The matches of the rows in one state, and the entries of known rows, by rank.

    The matches of `stored` rows follow from the recognitions in `ledger`.
    """

    matches: dict[int, Match]
    known: Mapping[int, int]
    stored: Collection[int]
    ledger: Ledger


def recognise(work: Settling, places: Sequence[Place], bodies: Collection[str], pass_number: int) -> Recognised:
    """Return the matches of the places in one state of the listing.

    `bodies` are the bodies of its pages.
    """
    found = work.ids.find(work.crawl, pass_number, places, bodies)
    known = {rank: found_id.entry_id for rank, found_id in found.ids.items()}
    matches = dict(found.matches)
    unmatched = [place for place in places if place.rank not in known]
    if unmatched:
        taken = set(known.values())
        matches |= match_beside(work.db, work.crawl, places, unmatched, matches, lambda entry_id: entry_id not in taken)
    ledger = Ledger(work, places, pass_number)
    entry_ids = {place.rank: known.get(place.rank, matches[place.rank].entry_id) for place in places}
    settled = {rank: found_id for rank, found_id in found.ids.items() if found_id.recognition is not None}
    stored = ledger.find_stored(matches, entry_ids, settled)
    return Recognised(matches, known, stored, ledger)
