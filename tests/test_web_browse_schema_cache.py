"""The tables of the archive as Datasette knows them: read once, and again after a migration."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from support.browse_servers import make_archive_of

from foreign_eyes.listing.values import ListedEntry
from foreign_eyes.web.browse.app import make_datasette
from foreign_eyes.web.browse.metadata import DATABASE

ENTRY = ListedEntry("An excerpt", "——A title, by CNN", "A title", "CNN", "A comment.")


def test_a_migration_while_the_server_runs_is_seen(tmp_path: Path) -> None:
    archive = make_archive_of(tmp_path / "archive.db", [[ENTRY]])

    async def columns_before_and_after() -> tuple[list[str], list[str]]:
        datasette = make_datasette(archive)
        database: Any = datasette.get_database(DATABASE)
        try:
            await datasette.refresh_schemas()
            before = await database.table_columns("sources")
            before.append("a caller changes its list")
            with closing(sqlite3.connect(archive)) as db:
                db.execute("ALTER TABLE sources ADD COLUMN added TEXT")
            kept = await database.table_columns("sources")
            await datasette.refresh_schemas()
            return kept, await database.table_columns("sources")
        finally:
            datasette.executor.shutdown()
            database.close()

    kept, after = asyncio.run(columns_before_and_after())

    assert kept == ["source_id", "name", "url", "title", "language"]
    assert after == [*kept, "added"]
