"""Saying which entry each row of one state of a listing is: what it was before, else what matching finds.

    claims of rows that were settled | known from later crawls | names for the nameless | match the rest | remember

What is decided is stored as a recognition, except where it follows from those that are stored already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from archive.identity.matching import Candidate, Match, Row, match
from archive.identity.rarity import Rarity
from archive.settling import entries
from archive.settling.candidates import find_candidates
from archive.settling.claimed import as_new, claimed_matches
from archive.settling.decisions import merged_ids
from archive.settling.entries import Place
from archive.settling.identities import load_identity
from archive.settling.journal import rename_changes
from archive.settling.other_rules import add_doubts
from archive.settling.past import Claim
from archive.settling.recognitions import Key, Recognitions, insert_recognition, load_recognitions, rename_recognised
from archive.settling.recording import Settling


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the rows of a state are, by rank: how each was matched, and the entries of those that are known.

    The matches of `stored` rows follow from the recognitions in `ledger`.
    """

    matches: Mapping[int, Match]
    known: Mapping[int, int]
    stored: Collection[int]
    ledger: Recognitions


def recognise(work: Settling, places: Sequence[Place], bodies: Collection[str], pass_number: int) -> Recognised:
    """Return what the places of one state of the listing are, the bodies of its pages being `bodies`."""
    claims = work.past.claim(work.db, work.crawl, pass_number, places, bodies)
    settled = {rank: claim for rank, claim in claims.items() if claim.recognition is not None}
    if work.crawl.crawl_id in work.past.added:
        claims |= _known_later(work, places, claims)
    matches = claimed_matches(work.db, places, claims)
    if len(matches) < len(claims) and work.past.nameless:
        _name_unborn(work, places, claims, matches)
        matches = claimed_matches(work.db, places, claims)
    matches = {rank: as_new(claim) for rank, claim in claims.items()} | matches
    if work.past.has_new_rules:
        add_doubts(work, places, claims, matches)
    rest = [place for place in places if place.rank not in claims]
    if rest:
        taken = {claim.entry_id for claim in claims.values()}
        matches |= _match_among(rest, places, matches, _candidates(work, places), lambda one: one not in taken)
    ledger = _ledger(work, places)
    known = {rank: claim.entry_id for rank, claim in claims.items()}
    found = {place.rank: known.get(place.rank, matches[place.rank].entry_id) for place in places}
    stored = _stored(work, places, pass_number, ledger, matches, settled, found)
    return Recognised(matches, known, stored, ledger)


def remember(
    work: Settling,
    places: Sequence[Place],
    pass_number: int,
    recognised: Recognised,
    seen: Mapping[int, tuple[int, int]],
) -> None:
    """Store what was decided of the places of a state; `seen` are their entries and revisions by rank."""
    shared = Counter(place.identity for place in places)
    since = (work.crawl.crawl_id, pass_number)
    for place in places:
        if place.rank in recognised.stored:
            continue
        entry_id = seen[place.rank][0]
        key = _key(work, place)._replace(spelling=place.wording if shared[place.identity] > 1 else "")
        _keep_later_crawls(work, key, since, recognised.ledger, entry_id)
        one = insert_recognition(work.db, key, since, entry_id, recognised.matches[place.rank])
        recognised.ledger.add(key, one)
        if entry_id in work.past.nameless:
            work.past.of_nameless.setdefault(entry_id, []).append(one)


def _known_later(work: Settling, places: Sequence[Place], claims: Mapping[int, Claim]) -> dict[int, Claim]:
    """Return claims of rows that were never settled, and whose wording only one entry has in all other crawls.

    So an older capture that shows an entry as it was found later is that entry, whatever came near it at the time.
    """
    taken = {claim.entry_id for claim in claims.values()}
    wanted: dict[int, list[Place]] = {}
    for place in places:
        entry_id = None if place.rank in claims else work.past.only_entry(work.crawl, place)
        if entry_id is not None and (entry_id not in taken or entry_id in work.past.merged.values()):
            wanted.setdefault(entry_id, []).append(place)
    current = entries.load_stored(work.db, wanted)
    found: dict[int, Claim] = {}
    for entry_id, ones in wanted.items():
        wording = current[entry_id].wording if entry_id in current else None
        ones.sort(key=lambda place: (place.wording != wording, place.rank))
        several = entry_id in work.past.merged.values()
        found |= {place.rank: Claim(entry_id) for place in (ones if several else ones[:1])}
    return found


def _name_unborn(
    work: Settling, places: Sequence[Place], claims: Mapping[int, Claim], matches: Mapping[int, Match]
) -> None:
    """Give entries that older captures showed without a name the ids of the rows that turn out to be them."""
    unborn = [place for place in places if place.rank in claims and place.rank not in matches]
    nameless = work.past.nameless
    found = _match_among(unborn, places, matches, _candidates(work, places), nameless.__contains__)
    for rank, one in found.items():
        entry_id = claims[rank].entry_id
        if one.entry_id is None or entries.load_stored(work.db, [entry_id]):
            continue
        del nameless[one.entry_id]
        entries.rename_entry(work.db, one.entry_id, load_identity(work.db, entry_id))
        rename_changes(work.db, one.entry_id, entry_id)
        rename_recognised(work.db, one.entry_id, entry_id)
        for recognition in work.past.of_nameless.pop(one.entry_id, []):
            recognition.entry_id = entry_id


def _candidates(work: Settling, places: Sequence[Place]) -> tuple[list[Candidate], Rarity]:
    return find_candidates(work.db, work.crawl.source_id, [place.row for place in places])


def _match_among(
    rows: Sequence[Place],
    places: Sequence[Place],
    fixed: Mapping[int, Match],
    known: tuple[Sequence[Candidate], Rarity],
    may_be: Callable[[int], bool],
) -> dict[int, Match]:
    """Match some of the places with the `known` candidates that `may_be` lets them be; those that are `fixed` are neighbours."""
    candidates, rarity = known
    among = {one.entry_id: one for one in candidates}
    anchors: dict[int, Row] = {}
    for place in places:
        one = fixed[place.rank].entry_id if place.rank in fixed else None
        if one in among and one not in anchors:
            # as if it still had its entry's wording, so that it is paired with that entry first of all
            anchors[one] = replace(place.row, wording=among[one].wording)
    theirs = {row.wording for row in anchors.values()}
    free = [one for one in candidates if one.entry_id not in anchors and may_be(one.entry_id)]
    tied = [among[entry_id] for entry_id in anchors]
    asked = [place.row if place.wording not in theirs else _apart(place.row) for place in rows]
    free = [one if one.wording not in theirs else replace(one, wording=f"{one.wording} {one.entry_id}") for one in free]
    found = match([*anchors.values(), *asked], [*tied, *free], rarity)
    return {place.rank: found[place.rank] for place in rows}


def _apart(row: Row) -> Row:
    """Return a row that no neighbour's wording makes an entry of its own."""
    return replace(row, wording=f"{row.wording} {row.place}")


def _ledger(work: Settling, places: Sequence[Place]) -> Recognitions:
    """Return the recognitions, with those of this run, that can say something of the places."""
    if not work.past.is_empty:
        return work.past.written
    return load_recognitions(work.db, work.crawl.source_id, [place.identity for place in places])


def _key(work: Settling, place: Place) -> Key:
    return Key(work.crawl.source_id, work.parser_version, place.identity, place.wording)


def _stored(
    work: Settling,
    places: Sequence[Place],
    pass_number: int,
    ledger: Recognitions,
    matches: Mapping[int, Match],
    settled: Mapping[int, Claim],
    found: Mapping[int, int | None],
) -> set[int]:
    """Return the places whose matches would be found again by what is stored already."""
    since = (work.crawl.crawl_id, pass_number)
    merged = merged_ids(work.db) if work.past.is_empty else work.past.merged
    claims = dict(settled)
    for place in places:
        one = None if place.rank in claims else ledger.find(_key(work, place), *since)
        entry_id = one.entry_id if one else None
        if one is not None and entry_id is not None and merged.get(entry_id, entry_id) == found[place.rank]:
            claims[place.rank] = Claim(merged.get(entry_id, entry_id), one, one.since == since)
    while True:
        expected = claimed_matches(work.db, places, claims)
        wrong = {
            rank
            for rank, claim in claims.items()
            if rank not in settled and expected.get(rank, as_new(claim)) != matches[rank]
        }
        if not wrong:
            return set(claims)
        # they are going to have recognitions of their own, so that the others' follow without them
        claims = {rank: claim for rank, claim in claims.items() if rank not in wrong}


def _keep_later_crawls(work: Settling, key: Key, since: tuple[int, int], ledger: Recognitions, entry_id: int) -> None:
    """Before a recognition is added, let crawls that came to the archive after it keep what holds for them."""
    before = ledger.find(key, *since)
    if before is None or before.entry_id in (None, entry_id):
        return
    row = work.db.execute(
        "SELECT min(crawl_id) FROM crawls WHERE source_id = ? AND settled = 1 AND crawl_id > ?",
        (work.crawl.source_id, work.crawl.crawl_id),
    ).fetchone()
    following = ledger.following(key, *since)
    if row[0] is not None and (following is None or row[0] < following):
        kept = Match(before.entry_id, "as settled before")
        ledger.add(key, insert_recognition(work.db, key, (row[0], 0), before.entry_id, kept))
