"""Recording the matched rows of a listing as new, known, returned or edited entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from foreign_eyes.archive.captures import find_capture
from foreign_eyes.archive.lost_ids import was_published
from foreign_eyes.archive.matching.keys import title_key
from foreign_eyes.archive.matching.matcher import Match
from foreign_eyes.archive.settling import entry_rows
from foreign_eyes.archive.settling.dating import feed_dates
from foreign_eyes.archive.settling.edit_kinds import judge_edit
from foreign_eyes.archive.settling.entry_rows import Place, RevisionCount, StoredEntry
from foreign_eyes.archive.settling.identity_rows import Identity, load_identity, taken_dates
from foreign_eyes.archive.settling.journal import Change
from foreign_eyes.archive.settling.match_doubts import record_doubt, with_doubt
from foreign_eyes.archive.settling.mint_identity import mint_identity
from foreign_eyes.archive.settling.parser_upgrades import OlderRevision, restore_revision
from foreign_eyes.archive.settling.settling_state import Settling
from foreign_eyes.archive.times import from_text

# Methods by which a row is a further place of an entry in the listing
SECOND_PLACES = ("merged by an operator", "second place", "as settled before")


def record_places(
    work: Settling, places: Sequence[Place], matches: dict[int, Match], known: Mapping[int, int]
) -> dict[int, tuple[int, int]]:
    """Record each place by its match; return (entry, revision) by rank.

    `known` are the ids of rows that were found without matching, by rank. Doubts that arise here are added to `matches`.
    Places are recorded from last to first, so that the first row of the listing becomes the newest event.
    """
    row_counts = Counter(match.entry_id for match in matches.values() if match.entry_id is not None)
    stored = entry_rows.load_stored(work.db, row_counts)
    dates = _dates_for_new(work, [p for p in places if matches[p.rank].entry_id is None and p.rank not in known])
    seen: dict[int, tuple[int, int]] = {}
    for place in sorted(places, key=lambda p: (matches[p.rank].method in SECOND_PLACES, -p.rank)):
        match, entry_id = matches[place.rank], known.get(place.rank)
        if match.entry_id is None and entry_id in stored:
            match = Match(entry_id, "as settled before")  # a second row of an entry that is new in this listing
        if match.entry_id is None:
            identity = (
                mint_identity(work, place, dates[place.rank]) if entry_id is None else load_identity(work.db, entry_id)
            )
            after = _record_new(work, place, match, identity)
        elif row_counts[match.entry_id] > 1 and (second := _second_place(work, place, match)):
            seen[place.rank] = second
            continue
        else:
            before = stored[match.entry_id]
            after = _record_known(work, place, match, before)
            match = matches[place.rank] = with_doubt(match, before, after)
        record_doubt(work.db, place, match, after.revision_id)
        stored[after.entry_id] = after
        seen[place.rank] = after.entry_id, after.revision_id
    return seen


def restore_older_revisions(work: Settling) -> None:
    """Restore the revisions of this crawl that an older parser read and this one did not."""
    for revision in work.ids.older.take_rest(work.crawl.crawl_id):
        place = _older_place(work, revision)
        stored = entry_rows.load_stored(work.db, [revision.entry_id])
        if not stored:
            stored = {revision.entry_id: _insert(work, place, load_identity(work.db, revision.entry_id))}
            work.changes.append(Change("new", revision.entry_id, revision.revision_id))
        _restore(work, revision, stored[revision.entry_id])
        entry_rows.update_wording(work.db, revision.entry_id, place)


def _second_place(work: Settling, place: Place, match: Match) -> tuple[int, int] | None:
    """Return (entry, revision) of a further place of an entry, or None.

    An unknown wording is an edit.
    """
    if match.method not in SECOND_PLACES or match.entry_id is None:
        return None
    revision_id = entry_rows.find_revision(work.db, match.entry_id, place.wording_digest)
    return None if revision_id is None else (match.entry_id, revision_id)


def _dates_for_new(work: Settling, new: Sequence[Place]) -> dict[int, datetime]:
    if not new:
        return {}
    first_seen = min(place.first_capture.fetched_at for place in new)
    not_before = from_text(work.crawl.not_before) if work.crawl.not_before else None
    taken = taken_dates(work.db, work.crawl.source_id, first_seen, len(new))
    dates = feed_dates(len(new), first_seen, not_before, taken)
    return {place.rank: date for place, date in zip(new, dates, strict=True)}


def _record_new(work: Settling, place: Place, match: Match, identity: Identity) -> StoredEntry:
    stored = _insert(work, place, identity)
    for revision in work.ids.older.take(work.crawl.crawl_id, identity.entry_id):
        stored = _restore(work, revision, stored)
    if stored.wording_digest != place.wording_digest:
        stored = _record_wording(work, place, match, stored, technical=stored.number > 0)
    work.counts.new += not identity.found_again
    work.changes.append(Change("new", stored.entry_id, stored.revision_id, is_known=identity.found_again))
    return stored


def _insert(work: Settling, place: Place, identity: Identity) -> StoredEntry:
    """Store a new entry, which has no revision yet."""
    entry_rows.insert_entry(work.db, identity, place, work.crawl.not_before)
    return StoredEntry(identity.entry_id, 0, 0, "", entry_rows.last_place(place), 0, withdrawn=False, texts=place.entry)


def _record_known(work: Settling, place: Place, match: Match, stored: StoredEntry) -> StoredEntry:
    entry_rows.record_sighting(work.db, stored, place)
    if stored.withdrawn:
        work.counts.returned += 1
        work.changes.append(Change("returned", stored.entry_id, stored.revision_id))
    stored = replace(stored, last_place=entry_rows.last_place(place), missed=0, withdrawn=False)
    older = work.ids.older.take(work.crawl.crawl_id, stored.entry_id)
    for revision in older:
        if stored.wording_digest == place.wording_digest and (
            revision.technical or stored.entry_id not in work.ids.older.restored
        ):
            _restate(work, revision, stored)
            continue
        stored = _restore(work, revision, stored)
        if not revision.technical:
            work.changes.append(Change("revised", stored.entry_id, stored.revision_id))
    edit = judge_edit(stored.texts, place.entry, place.twins, by_earlier_rules=work.crawl.by_earlier_rules)
    if edit in ("revision", "uncounted revision"):
        technical = edit == "uncounted revision" or work.is_technical(stored.entry_id)
        is_known = was_published(work.db, stored.entry_id, place.identity_digest, place.wording_digest)
        stored = _record_wording(work, place, match, stored, technical=technical)
        if not technical:
            work.counts.revised += not is_known
            work.changes.append(Change("revised", stored.entry_id, stored.revision_id, is_known=is_known))
    elif older:
        entry_rows.update_wording(work.db, stored.entry_id, place)
    elif edit == "restyle":
        entry_rows.record_restyle(work.db, work.crawl.source_id, stored, place)
    else:
        return stored
    return replace(stored, texts=place.entry)


def _record_wording(work: Settling, place: Place, match: Match, stored: StoredEntry, *, technical: bool) -> StoredEntry:
    """Store a new wording of an entry; return the updated entry."""
    number = stored.number if technical else stored.number + 1
    entry_rows.update_wording(work.db, stored.entry_id, place)
    count = RevisionCount(number, technical, work.ids.next_revision_id())
    revision_id = entry_rows.insert_revision(work.db, stored.entry_id, count, place, match, work.parser_version)
    return replace(stored, revision_id=revision_id, number=number, wording_digest=place.wording_digest)


def _restore(work: Settling, revision: OlderRevision, stored: StoredEntry) -> StoredEntry:
    """Store a revision of an older parser again, unchanged; return the updated entry."""
    number = stored.number if revision.technical else stored.number + 1
    restore_revision(work.db, revision, number)
    entry_rows.make_current(work.db, stored.entry_id, revision.revision_id)
    work.ids.older.restored.add(stored.entry_id)
    return replace(
        stored,
        revision_id=revision.revision_id,
        number=number,
        wording_digest=revision.wording_digest,
        texts=revision.listed,
    )


def _restate(work: Settling, revision: OlderRevision, stored: StoredEntry) -> None:
    """Store a revision of an older parser as a technical one, since this parser sees no edit."""
    restore_revision(work.db, replace(revision, technical=True), stored.number)
    work.ids.older.restored.add(stored.entry_id)


def _older_place(work: Settling, revision: OlderRevision) -> Place:
    capture = find_capture(work.db, revision.capture_id)
    capture = replace(capture, page=revision.page)
    key = title_key(revision.listed)
    return Place(0, revision.listed, revision.wording_digest, key, capture, revision.position, capture)
