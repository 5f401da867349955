"""CSV of tables, views and queries: whole, or visibly broken off."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from http.client import IncompleteRead
from pathlib import Path

import pytest
from support.browse_servers import BrowseServer, browse_server, make_archive_of

from foreign_eyes.listing.values import ListedEntry
from foreign_eyes.web.browse import app, csv_export
from foreign_eyes.web.browse.csv_text import CsvOptions, csv_beginning, csv_rows

# more than the 1,000 rows of the largest page
ENTRIES = 1_203
PAPERS = ("CNN", "Le Monde", "=cmd|' /C calc'!A0")


def listed(number: int) -> ListedEntry:
    paper = PAPERS[number % 3]
    title = f"Title {number:04}"
    return ListedEntry(
        f"Excerpt {number}, “quoted”,\nof two lines", f"——{title}, by {paper}", title, paper, "A comment."
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowseServer]:
    path = tmp_path_factory.mktemp("csv") / "archive.db"
    make_archive_of(path, [[listed(number) for number in range(ENTRIES)]])
    with pytest.MonkeyPatch.context() as patch, browse_server(path) as running:
        patch.setattr(csv_export, "KEYS_AT_ONCE", 500)
        yield running


def rows(server: BrowseServer, target: str) -> list[dict[str, str]]:
    response = server.ask(f"/browse/archive{target}")
    assert response.status == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


@pytest.mark.parametrize(
    "target",
    [
        "/current_entries.csv?_stream=1",
        "/current_entries.csv?_stream=1&_sort=publication",
        "/current_entries.csv?_stream=1&_sort_desc=publication",
        "/current_entries.csv?_stream=1&_sort_desc=withdrawn_at",
        "/current_entries.csv?_stream=1&_search=excerpt",
        "/entries.csv?_stream=1&_sort_desc=publication&_labels=on",
        "/entry_history.csv?_stream=1",
        "/identities.csv?_stream=1",
        "/sealed_rows.csv?_stream=1&table_name=identities",
        ".csv?sql=select+entry_id,+title+from+entries",
    ],
)
def test_a_stream_has_every_row_once(server: BrowseServer, target: str) -> None:
    found = rows(server, target)

    assert len(found) == ENTRIES
    assert len({row.get("entry_id") or row["row_key"] for row in found}) == ENTRIES


def test_a_stream_has_the_order_of_the_page_and_the_columns_asked_for(server: BrowseServer) -> None:
    found = rows(server, "/current_entries.csv?_stream=1&_sort_desc=title&_col=title&publication=CNN")

    assert [row["title"] for row in found] == [f"Title {number:04}" for number in range(ENTRIES - 3, -1, -3)]
    assert set(found[0]) == {"entry_id", "title"} or set(found[0]) == {"title"}


def test_cells_have_the_text_of_the_archive(server: BrowseServer) -> None:
    (row,) = rows(server, "/current_entries.csv?title=Title+0007&_size=max")

    assert (row["excerpt"], row["publication"]) == ("Excerpt 7, “quoted”,\nof two lines", "Le Monde")


@pytest.mark.parametrize(
    "target", ["/current_entries.csv", "/publications/1.csv", ".csv?sql=select+1", "/what_changed_lately.csv"]
)
def test_csv_is_a_file_with_a_name(server: BrowseServer, target: str) -> None:
    response = server.ask(f"/browse/archive{target}")

    assert response.status == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    name = target.split(".", maxsplit=1)[0].split("/")[1] if target.startswith("/") else "archive"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}.csv"'


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (".csv?sql=select+nothing", 400),
        ("/nosuch.csv", 404),
        (".csv", 404),
        ("/current_entries.csv?_stream=1&_next=5", 400),
    ],
)
def test_a_mistake_is_an_error_rather_than_a_file(server: BrowseServer, target: str, status: int) -> None:
    response = server.ask(f"/browse/archive{target}")

    assert response.status == status
    assert "content-disposition" not in response.headers


@pytest.mark.parametrize("target", ["/current_entries.csv?_stream=1", "/entry_history.csv?_stream=1"])
def test_a_file_that_is_too_long_is_broken_off(tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.SETTINGS, "max_csv_mb", 0.25)
    archive = make_archive_of(tmp_path / "archive.db", [[listed(number) for number in range(2 * ENTRIES)]])

    with browse_server(archive) as server, pytest.raises(IncompleteRead) as broken:
        server.ask(f"/browse/archive{target}")

    assert b"max_csv_mb" not in broken.value.partial


def test_for_a_spreadsheet_formulas_are_texts_and_the_encoding_is_marked(server: BrowseServer) -> None:
    plain = server.ask("/browse/archive/publications.csv?_col=name").text
    guarded = server.ask("/browse/archive/publications.csv?_col=name&_guard=1&_bom=1").text

    assert "\n1,=cmd|" in plain
    assert "\n1,'=cmd|" in guarded
    assert guarded.startswith("\ufeff")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_texts_that_begin_like_a_formula_get_an_apostrophe(text: str) -> None:
    line = csv_rows([[text, "a", -1, None]], CsvOptions(guard=True))

    assert next(csv.reader(io.StringIO(line, newline=""))) == [f"'{text}", "a", "-1", ""]


def test_column_names_are_guarded_too_and_can_be_left_out() -> None:
    assert csv_beginning(["=a"], CsvOptions(guard=True)) == "'=a\r\n"
    assert csv_beginning(["a"], CsvOptions(heading=False)) == ""
