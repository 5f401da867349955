"""Where a new entry gets its id, its tag URI and its feed date."""

from __future__ import annotations

from datetime import datetime

from foreign_eyes.archive.entry_ids import entry_tag
from foreign_eyes.archive.lost_ids import find_lost_id
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.identity_rows import Identity
from foreign_eyes.archive.settling.settling_state import Settling


def mint_identity(work: Settling, place: Place, feed_date: datetime) -> Identity:
    """Return the identity of a new entry.

    A row that a lost archive published gets the id that readers know; a row of a crawl that another archive made gets
    the id that it has there.
    """
    lost = find_lost_id(work.db, work.crawl.source_name, place.identity_digest)
    if lost is not None:
        entry_id, tag_uri, feed_date = lost
        identity = Identity(
            entry_id,
            work.crawl.source_id,
            tag_uri,
            feed_date,
            work.crawl.crawl_id,
            place.identity_digest,
            found_again=True,
        )
        work.ids.add(identity)
        return identity
    minted = work.ids.minted_elsewhere(work.crawl.crawl_id, place.identity_digest)
    if minted is not None:
        work.ids.add(minted)
        return minted
    entry_id = work.ids.draw_entry_id(work.crawl.crawl_id, place.identity_digest)
    tag_uri = entry_tag(work.authority, work.crawl.source_name, entry_id)
    identity = Identity(entry_id, work.crawl.source_id, tag_uri, feed_date, work.crawl.crawl_id, place.identity_digest)
    work.ids.add(identity)
    return identity
