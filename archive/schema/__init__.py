"""The archive's tables, as append-only migrations.

The truth, which cannot be derived, is: sources, crawls, captures, bodies, link_traffic, identities, recognitions, decisions,
confirmations, redatings and the feed dates that they move, redactions, renames and forgotten sources; the id, time and kind
of each change and the texts of announced changes; and the revisions of older parser versions. The other tables are derived
from it (see `archive.rebuilding`). Times are ISO 8601 in UTC, with microseconds and a Z, so that their text sorts by time;
unknown values are NULL.
"""

from __future__ import annotations

from sqlite_utils import Migrations

from foreign_eyes.archive.schema.m001_m005_first_tables import (
    m001_captures,
    m002_entries,
    m003_search,
    m004_views,
    m005_published_files,
)
from foreign_eyes.archive.schema.m006_identities import m006_identities
from foreign_eyes.archive.schema.m007_publishing import m007_publishing
from foreign_eyes.archive.schema.m008_m009_archive_id_and_seals import m008_archive_id, m009_seals
from foreign_eyes.archive.schema.m010_clocks import m010_clocks
from foreign_eyes.archive.schema.m011_fresh_requests import m011_fresh_requests
from foreign_eyes.archive.schema.m012_links import m012_links
from foreign_eyes.archive.schema.m013_tolerated_defects import m013_leniency
from foreign_eyes.archive.schema.m014_announced_texts import m014_telling
from foreign_eyes.archive.schema.m015_recognitions import m015_recognitions
from foreign_eyes.archive.schema.m016_restyles import m016_restyles
from foreign_eyes.archive.schema.m017_redactions import m017_redactions
from foreign_eyes.archive.schema.m018_doubts import m018_doubts
from foreign_eyes.archive.schema.m019_shared_texts import m019_shared_texts
from foreign_eyes.archive.schema.m020_publication_names import m020_publication_names
from foreign_eyes.archive.schema.m021_browsing import m021_browsing
from foreign_eyes.archive.schema.m022_search_of_revisions import m022_search_of_revisions
from foreign_eyes.archive.schema.m023_placements import m023_placements
from foreign_eyes.archive.schema.m024_questions import m024_questions
from foreign_eyes.archive.schema.m025_readings import m025_readings
from foreign_eyes.archive.schema.m026_index_of_links import m026_index_of_links
from foreign_eyes.archive.schema.m027_names_of_sources import m027_names_of_sources
from foreign_eyes.archive.schema.m029_places import m029_places
from foreign_eyes.archive.schema.m030_hub_notifications import m030_hub_notifications

__all__ = ["APPLICATION_ID", "migrations"]

# "FoEy"; identifies an SQLite file as an archive (PRAGMA application_id, SQLite file format section 1.3.16)
APPLICATION_ID = 0x466F4579

migrations = Migrations("foreign_eyes")
for step in (
    m001_captures,
    m002_entries,
    m003_search,
    m004_views,
    m005_published_files,
    m006_identities,
    m007_publishing,
    m008_archive_id,
    m009_seals,
    m010_clocks,
    m011_fresh_requests,
    m012_links,
    m013_leniency,
    m014_telling,
    m015_recognitions,
    m016_restyles,
    m017_redactions,
    m018_doubts,
    m019_shared_texts,
    m020_publication_names,
    m021_browsing,
    m022_search_of_revisions,
    m023_placements,
    m024_questions,
    m025_readings,
    m026_index_of_links,
    m027_names_of_sources,
    m029_places,
    m030_hub_notifications,
):
    migrations()(step)
