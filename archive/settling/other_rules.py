"""Doubts about matches by an earlier version's rules: settled rows keep their entries, and operators see the doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from foreign_eyes.archive.matching.doubt_reasons import OF_OLDER_RULES, OTHER_RULES
from foreign_eyes.archive.matching.matcher import Doubt, Match, match
from foreign_eyes.archive.settling.candidates import find_candidates
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.found_ids import FoundId
from foreign_eyes.archive.settling.operator_decisions import decided_ids
from foreign_eyes.archive.settling.recognitions import insert_recognition
from foreign_eyes.archive.settling.record_rows import Settling


def add_doubts(
    work: Settling, places: Sequence[Place], claims: Mapping[int, FoundId], matches: dict[int, Match]
) -> None:
    """Match settled rows again, as if they were new; store a doubt if that gives another entry.

    Only rows that were recognised in this crawl are matched: later rows follow from them. Entries with an operator's
    decision are skipped. A doubt of older rules, which names no other entry, is replaced if today's rules have one.
    """
    looked_at = {
        rank: claim.recognition
        for rank, claim in claims.items()
        if claim.is_exact and claim.recognition is not None and _is_open(matches[rank].doubt)
    }
    if not looked_at:
        return
    rows = [place.row for place in places]
    free = match(rows, *find_candidates(work.db, work.crawl.source_id, rows, as_of=work.crawl.crawl_id))
    decided = {*decided_ids(work.db), *work.past.nameless}
    by_rank = {place.rank: place for place in places}
    for rank, one in looked_at.items():
        doubt = _doubt(matches[rank], free[rank])
        if doubt is None or {doubt.other_entry_id, claims[rank].entry_id} & decided:
            continue
        key = work.past.key_of(work.crawl, by_rank[rank])._replace(spelling=one.spelling)
        insert_recognition(work.db, key, one.since, one.entry_id, replace(one.match, doubt=doubt))
        matches[rank] = replace(matches[rank], doubt=doubt)


def _is_open(doubt: Doubt | None) -> bool:
    """Return whether to match with today's rules, too: doubts of older rules do not name the other entry."""
    return doubt is None or doubt.reason in OF_OLDER_RULES


def _doubt(settled: Match, free: Match) -> Doubt | None:
    """Return the doubt of today's rules about a settled match, given their own match; None if there is no new one."""
    if free.entry_id != settled.entry_id:
        return Doubt(OTHER_RULES, free.entry_id)
    return None if settled.doubt is None else free.doubt
