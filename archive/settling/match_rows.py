"""Finding the entry of each row of one state of a listing: the one that it had before, otherwise by matching.

claim settled rows | use entries known from later crawls | give nameless entries their ids | match the rest
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from foreign_eyes.archive.matching.matcher import Candidate, ListingRow, Match, match
from foreign_eyes.archive.matching.rarity import Rarity
from foreign_eyes.archive.redaction.masking import redacted_places
from foreign_eyes.archive.settling import entry_rows
from foreign_eyes.archive.settling.candidates import find_candidates
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.found_ids import FoundId
from foreign_eyes.archive.settling.journal import rename_changes
from foreign_eyes.archive.settling.known_rows import as_new, claimed_matches
from foreign_eyes.archive.settling.minted_ids import load_identity
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.settling.other_rules import add_doubts
from foreign_eyes.archive.settling.recognitions import rename_recognised
from foreign_eyes.archive.settling.record_rows import Settling
from foreign_eyes.archive.settling.store_recognitions import Ledger


@dataclass(frozen=True, slots=True)
class Recognised:
    """The result for the rows of a state, by rank: how each was matched, and the entries of known rows.

    The matches of `stored` rows follow from the recognitions in `ledger`.
    """

    matches: dict[int, Match]
    known: Mapping[int, int]
    stored: Collection[int]
    ledger: Ledger


def recognise(work: Settling, places: Sequence[Place], bodies: Collection[str], pass_number: int) -> Recognised:
    """Return the matches of the places of one state of the listing; `bodies` are the bodies of its pages."""
    merging = merged_ids(work.db) if work.past.is_empty else work.past.merged
    merged = set(merging.values())
    claims = work.past.claim(work.db, work.crawl, pass_number, places, bodies)
    # notices of redacted rows name their entries
    claims = {rank: FoundId(entry_id) for rank, entry_id in redacted_places(work.db, places).items()} | claims
    settled = {rank: claim for rank, claim in claims.items() if claim.recognition is not None}
    if work.crawl.crawl_id in work.past.added:
        claims |= _known_later(work, places, claims)
    matches = claimed_matches(work.db, places, claims, merged)
    if len(matches) < len(claims) and work.past.nameless:
        _name_unborn(work, places, claims, matches)
        matches = claimed_matches(work.db, places, claims, merged)
    matches = {rank: as_new(claim) for rank, claim in claims.items()} | matches
    if work.past.has_new_rules:
        add_doubts(work, places, claims, matches)
    rest = [place for place in places if place.rank not in claims]
    if rest:
        taken = {claim.entry_id for claim in claims.values()}
        matches |= _match_among(rest, places, matches, _candidates(work, places), lambda one: one not in taken)
    known = {rank: claim.entry_id for rank, claim in claims.items()}
    ledger = Ledger(work, places, pass_number, merging)
    found = {place.rank: known.get(place.rank, matches[place.rank].entry_id) for place in places}
    stored = ledger.find_stored(matches, found, settled)
    return Recognised(matches, known, stored, ledger)


def _known_later(work: Settling, places: Sequence[Place], claims: Mapping[int, FoundId]) -> dict[int, FoundId]:
    """Return claims of rows that were never settled and whose wording only one entry has in all other crawls.

    So a row of an older capture with a wording that an entry had later is that entry, whatever else it resembles.
    """
    taken = {claim.entry_id for claim in claims.values()}
    wanted: dict[int, list[Place]] = {}
    for place in places:
        entry_id = None if place.rank in claims else work.past.only_entry(work.crawl, place)
        if entry_id is not None and (entry_id not in taken or entry_id in work.past.merged.values()):
            wanted.setdefault(entry_id, []).append(place)
    current = entry_rows.load_stored(work.db, wanted)
    found: dict[int, FoundId] = {}
    for entry_id, ones in wanted.items():
        wording = current[entry_id].wording if entry_id in current else None
        ones.sort(key=lambda place: (place.wording != wording, place.rank))
        several = entry_id in work.past.merged.values()
        found |= {place.rank: FoundId(entry_id) for place in (ones if several else ones[:1])}
    return found


def _name_unborn(
    work: Settling, places: Sequence[Place], claims: Mapping[int, FoundId], matches: Mapping[int, Match]
) -> None:
    """Give nameless entries, which only older captures showed, the ids of settled rows that turn out to be them."""
    unborn = [place for place in places if place.rank in claims and place.rank not in matches]
    nameless = work.past.nameless
    found = _match_among(unborn, places, matches, _candidates(work, places), nameless.__contains__)
    for rank, one in found.items():
        entry_id = claims[rank].entry_id
        if one.entry_id is None or one.entry_id not in nameless or entry_rows.load_stored(work.db, [entry_id]):
            continue
        del nameless[one.entry_id]
        entry_rows.rename_entry(work.db, one.entry_id, load_identity(work.db, entry_id))
        rename_changes(work.db, one.entry_id, entry_id)
        rename_recognised(work.db, one.entry_id, entry_id)
        for recognition in work.past.of_nameless.pop(one.entry_id, []):
            recognition.entry_id = entry_id


def _candidates(work: Settling, places: Sequence[Place]) -> tuple[list[Candidate], Rarity]:
    rows = [place.row for place in places]
    return find_candidates(work.db, work.crawl.source_id, rows, as_of=work.crawl.crawl_id)


def _match_among(
    rows: Sequence[Place],
    places: Sequence[Place],
    fixed: Mapping[int, Match],
    known: tuple[Sequence[Candidate], Rarity],
    may_be: Callable[[int], bool],
) -> dict[int, Match]:
    """Match `rows` with the `known` candidates for which `may_be` is true; places that are `fixed` serve as neighbours."""
    candidates, rarity = known
    among = {one.entry_id: one for one in candidates}
    anchors: dict[int, ListingRow] = {}
    for place in places:
        one = fixed[place.rank].entry_id if place.rank in fixed else None
        if one in among and one not in anchors:
            # with its entry's wording, so that matching pairs it with that entry first
            anchors[one] = replace(place.row, wording=among[one].wording)
    theirs = {row.wording for row in anchors.values()}
    free = [one for one in candidates if one.entry_id not in anchors and may_be(one.entry_id)]
    tied = [among[entry_id] for entry_id in anchors]
    asked = [place.row if place.wording not in theirs else _apart(place.row) for place in rows]
    free = [one if one.wording not in theirs else replace(one, wording=f"{one.wording} {one.entry_id}") for one in free]
    found = match([*anchors.values(), *asked], [*tied, *free], rarity)
    return {place.rank: found[place.rank] for place in rows}


def _apart(row: ListingRow) -> ListingRow:
    """Return a row with a wording that no anchor has."""
    return replace(row, wording=f"{row.wording} {row.place}")
