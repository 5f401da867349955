"""Separate the sources of an archive: keep some and remove all rows of the others.

    copy the archive | keep one part in the copy | keep the other part in the original | derive each again

The rows of a source are found by their own column or by the row that they belong to. Publications are shared by all sources;
a rebuild removes those without entries.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.redaction.hiding import show_texts
from foreign_eyes.archive.seals import keys_of_truth, seal
from foreign_eyes.archive.search_indexes import rebuild_search

# conditions for the rows to remove, by table: each table that has rows of a source
_OF_OTHERS = "source_id NOT IN (SELECT value FROM json_each(:kept))"
_BY_ENTRY = f"entry_id IN (SELECT entry_id FROM identities WHERE {_OF_OTHERS})"  # noqa: S608 - our own condition
_BY_CRAWL = f"crawl_id IN (SELECT crawl_id FROM crawls WHERE {_OF_OTHERS})"  # noqa: S608
REMOVED = {
    "lost_ids": f"source IN (SELECT name FROM sources WHERE {_OF_OTHERS})",  # noqa: S608 - our own condition
    "entry_topics": f"topic_id IN (SELECT topic_id FROM topics WHERE {_OF_OTHERS})",  # noqa: S608
    **dict.fromkeys(
        ("topic_month_counts", "topic_publication_counts", "topic_pair_counts"),
        f"topic_id IN (SELECT topic_id FROM topics WHERE {_OF_OTHERS})",  # noqa: S608
    ),
    "match_doubts": f"revision_id IN (SELECT revision_id FROM revisions WHERE {_BY_ENTRY})",  # noqa: S608
    "withheld_texts": f"redaction_id IN (SELECT redaction_id FROM redactions WHERE {_BY_ENTRY})",  # noqa: S608
    "redaction_digests": f"redaction_id IN (SELECT redaction_id FROM redactions WHERE {_BY_ENTRY})",  # noqa: S608
    "redactions": _BY_ENTRY,
    "placements": _OF_OTHERS,
    "revisions": _BY_ENTRY,
    "decisions": _BY_ENTRY,
    "confirmations": _BY_ENTRY,
    "redated_entries": _BY_ENTRY,
    "redatings": _BY_CRAWL,
    "redated_crawls": _BY_CRAWL,
    "captures": _BY_CRAWL,
    "link_traffic": _BY_CRAWL,
    "told_words": f"change_id IN (SELECT change_id FROM changes WHERE {_OF_OTHERS})",  # noqa: S608
    **dict.fromkeys(
        (
            "changes",
            "renames",
            "forgotten_sources",
            "recognitions",
            "redated_captures",
            "feed_log",
            "frozen_documents",
            "entry_numbers",
            "topics",
            "tallies",
            "former_publication_names",
            "followed",
            "outputs",
            "published_files",
            "hub_notifications",
            "readings",
            "restyles",
            "links",
            "entries",
            "entry_counts",
            "identities",
            "crawls",
            "sources",
        ),
        _OF_OTHERS,
    ),
}
# conditions for rows to which no row of the kept sources refers
UNREFERENCED = {
    "withheld_bodies": "body_sha256 NOT IN (SELECT body_sha256 FROM captures WHERE body_sha256 IS NOT NULL)",
    "bodies": "body_sha256 NOT IN (SELECT body_sha256 FROM captures WHERE body_sha256 IS NOT NULL)"
    " AND body_sha256 NOT IN (SELECT last_body FROM entries)"
    " AND body_sha256 NOT IN (SELECT body_sha256 FROM readings)",
    "told_texts": "words NOT IN (SELECT words FROM told_words)"
    " AND words NOT IN (SELECT words_before FROM told_words WHERE words_before IS NOT NULL)",
}
# tables whose rows belong to all sources
SHARED = {
    *(
        "publications",
        "publication_aliases",
        "publication_names",
        "derivations",
        "archive",
        "seals",
        "sealed_rows",
        "lost_seals",
    ),
    "redaction_secret",
}


def keep_sources(db: Database, names: Collection[str], at: datetime) -> None:
    """Remove all sources except those in `names`, with all their rows, in one transaction.

    Sources with the same URL cannot be separated: a capture of one may revalidate a capture of the other.

    The removed rows are sealed as removed, with the reason, so that the chain of seals continues. The caller then derives
    the archive again (`archive.rebuilding.rebuild`), since tables that the sources share are derived.
    """
    kept = [
        row[0]
        for row in db.execute(
            "SELECT source_id FROM sources WHERE name IN (SELECT value FROM json_each(?))", (json.dumps(list(names)),)
        )
    ]
    with writing(db):
        before = keys_of_truth(db)
        db.execute("PRAGMA defer_foreign_keys=ON")
        redacted = f"SELECT DISTINCT entry_id FROM redactions WHERE {_BY_ENTRY}"  # noqa: S608
        for (entry_id,) in db.execute(redacted, {"kept": json.dumps(kept)}).fetchall():
            show_texts(db, entry_id)  # a kept source may have announced the same texts
        for table, condition in REMOVED.items():
            db.execute(f"DELETE FROM {table} WHERE {condition}", {"kept": json.dumps(kept)})  # noqa: S608 - our own names
        for table, condition in UNREFERENCED.items():
            db.execute(f"DELETE FROM {table} WHERE {condition}")  # noqa: S608
        rebuild_search(db)
        after = keys_of_truth(db)
        removed = {table: keys - after[table] for table, keys in before.items() if keys - after[table]}
        if removed:
            seal(db, at, removed=removed, reason=f"only these sources were kept: {', '.join(sorted(names))}")
