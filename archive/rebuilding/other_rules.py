"""Doubts about matches that older rules made.

Settled rows keep their entries, and operators see the doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.matching.doubt_reasons import OF_OLDER_RULES, OTHER_RULES
from foreign_eyes.archive.matching.matcher import Doubt, Match, match
from foreign_eyes.archive.settling.candidates import find_candidates
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.operator_decisions import decided_ids
from foreign_eyes.archive.settling.recognitions import insert_recognition, recognition_key
from foreign_eyes.archive.settling.row_ids import FoundId


def add_doubts(
    db: Database,
    crawl: Crawl,
    places: Sequence[Place],
    ids: Mapping[int, FoundId],
    matches: dict[int, Match],
    *,
    parser_version: int,
    provisional: Collection[int],
) -> None:
    """Match settled rows with the current rules and store doubts.

    A match with another entry gives a doubt, which is added to `matches`, too.

    Only rows that were recognised in exactly this crawl are matched: later rows follow from them. Entries with an
    operator's decision and `provisional` ids are skipped. A doubt of older rules, which does not name the other entry,
    is replaced if the current rules have one.
    """
    recognitions = {
        rank: found_id.recognition
        for rank, found_id in ids.items()
        if found_id.is_exact and found_id.recognition is not None and _may_replace(matches[rank].doubt)
    }
    if not recognitions:
        return
    rows = [place.row for place in places]
    rematched = match(rows, *find_candidates(db, crawl.source_id, rows, as_of=crawl.crawl_id))
    skipped = {*decided_ids(db), *provisional}
    by_rank = {place.rank: place for place in places}
    for rank, recognition in recognitions.items():
        doubt = _doubt(matches[rank], rematched[rank])
        if doubt is None or {doubt.other_entry_id, ids[rank].entry_id} & skipped:
            continue
        key = recognition_key(crawl, parser_version, by_rank[rank])._replace(spelling=recognition.spelling)
        insert_recognition(db, key, recognition.since, recognition.entry_id, replace(recognition.match, doubt=doubt))
        matches[rank] = replace(matches[rank], doubt=doubt)


def _may_replace(doubt: Doubt | None) -> bool:
    """Return whether a doubt is missing or does not name the other entry."""
    return doubt is None or doubt.reason in OF_OLDER_RULES


def _doubt(settled: Match, rematched: Match) -> Doubt | None:
    """Return the doubt of the current rules about a settled match, or None if they have none."""
    if rematched.entry_id != settled.entry_id:
        return Doubt(OTHER_RULES, rematched.entry_id)
    return None if settled.doubt is None else rematched.doubt
