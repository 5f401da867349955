"""Doubts about what an earlier version's rules decided: settled rows keep their entries, and operators are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from archive.identity.doubts import OTHER_RULES
from archive.identity.matching import Doubt, Match, match
from archive.settling.candidates import find_candidates
from archive.settling.decisions import decided_ids
from archive.settling.entries import Place
from archive.settling.past import Claim
from archive.settling.recognitions import insert_recognition
from archive.settling.recording import Settling


def add_doubts(work: Settling, places: Sequence[Place], claims: Mapping[int, Claim], matches: dict[int, Match]) -> None:
    """Match settled rows once more, as if they had not been; store a doubt where that gives another entry.

    Only rows that were recognised in this very crawl are looked at: those after them follow. What an operator decided is
    left alone.
    """
    looked_at = {
        rank: claim.recognition
        for rank, claim in claims.items()
        if claim.is_exact and claim.recognition is not None and matches[rank].doubt is None
    }
    if not looked_at:
        return
    rows = [place.row for place in places]
    free = match(rows, *find_candidates(work.db, work.crawl.source_id, rows, as_of=work.crawl.crawl_id))
    decided = decided_ids(work.db)
    by_rank = {place.rank: place for place in places}
    for rank, one in looked_at.items():
        other = free[rank].entry_id
        if other == matches[rank].entry_id or {other, claims[rank].entry_id} & {*decided, *work.past.nameless}:
            continue
        doubted = replace(matches[rank], doubt=Doubt(OTHER_RULES, other))
        key = work.past.key_of(work.crawl, by_rank[rank])._replace(spelling=one.spelling)
        stored = replace(one.match, doubt=doubted.doubt)
        insert_recognition(work.db, key, one.since, one.entry_id, stored)
        matches[rank] = doubted
