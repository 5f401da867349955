"""Published migrations: their SQL never changes, because `check --deep` compares archives with it."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlite_utils import Database

from foreign_eyes.archive.schema import migrations

# the SQL of the tables, indexes, views and triggers after each migration, comments included
DIGESTS = {
    "m001_captures": "3e5b4418eb802568",
    "m002_entries": "be6793af14e500cc",
    "m003_search": "384dc795d6cb355e",
    "m004_views": "2658fb088442df9e",
    "m005_published_files": "d4cf4ab8149581a7",
    "m006_identities": "feb03ce894c64e74",
    "m007_publishing": "5ba6de13cae6ce35",
    "m008_archive_id": "775f49ba103f82df",
    "m009_seals": "2f89197c0d429552",
    "m010_clocks": "c6a4c4dfa09ec75b",
    "m011_fresh_requests": "d70a2d0fd1e08b84",
    "m012_links": "15bf4d7ff5c7d909",
    "m013_leniency": "4a3a2fe462c7f67a",
    "m014_telling": "c35eceffe7a35620",
    "m015_recognitions": "443e60147dbcf9a7",
    "m016_restyles": "78166de8c7c70599",
    "m017_redactions": "795e130ad7d7c84e",
    "m018_doubts": "563957bfcd104976",
    "m019_shared_texts": "c919323d41fc47d1",
    "m020_publication_names": "8438d5036c138e87",
    "m021_browsing": "768adbc9440ecb96",
    "m022_search_of_revisions": "21ac7f49d46260d7",
    "m023_placements": "83ecaea9f53adeab",
    "m024_questions": "23568fcd80494b45",
    "m025_readings": "fe3426b7c771086b",
    "m026_index_of_links": "3ee15d9374eb04f5",
    "m027_names_of_sources": "9a0da5b956f0b114",
    "m029_places": "e73bdd2a95e0095d",
    "m030_hub_notifications": "5be1cb592cf1fddd",
}


def schema_digest(db: Database) -> str:
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite_%'")
    return sha256(repr(sorted(rows)).encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    names = [step.name for step in migrations._migrations]
    db = Database(memory=True)
    found = {}
    for name, following in zip(names, [*names[1:], None], strict=True):
        migrations.apply(db, stop_before=following)
        found[name] = schema_digest(db)
    return found


@pytest.mark.parametrize("name", DIGESTS)
def test_the_sql_of_a_published_migration_stays_as_it_is(digests: dict[str, str], name: str) -> None:
    assert digests[name] == DIGESTS[name], "change the schema in a new migration, and leave the old one as it is"


def test_the_digest_of_a_new_migration_is_added_here(digests: dict[str, str]) -> None:
    assert list(digests) == list(DIGESTS)
