"""Rows of an export: each column is checked, and a wrong value is refused with a message that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from support.settling import A, B, Column, listing
from test_warc_archive import exported, fill_all, imported, rewritten

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.dump import DUMP_TABLES, dump_rows
from foreign_eyes.archive.dump_checks import InvalidDump, check_rows
from foreign_eyes.archive.dump_row_types import ROW_TYPES
from foreign_eyes.warc.dump_records import Dump
from foreign_eyes.warc.errors import BadWarc

COLUMNS = {table: [field.encode_name for field in msgspec.structs.fields(kind)] for table, kind in ROW_TYPES.items()}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["", "[]", "0"]),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with open_archive(tmp_path_factory.mktemp("filled") / "archive.db") as db:
        fill_all(db)
        yield db


@pytest.fixture(scope="module")
def rows(filled: Database) -> dict[str, list[dict[str, Any]]]:
    return {table: list(dump_rows(filled, table)) for table in DUMP_TABLES}


@pytest.fixture(scope="module")
def export_of_two(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with open_archive(tmp_path_factory.mktemp("small") / "archive.db") as db:
        Column(db).crawl(listing(A, B))
        return exported(db)


def refusal(rows: dict[str, list[dict[str, Any]]]) -> str | None:
    """Return the message with which rows are refused; None if they are accepted."""
    try:
        check_rows(rows)
    except InvalidDump as error:
        return str(error)
    return None


def test_each_table_of_an_export_has_a_struct() -> None:
    assert tuple(ROW_TYPES) == DUMP_TABLES


@pytest.mark.parametrize("table", DUMP_TABLES)
def test_a_struct_has_the_columns_of_its_table_and_requires_those_without_a_default(
    filled: Database, table: str
) -> None:
    fields = {field.encode_name: field.required for field in msgspec.structs.fields(ROW_TYPES[table])}
    columns = {
        name: bool(key or (not_null and default is None))
        for _, name, _, not_null, default, key in filled.execute(f"PRAGMA table_info({table})")
    }
    if table == "listing_rows":  # a view, whose columns have no constraints
        columns = dict.fromkeys(columns, True)
    if table == "crawls":
        columns["ordered_at"] = True  # its default is for archives of older versions, not for exports
    assert {
        name: needed for name, needed in fields.items() if not name.startswith("link_") or name in columns
    } == columns


def test_the_rows_of_a_full_archive_are_accepted(rows: dict[str, list[dict[str, Any]]]) -> None:
    check_rows(rows)


def test_digests_of_words_that_stay_visible_have_the_number_0(rows: dict[str, list[dict[str, Any]]]) -> None:
    row = {**rows["redaction_digests"][0], "number": 0, "kind": "other"}
    check_rows({**rows, "redaction_digests": [row]})


@pytest.mark.parametrize("table", DUMP_TABLES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_json_value_in_any_column_is_accepted_or_refused_by_the_name_of_its_table(
    rows: dict[str, list[dict[str, Any]]], table: str, data: st.DataObject
) -> None:
    column, value = data.draw(st.sampled_from(COLUMNS[table])), data.draw(JSON)
    message = refusal({table: [{**rows[table][0], column: value}]})
    assert message is None or message.startswith(f"table {table}, row 1: ")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_an_export_with_any_json_value_in_any_column_is_imported_or_refused(
    export_of_two: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    table = data.draw(st.sampled_from(DUMP_TABLES))
    column, value = data.draw(st.sampled_from(COLUMNS[table])), data.draw(JSON)

    def replace_value(lines: dict[str, Any]) -> dict[str, Any]:
        first, *others = lines.get(table) or [{}]
        return {**lines, table: [{**first, column: value}, *others]}

    with open_archive(tmp_path_factory.mktemp("other") / "archive.db") as db, suppress(BadWarc):
        imported(db, rewritten(export_of_two, replace_value))


@pytest.mark.parametrize(("row", "place"), [(1, (100, 1)), (5, (100, 5)), (6, (900, 1)), (None, (None, None))])
def test_a_row_is_found_by_its_record_and_its_line(row: int | None, place: tuple[int | None, int | None]) -> None:
    dump = Dump({}, 1, None, {"captures": [(0, 100), (5, 900)]})
    assert dump.place_of("captures", row) == place
