"""The answers of questions under /browse/, on a column of which every day is known."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.settling import SEARCH, Column, entry, listing

from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.feed_state.journal_cursor import update_feed_state
from foreign_eyes.web.browse.app import datasette_app
from foreign_eyes.web.browse.metadata import DATABASE, load_metadata
from foreign_eyes.web.browse.pictures.from_rows import months_between, picture_of
from foreign_eyes.web.browse.question_cells import diff_markup, time_markup
from foreign_eyes.web.browse.questions import Parameter, WrongValue, check_order, check_value, parameters_of

QUESTIONS: dict[str, Any] = load_metadata()["databases"][DATABASE]["queries"]
# questions without rows here: nothing to search for, no doubt, no edit of late
NO_ROWS = {"search", "search_wordings", "open_doubts", "withdrawn_entries", "revised_between"}
TOPICS = {"fruit": ["Apples", "Pears"], "animals": ["Bears", "Cranes"]}
APPLES = entry("Apples", excerpt="Growers of quaint orchards filed patents.", publication="BBC")
EDITED = entry("Apples", excerpt="Growers of quaint orchards won patents.", publication="BBC")
BEARS = entry("Bears and Apples")
CRANES = entry("Cranes", excerpt="In quaint orchards live <b>cranes</b>.")
UNSPLIT = "||A line without a title.|As before."


def by_words(title: str, excerpt: str, commentary: str) -> set[str]:
    """Match a topic by its words in the title."""
    return {name for name, words in TOPICS.items() if any(word in title for word in words)}


def fill(path: Path) -> dict[str, int]:
    """Crawl a column on seven days in March and one in April 2026; return the ids of its entries by title."""
    with open_archive(path) as db:
        column = Column(db)
        column.answers = {"http://search.example/": 200}
        column.crawl(listing(APPLES, BEARS, SEARCH))  # March 1
        column.crawl(listing(UNSPLIT, EDITED, BEARS, SEARCH))
        column.answers = {"http://search.example/": 503}
        column.crawl(listing(UNSPLIT, EDITED, SEARCH))
        column.crawl(listing(UNSPLIT, EDITED, SEARCH))  # March 4: bears are withdrawn
        column.crawl(listing(UNSPLIT, BEARS, EDITED, SEARCH))  # March 5: and return
        column.crawl("", outcome="blocked")
        column.day = 31 + 4
        column.crawl(listing(CRANES, UNSPLIT, BEARS, EDITED, SEARCH))  # April 6
        with writing(db):
            update_feed_state(db, 1, TOPICS, by_words)
        return {title or "unsplit": entry_id for title, entry_id in column.ids().items()}


Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Callable[[str], httpx.Response], dict[str, int]]]:
    path = tmp_path_factory.mktemp("questions") / "archive.db"
    ids = fill(path)
    app = datasette_app(path)

    async def get(address: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get(address)

    with asyncio.Runner() as runner:
        yield lambda address: runner.run(get(f"/browse/archive/{address}")), ids
        app.close()


@pytest.fixture
def ids(served: Any) -> dict[str, int]:
    return dict(served[1])


@pytest.fixture
def page(served: Any) -> Callable[[str], str]:
    def get(address: str) -> str:
        answer = served[0](address)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    return get


@pytest.fixture
def rows(served: Any, ids: dict[str, int]) -> Ask:
    """Return the rows of an answer with some columns, and titles for entry ids."""
    titles = {entry_id: title for title, entry_id in ids.items()}

    def ask(name: str, *columns: str, **parameters: str) -> list[Any]:
        query = str(httpx.QueryParams({**parameters, "_shape": "array"}))
        answer = served[0](f"{name}.json?{query}")
        assert answer.status_code == 200, answer.text
        found = [tuple(titles.get(row[column], row[column]) for column in columns) for row in answer.json()]
        return [row[0] for row in found] if len(columns) == 1 else found

    return ask


# --- answers


def test_newest_entries_come_first(rows: Ask) -> None:
    assert rows("newest", "entry_id") == ["Cranes", "unsplit", "Apples", "Bears and Apples"]


def test_entries_are_counted_by_month(rows: Ask) -> None:
    assert rows("entries_by_month", "month", "entries", "withdrawn") == [("2026-03", 3, 0), ("2026-04", 1, 0)]


def test_what_changed_lately_begins_with_the_last_change(rows: Ask) -> None:
    assert rows("what_changed_lately", "kind", "entry_id")[0] == ("new", "Cranes")


def test_an_edit_between_two_dates_has_its_word_diff(rows: Ask) -> None:
    found = rows(
        "revised_between",
        "entry_id",
        "revision",
        "excerpt_diff",
        "commentary_diff",
        since="2026-03-01",
        until="2026-03-02",
    )
    assert found == [("Apples", 2, "Growers of quaint orchards [-filed-]{+won+} patents.", None)]
    assert rows("revised_between", "entry_id", since="2026-03-03", until="2026-12-31") == []


def test_a_word_diff_is_shown_with_removed_and_added_words(page: Any) -> None:
    assert "orchards <del>filed</del><ins>won</ins> patents." in page(
        "revised_between?since=2026-03-01&until=2026-03-31"
    )


@pytest.mark.parametrize("name", ["publications_by_entries", "publications_by_year", "topics_by_publication"])
def test_a_counted_publication_links_to_its_entries(page: Any, name: str) -> None:
    assert re.search(
        r'<td[^>]*><a href="/browse/archive/current_entries\?publication=[^"]+">[^<]+</a></td>', page(name)
    )


def test_withdrawals_and_returns_are_listed_newest_first(rows: Ask) -> None:
    expected = [("returned", "Bears and Apples"), ("withdrawn", "Bears and Apples")]
    assert rows("withdrawn_and_returned", "kind", "entry_id") == expected
    assert rows("withdrawn_and_returned", "kind", until="2026-03-04") == ["withdrawn"]
    assert rows("withdrawn_entries", "entry_id") == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-02-28", []),
        ("2026-03-01", ["Apples", "Bears and Apples"]),
        ("2026-03-02", ["unsplit", "Apples", "Bears and Apples"]),
        ("2026-03-04", ["unsplit", "Apples"]),
        ("2026-03-05", ["unsplit", "Bears and Apples", "Apples"]),
        ("2026-03-31", ["unsplit", "Bears and Apples", "Apples"]),
        ("", ["Cranes", "unsplit", "Bears and Apples", "Apples"]),
    ],
)
def test_the_listing_of_a_date_is_in_the_order_of_its_pages(rows: Ask, day: str, expected: list[str]) -> None:
    assert rows("listing_on_a_date", "entry_id", date=day) == expected
    assert rows("listing_on_a_date", "place", date=day) == list(range(1, len(expected) + 1))


def test_the_listing_of_a_date_has_the_texts_of_that_date(rows: Ask) -> None:
    assert rows("listing_on_a_date", "excerpt", date="2026-03-01")[0] == "Growers of quaint orchards filed patents."
    assert rows("listing_on_a_date", "excerpt", date="2026-03-31")[2] == "Growers of quaint orchards won patents."


def test_the_difference_between_two_dates_is_what_was_added_removed_and_edited(rows: Ask) -> None:
    columns = ("difference", "entry_id", "excerpt_diff")
    assert rows("listing_between_dates", *columns, since="2026-03-01", until="2026-03-04") == [
        ("added", "unsplit", "A line without a title."),
        ("edited", "Apples", "Growers of quaint orchards [-filed-]{+won+} patents."),
        ("removed", "Bears and Apples", "About Bears and Apples."),
    ]
    # what came back is no difference
    assert rows("listing_between_dates", "difference", "entry_id", since="2026-03-02", until="2026-03-31") == []
    assert rows("listing_between_dates", "difference", "entry_id") == [("added", "Cranes")]


def test_publications_have_entries_shares_and_years(rows: Ask) -> None:
    assert rows("publications_by_entries", "publication", "entries", "first_month", "last_month")[0] == (
        "Le Monde",
        2,
        "2026-03",
        "2026-04",
    )
    assert rows("publications_by_year", "publication", "year", "entries") == [
        ("Le Monde", "2026", 2),
        ("BBC", "2026", 1),
    ]
    assert rows("share_of_a_publication", "month", "share", publication="BBC") == [("2026-03", 33.3), ("2026-04", 0.0)]
    assert rows("entries_by_publication", "entry_id", publication="bb") == ["Apples"]
    assert rows("entries_by_publication", "entry_id") == ["Cranes", "Bears and Apples"]


def test_topics_come_by_rise_with_their_publications_and_pairs(rows: Ask) -> None:
    assert rows("topics_by_month", "topic", "month", "entries", "rise") == [
        ("animals", "2026-03", 1, 2),
        ("animals", "2026-04", 1, 2),
        ("fruit", "2026-03", 2, 2),
    ]
    assert rows("topics_by_month", "topic", "rise", until="2026-08") == [
        ("animals", -2),
        ("animals", -2),
        ("fruit", -2),
    ]
    assert rows("topics_by_publication", "topic", "publication", "entries") == [
        ("animals", "Le Monde", 2),
        ("fruit", "BBC", 1),
        ("fruit", "Le Monde", 1),
    ]
    assert rows("pairs_of_topics", "entries") == [1]
    assert rows("pairs_of_topics", "entries", topic="fruit") == [1]
    assert rows("pairs_of_topics", "entries", topic="neither") == []


def test_one_entry_has_its_wordings_and_their_provenance(rows: Ask, ids: dict[str, int]) -> None:
    # the entry that was revised last
    assert rows("wordings_of_an_entry", "revision", "title") == [(1, "Apples"), (2, "Apples")]
    found = rows(
        "provenance_of_an_entry",
        "revision",
        "crawl_id",
        "page",
        "position",
        "match_method",
        entry_id=str(ids["Apples"]),
    )
    assert found[0] == (1, 1, 1, 1, "new")
    assert found[1][:4] == (2, 2, 1, 2)
    assert rows("provenance_of_an_entry", "crawl_id") == [7]  # the newest entry


def test_a_similar_entry_shares_rare_words(rows: Ask, ids: dict[str, int]) -> None:
    assert rows("similar_to_an_entry", "entry_id")[0] == "Apples"
    assert rows("similar_to_an_entry", "entry_id", entry_id=str(ids["Apples"]))[0] == "Cranes"
    assert rows("similar_to_an_entry", "entry_id", entry_id="1") == []


def test_crawls_are_counted_by_week_and_failed_ones_are_listed(rows: Ask) -> None:
    assert rows("crawl_health", "week", "crawls", "whole", "failed") == [
        ("2026-02-23", 1, 1, 0),
        ("2026-03-02", 5, 4, 1),
        ("2026-04-06", 1, 1, 0),
    ]
    assert rows("crawls_that_ended_badly", "crawl_id", "outcome") == [(6, "blocked")]


def test_the_patent_search_link_has_a_row_for_each_change_of_its_answer(rows: Ask) -> None:
    assert rows("patent_search_history", "label", "status") == [("Patent Search", 503), ("Patent Search", 200)]


def test_attributions_that_were_not_split_are_listed(rows: Ask) -> None:
    assert rows("attributions_not_split", "entry_id") == ["unsplit"]


def test_open_doubts_name_both_entries(rows: Ask) -> None:
    assert rows("open_doubts", "entry_id") == []


# --- forms


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("revised_between", {"since": "2026-03-07", "until": "2026-04-06"}),
        ("withdrawn_and_returned", {"since": "2025-04-06", "until": "2026-04-06"}),
        ("share_of_a_publication", {"publication": "Le Monde"}),
        ("topics_by_month", {"until": "2026-04"}),
        ("listing_between_dates", {"since": "2026-03-07", "until": "2026-04-06"}),
        ("pairs_of_topics", {"topic": ""}),
    ],
)
def test_the_form_shows_the_defaults_that_were_used(page: Any, name: str, shown: dict[str, str]) -> None:
    for address in (name, f"{name}?{'&'.join(f'{field}=' for field in shown)}"):
        found = re.findall(r'<input id="field-(\w+)" name="\1" value="([^"]*)"', page(address))
        assert dict(found) == shown


def test_links_to_other_formats_have_the_values_of_the_form(page: Any) -> None:
    links = re.findall(r'href="(/browse/archive/listing_between_dates\.\w+\?[^"]*)"', page("listing_between_dates"))
    assert len(links) >= 2
    assert all("until=2026-04-06" in link and "since=2026-03-07" in link for link in map(unescape, links))


def test_fields_suggest_what_the_archive_has(page: Any) -> None:
    assert '<datalist id="field-publication-list"><option value="Le Monde"><option value="BBC"></datalist>' in page(
        "share_of_a_publication"
    )
    assert "<option selected>town</option>" in page("listing_on_a_date")
    assert '<option value="">All</option>' in page("crawl_health")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "revised_between?since=2026-02-30",
            "From: “2026-02-30” is not a date. Write year, month and day, such as 2026-03-31.",
        ),
        ("revised_between?since=2026-03-05&until=2026-03-01", "“From” (2026-03-05) is after “Until” (2026-03-01)."),
        ("revised_between?since=9999-12-30", "“From” (9999-12-30) is after “Until” (2026-04-06)."),
        (
            "topics_by_month?until=2026-13",
            "Last month: “2026-13” is not a month. Write year and month, such as 2026-03.",
        ),
        (
            "provenance_of_an_entry?entry_id=apples",
            "Entry: “apples” is not an entry. Write its id, its tag URI or the address",
        ),
        ("listing_on_a_date?date=9999-12-31", "Date: “9999-12-31” is not a date."),
        ("listing_on_a_date?source=twon", "Source: “twon” does not exist. Choose one of: town."),
        ("crawl_health?source=twon", "Source: “twon” does not exist. Choose one of: town."),
        ("revised_between?since=<b>now</b>", "From: “<b>now</b>” is not a date."),
        ("revised_between?since=%00%ff", "is not a date."),
    ],
)
def test_a_value_that_cannot_be_used_is_named_on_a_page_with_navigation(
    served: Any, address: str, message: str
) -> None:
    answer = served[0](address)
    assert answer.status_code == 400
    assert message in unescape(answer.text)
    assert "<nav" in answer.text
    assert "<b>now" not in answer.text
    as_json = served[0](address.replace("?", ".json?"))
    assert (as_json.status_code, message in as_json.json()["error"]) == (400, True)


def test_an_entry_can_be_named_by_the_address_of_its_page(rows: Ask, ids: dict[str, int]) -> None:
    for text in (f"https://eyes.example/entries/{ids['Cranes']}/", f"tag:a.example,2026:town/{ids['Cranes']}"):
        assert rows("provenance_of_an_entry", "crawl_id", entry_id=text) == [7]


@given(st.text(), st.sampled_from(["date", "month", "number", "entry", "text"]))
def test_any_value_is_accepted_for_the_sql_or_refused(value: str, kind: str) -> None:
    accepted = ""
    with suppress(WrongValue):
        accepted = check_value(Parameter("name", "The field", kind), value)
    assert accepted == "" or kind == "text" or re.fullmatch(r"[0-9-]{1,18}", accepted)


@given(st.dates(), st.dates())
def test_a_date_must_not_be_after_the_other(first: Any, second: Any) -> None:
    parameters = (Parameter("since", "From", "date", not_after="until"), Parameter("until", "Until", "date"))
    values = {"since": first.isoformat(), "until": second.isoformat()}
    assert [check_value(parameter, values[parameter.name]) for parameter in parameters] == list(values.values())
    if first > second:
        with pytest.raises(WrongValue, match="is after"):
            check_order(parameters, values)
    else:
        check_order(parameters, values)


# --- every question


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_described_and_its_fields_are_the_parameters_of_its_sql(name: str) -> None:
    question = QUESTIONS[name]
    assert question["title"]
    assert question["description"].endswith(".")
    assert question["group"]
    # what is filled in and what the SQL asks for
    assert {parameter.name for parameter in parameters_of(question)} == set(re.findall(r":([a-z_]+)", question["sql"]))


@pytest.mark.parametrize("name", [name for name, question in QUESTIONS.items() if "picture" in question])
def test_a_question_with_a_picture_shows_it_with_its_figures(page: Any, name: str) -> None:
    found = page(name)
    assert ('<svg xmlns="http://www.w3.org/2000/svg" class="picture' in found) != (
        '<table class="figures heat">' in found
    )
    assert '<table class="rows-and-columns">' in found
    assert "<script" not in found.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("name", [name for name in QUESTIONS if name not in NO_ROWS])
def test_a_question_answers_without_parameters(page: Any, name: str) -> None:
    found = page(name)
    assert f"<h1>{QUESTIONS[name]['title']}</h1>" in unescape(found)
    assert "<summary>SQL</summary>" in found
    assert f"/browse/archive/{name}.json" in found
    assert f"/browse/archive/{name}.csv" in found
    assert "Z</td>" not in found  # times have no microseconds
    assert "<b>cranes</b>" not in found


def test_every_question_answers_while_sql_of_readers_is_off(tmp_path: Path) -> None:
    fill(tmp_path / "archive.db")
    app = datasette_app(tmp_path / "archive.db", readers_sql=False)

    async def statuses() -> dict[str, int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return {name: (await client.get(f"/browse/archive/{name}")).status_code for name in QUESTIONS}

    assert asyncio.run(statuses()) == dict.fromkeys(QUESTIONS, 200)
    app.close()


ROWS = st.lists(
    st.fixed_dictionaries(
        {"a": st.text(max_size=9), "b": st.text(max_size=9), "n": st.none() | st.integers() | st.floats()}
    ),
    max_size=9,
)


@pytest.mark.parametrize(
    "about",
    [
        {"kind": "bars", "label": "a", "value": "n", "fill": "months"},
        {"kind": "lines", "label": "a", "values": {"n": "N"}},
        {"kind": "heat", "row": "a", "column": "b", "value": "n", "rows": 3, "columns": 3, "order": "totals"},
        {
            "kind": "heat",
            "row": "a",
            "column": "b",
            "value": "n",
            "rows": 3,
            "columns": 3,
            "order": "names",
            "both_ways": True,
        },
    ],
    ids=["bars", "lines", "heat by totals", "heat by names"],
)
@given(found=ROWS)
def test_any_rows_have_a_picture(about: dict[str, Any], found: Any) -> None:
    picture = picture_of(about, "Title", found)
    assert (picture is None) == (found == [])


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (["2025-11", "2026-02"], ["2025-11", "2025-12", "2026-01", "2026-02"]),
        (["2026-02"], ["2026-02"]),
        ([], []),
        (["2026-02", "other"], ["2026-02", "other"]),
        (["0001-01", "9999-12"], ["0001-01", "9999-12"]),
    ],
)
def test_months_without_entries_leave_a_gap(months: list[str], expected: list[str]) -> None:
    assert months_between(months) == expected


def test_cells_show_diffs_and_times_and_escape_their_text() -> None:
    assert diff_markup("a [-<b>-]{+<i>+}") == "a <del>&lt;b&gt;</del><ins>&lt;i&gt;</ins>"
    assert diff_markup("<script>") == "&lt;script&gt;"
    shown = time_markup("2026-03-01T09:05:07.000001Z")
    assert (
        shown
        == '<time datetime="2026-03-01T09:05:07.000001Z" title="2026-03-01T09:05:07.000001Z">2026-03-01 09:05</time>'
    )
    assert time_markup("2026-03-01") is None
