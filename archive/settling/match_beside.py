"""Matching some rows of a listing while the matches of other rows are fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.matching.matcher import ListingRow, Match, match
from foreign_eyes.archive.settling.candidates import find_candidates
from foreign_eyes.archive.settling.entry_rows import Place


def match_beside(
    db: Database,
    crawl: Crawl,
    places: Sequence[Place],
    unmatched: Sequence[Place],
    fixed: Mapping[int, Match],
    is_allowed: Callable[[int], bool],
) -> dict[int, Match]:
    """Return the matches of `unmatched` places with allowed candidates, by rank.

    `places` are all rows of the listing. Those with a `fixed` match to a candidate serve as neighbours.
    """
    candidates, rarity = find_candidates(db, crawl.source_id, [place.row for place in places], as_of=crawl.crawl_id)
    by_id = {candidate.entry_id: candidate for candidate in candidates}
    anchors: dict[int, ListingRow] = {}
    for place in places:
        entry_id = fixed[place.rank].entry_id if place.rank in fixed else None
        if entry_id in by_id and entry_id not in anchors:
            # with the wording of its entry, so that `match` pairs it with that entry first
            anchors[entry_id] = replace(place.row, wording_digest=by_id[entry_id].wording_digest)
    anchored = {row.wording_digest for row in anchors.values()}
    rows = [place.row if place.wording_digest not in anchored else _set_apart(place.row) for place in unmatched]
    free = [
        candidate
        if candidate.wording_digest not in anchored
        else replace(candidate, wording_digest=f"{candidate.wording_digest} {candidate.entry_id}")
        for candidate in candidates
        if candidate.entry_id not in anchors and is_allowed(candidate.entry_id)
    ]
    matches = match([*anchors.values(), *rows], [*(by_id[entry_id] for entry_id in anchors), *free], rarity)
    return {place.rank: matches[place.rank] for place in unmatched}


def _set_apart(row: ListingRow) -> ListingRow:
    """Return a row with a wording that no anchor has."""
    return replace(row, wording_digest=f"{row.wording_digest} {row.place}")
