"""What Datasette says about the archive, held against the tables and views that there are."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasette.app import DEFAULT_SETTINGS  # type: ignore[import-untyped]
from sqlite_utils import Database

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.sql_functions import add_functions
from foreign_eyes.web.browse.app import SETTINGS
from foreign_eyes.web.browse.metadata import DATABASE, load_metadata

# views that answer only for one entry: their pages would be slow
FOR_ONE_ENTRY = {"entry_words", "similar_entries"}


def is_internal(name: str) -> bool:
    return name.startswith(("sqlite_", "_sqlite_", "entries_fts", "revisions_fts"))


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with open_archive(tmp_path_factory.mktemp("archive") / "archive.db") as opened:
        add_functions(opened.conn)
        yield opened


@pytest.fixture
def described() -> dict[str, Any]:
    tables: dict[str, Any] = load_metadata()["databases"][DATABASE]["tables"]
    return tables


def columns_of_all(db: Database) -> dict[str, set[str]]:
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    return {name: {column.name for column in db[name].columns} for name in names}


def test_every_table_and_view_has_a_title_and_a_description(db: Database, described: dict[str, Any]) -> None:
    for name in columns_of_all(db):
        if not is_internal(name):
            assert described.get(name, {}).get("title"), name
            assert described[name].get("description"), name


def test_every_column_has_a_description_and_none_is_described_that_is_gone(
    db: Database, described: dict[str, Any]
) -> None:
    for name, columns in columns_of_all(db).items():
        if not is_internal(name):
            assert set(described[name]["columns"]) == columns, name
            assert all(described[name]["columns"].values()), name


def test_nothing_is_described_that_is_not_there(db: Database, described: dict[str, Any]) -> None:
    assert set(described) <= set(columns_of_all(db))


def test_internal_tables_are_hidden(db: Database, described: dict[str, Any]) -> None:
    hidden = tuple(name for name, about in described.items() if about.get("hidden"))
    for name in columns_of_all(db):
        # Datasette also hides what begins with the name of a hidden table
        assert name.startswith(hidden) == (is_internal(name) or name in FOR_ONE_ENTRY), name


def test_sorts_facets_labels_and_search_name_what_exists(db: Database, described: dict[str, Any]) -> None:
    everything = columns_of_all(db)
    for name, about in described.items():
        named = [about.get(key) for key in ("sort", "sort_desc", "label_column", "fts_pk")] + about.get("facets", [])
        assert {column for column in named if column} <= everything[name], name
        assert about.get("fts_table", "entries_fts") in everything


def test_entries_are_shown_newest_first_by_publication_and_can_be_searched(described: dict[str, Any]) -> None:
    about = described["current_entries"]
    assert about["sort_desc"] == "feed_date"
    assert "publication" in about["facets"]
    assert (about["fts_table"], about["fts_pk"]) == ("entries_fts", "entry_id")


@pytest.mark.parametrize("name", load_metadata()["databases"][DATABASE]["queries"])
def test_canned_query_runs_on_an_empty_archive_and_has_a_title(db: Database, name: str) -> None:
    query = load_metadata()["databases"][DATABASE]["queries"][name]
    assert query["title"]
    assert query["sql"].lstrip().startswith(("select ", "with ", "-- "))
    parameters = dict.fromkeys(re.findall(r":(\w+)", query["sql"]), "")
    cursor: sqlite3.Cursor = db.execute(query["sql"], parameters)
    rows = cursor.fetchall()
    assert rows == []


def test_the_title_licence_and_source_are_stated() -> None:
    metadata = load_metadata()
    for key in ("title", "description", "license", "source", "source_url"):
        assert metadata[key], key


def test_every_call_returns_a_copy_of_its_own() -> None:
    load_metadata()["databases"].clear()
    assert load_metadata()["databases"]


def test_settings_are_known_to_datasette_and_safe() -> None:
    assert set(SETTINGS) <= set(DEFAULT_SETTINGS)
    for name in ("suggest_facets", "allow_download", "template_debug", "trace_debug"):
        assert SETTINGS[name] is False, name
    assert SETTINGS["base_url"] == "/browse/"


def test_importing_the_package_loads_neither_datasette_nor_starlette() -> None:
    code = (
        "import sys, foreign_eyes.web, foreign_eyes.web.browse.metadata;"
        " print([n for n in ('datasette', 'starlette', 'uvicorn') if n in sys.modules])"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
