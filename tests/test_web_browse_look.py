"""The pages of Datasette: the frame of the published pages, the home, and the page of an entry."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from lxml import html
from support.settling import Column, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.feeds.publish import Target, publish
from foreign_eyes.web.browse.app import Browse, datasette_app
from foreign_eyes.web.browse.home import entries_over_time, group_questions
from foreign_eyes.web.browse.published_site import PublishedSite

PASSAGE = "A passage about {} that is long enough to be known again after an edit of other words."
BASE = "https://example.org/eyes/"

Page = html.HtmlElement


@dataclass
class Served:
    """An archive of two sources, served with what is published of them."""

    page: Callable[..., Page]
    response: Callable[[str], httpx.Response]
    output: Path
    ids: dict[str, int]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("look")
    output = folder / "public"
    with open_archive(folder / "archive.db") as db:
        town, village = Column(db), Column(db, "village")
        titles = ["<b>Robots</b> & rights", "Gone", "Stays"]
        first, *rest = (entry(title, excerpt=PASSAGE.format(title)) for title in titles)
        town.crawl(listing(*rest))
        town.crawl(listing(first, *rest))
        for _ in range(2):
            town.crawl(listing(first.replace("As before.", "As <i>never</i> before."), rest[1]))
        village.crawl(listing(entry("Mills", publication="Mill Times")))
        publish(db, town.source, Target(output, BASE))
        publish(db, village.source, Target(output / "village", f"{BASE}village/"))
        ids = town.ids()
    app = datasette_app(folder / "archive.db", PublishedSite(output, BASE))
    with asyncio.Runner() as runner:
        response = cache(asker(runner, app))
        yield Served(lambda path, status=200: parsed(response(path), status), response, output, ids)
        app.close()


def asker(runner: asyncio.Runner, app: Browse) -> Callable[[str], httpx.Response]:
    async def ask(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get(f"/browse/{path}")

    return lambda path: runner.run(ask(path))


def parsed(response: httpx.Response, status: int) -> Page:
    assert response.status_code == status
    return html.document_fromstring(response.text)


def words(element: Page) -> str:
    return " ".join(element.text_content().split())


# --- every page

KINDS = {
    "home": "",
    "tables": "archive",
    "entries": "archive/current_entries",
    "entries with filters": "archive/current_entries?_search=passage&publication=Le+Monde&title__contains=o&_facet=source",
    "all columns": "archive/current_entries?_columns=all&_sort=title",
    "a table": "archive/captures?_facet=status&_size=1",
    "no rows": "archive/doubts",
    "an entry": "archive/entries/{Stays}",
    "a row": "archive/crawls/1",
    "a proof": "entry/{Stays}/provenance",
    "a search": "archive/search?q=passage",
    "a question": "archive/what_changed_lately",
    "a question with a parameter": "archive/entries_by_publication?publication=Le",
    "SQL": "archive?sql=select+entry_id,+title+from+current_entries",
    "wrong SQL": "archive?sql=selec",
    "a missing page": "archive/nothing",
}
STATUSES = {"wrong SQL": 400, "a missing page": 404}
EVERY_PAGE = pytest.mark.parametrize("kind", KINDS)


def opened(served: Served, kind: str) -> Page:
    return served.page(KINDS[kind].format(**served.ids), STATUSES.get(kind, 200))


@EVERY_PAGE
def test_a_page_has_a_language_landmarks_and_one_heading(served: Served, kind: str) -> None:
    page = opened(served, kind)
    assert page.get("lang") == "en"
    assert [len(page.findall(f".//{name}")) for name in ("title", "header", "main", "footer", "h1")] == [1] * 5
    assert page.findtext(".//title", "").endswith(" – The column")
    assert page.find(".//main").get("id") == "content"
    assert page.find(".//a[@class='skip']").get("href") == "#content"
    assert all(nav.get("aria-label") for nav in page.iter("nav"))
    assert all(region.get("aria-label") for region in page.findall(".//*[@role='region']"))


@EVERY_PAGE
def test_each_field_has_a_label_and_each_id_is_used_once(served: Served, kind: str) -> None:
    page = opened(served, kind)
    labelled = {label.get("for") for label in page.iter("label")}
    fields = [field for field in page.iter("input", "select", "textarea") if field.get("type") != "hidden"]
    assert kind in {"a row", "an entry", "a question", "a proof"} or fields
    for field in fields:
        assert field.get("id") in labelled or next(field.iterancestors("label"), None) is not None, html.tostring(field)
    ids = Counter(element.get("id") for element in page.xpath("//*[@id]"))
    assert [name for name, count in ids.items() if count > 1] == []


@EVERY_PAGE
def test_a_page_has_the_navigation_and_the_stylesheet_of_the_published_pages(served: Served, kind: str) -> None:
    page = opened(served, kind)
    links = [(link.text, link.get("href")) for link in page.find(".//header//nav").iter("a")]
    published = html.document_fromstring((served.output / "index.html").read_text())
    there = [(link.text, urljoin("/", link.get("href"))) for link in published.find(".//header//nav").iter("a")]
    assert links == there
    sheets = [link.get("href") for link in page.xpath("//link[@rel='stylesheet']")]
    assert sheets.index("/browse/site/style.css") < sheets.index("/browse/assets/browse.css")
    assert served.response("site/style.css").content == (served.output / "style.css").read_bytes()
    assert all(served.response(sheet.removeprefix("/browse/")).status_code == 200 for sheet in sheets)


@EVERY_PAGE
def test_links_of_a_page_to_published_pages_lead_to_files(served: Served, kind: str) -> None:
    hrefs = {link.get("href").partition("#")[0] for link in opened(served, kind).xpath("//*[@href]")}
    outside = {href.removeprefix(BASE).lstrip("/") for href in hrefs if re.match(rf"/(?!browse)|{BASE}", href)}
    files = {path + "index.html" if path.endswith("/") or not path else path for path in outside}
    assert len(files) > 3
    assert [file for file in files if not (served.output / file).is_file()] == []


# --- the home


def test_the_home_says_what_the_archive_holds_with_links_to_it(served: Served) -> None:
    page = served.page("")
    figures = {
        words(group.find("dt")): words(group.find("dd")) for group in page.findall(".//dl[@class='figures-list']/div")
    }
    assert figures == {"Entries": "4", "Revisions": "5", "Withdrawn": "1", "Publications": "2"}
    for link in page.findall(".//dl[@class='figures-list']//a"):
        assert served.response(link.get("href").removeprefix("/browse/")).status_code == 200
    state = words(page.find(".//ul[@class='state']"))
    assert "Last complete crawl of The column: 4 March 2026, 09:01 UTC" in state
    assert "Health: 2 problems: no good crawl" in state  # the last crawl of a test is months ago
    assert all(
        served.response(link.get("href").removeprefix("/browse/")).status_code == 200
        for link in page.findall(".//ul[@class='state']//a")
    )


def test_the_home_has_a_search_every_question_and_the_feeds(served: Served) -> None:
    page = served.page("")
    (form,) = page.findall(".//form")
    field = form.find(".//input")
    found = served.page(f"{urlsplit(form.get('action')).path.removeprefix('/browse/')}?{field.get('name')}=robots")
    assert "Robots" in words(found.find(".//main"))
    asked = {link.get("href") for link in page.findall(".//main//a")}
    queries = served.response("archive.json").json()["queries"]
    assert {f"/browse/archive/{query['name']}" for query in queries} <= asked
    assert {"/atom.xml", "/rss.xml", "/feed.json"} <= asked


@pytest.mark.parametrize(
    ("months", "unit", "expected"),
    [
        ({}, "month", []),
        ({"2021-03": 4}, "month", [("2021-03", 4)]),
        ({"2020-11": 2, "2021-02": 3}, "month", [("2020-11", 2), ("2020-12", 0), ("2021-01", 0), ("2021-02", 3)]),
        ({"2018-01": 1, "2020-12": 1}, "month", None),
        ({"2018-01": 1, "2018-12": 1, "2021-01": 5}, "year", [("2018", 2), ("2019", 0), ("2020", 0), ("2021", 5)]),
    ],
)
def test_entries_are_counted_by_month_or_by_year_without_gaps(
    months: dict[str, int], unit: str, expected: list[tuple[str, int]] | None
) -> None:
    counted = entries_over_time(months)
    assert counted[0] == unit
    assert counted[1] == expected or (expected is None and len(counted[1]) == 36)


def test_questions_are_grouped_in_their_order_and_the_others_come_last() -> None:
    queries = [
        {"name": "a"},
        {"name": "b", "group": "Entries"},
        {"name": "c", "group": "Crawls"},
        {"name": "d", "group": "Entries"},
    ]
    grouped = [(name, [query["name"] for query in asked]) for name, asked in group_questions(queries)]
    assert grouped == [("Entries", ["b", "d"]), ("Crawls", ["c"]), ("More questions", ["a"])]


# --- an entry


def test_the_row_of_an_entry_shows_its_words_dates_wordings_and_citation(served: Served) -> None:
    entry_id = served.ids["<b>Robots</b> & rights"]
    page = served.page(f"archive/entries/{entry_id}")
    text = words(page.find(".//main"))

    assert words(page.find(".//h1")) == "<b>Robots</b> & rights"
    assert [words(words_of) for words_of in page.findall(".//blockquote")] == [PASSAGE.format("<b>Robots</b> & rights")]
    assert "First seen 2 March 2026 not before 1 March 2026" in text
    assert "It appeared at some time between the two" in text
    assert [words(piece) for piece in page.iter("ins")] == ["As <i>never</i> before."] or words(
        page.find(".//ins")
    ) == "<i>never</i>"
    assert "How to cite it" in text
    assert f"Archived at {BASE}entries/{entry_id}/" in text
    assert re.findall(r"\d{2}:\d{2}:\d{2}\.\d+", text) == []


def test_the_row_of_an_entry_links_its_published_page_its_proof_and_its_captures(served: Served) -> None:
    for title, path in (("Stays", ""), ("Mills", "village/")):
        [entry_id] = [
            row["entry_id"]
            for row in served.response("archive/current_entries.json?_shape=array").json()
            if row["title"] == title
        ]
        page = served.page(f"archive/entries/{entry_id}")
        hrefs = [link.get("href") for link in page.find(".//main").iter("a")]

        assert page.find(".//link[@rel='canonical']").get("href") == f"{BASE}{path}entries/{entry_id}/"
        assert f"/{path}entries/{entry_id}/" in hrefs
        assert f"/browse/entry/{entry_id}/provenance" in hrefs
        assert any(re.fullmatch(r"/browse/captures/[0-9a-f]{64}", href) for href in hrefs)


def test_the_row_of_a_withdrawn_entry_says_so(served: Served) -> None:
    page = served.page(f"archive/entries/{served.ids['Gone']}")
    assert "Withdrawn." in words(page.find(".//main"))
    assert f"/browse/archive/similar_to_an_entry?entry_id={served.ids['Gone']}" in page.xpath("//nav//a/@href")


@pytest.mark.parametrize(
    "path", ["/current_entries", "/newest", "/search?q=passage", "?sql=select+title,+entry_id+from+current_entries"]
)
def test_titles_of_entries_link_to_their_rows(served: Served, path: str) -> None:
    page = served.page(f"archive{path}")
    links = {words(link): link.get("href") for link in page.findall(".//td[@class='col-title']/a")}
    assert links["Stays"] == f"/browse/archive/entries/{served.ids['Stays']}"


@pytest.mark.parametrize("path", ["archive/current_entries?_columns=all", "archive/captures", "archive/crawls/1"])
def test_times_in_tables_are_shown_to_the_minute(served: Served, path: str) -> None:
    main = served.page(path).find(".//main")
    assert re.search(r"2026-03-0\d \d{2}:\d{2}", words(main))
    assert [cell for cell in map(words, main.iter("td", "dd")) if re.search(r"\d{2}:\d{2}:\d{2}\.\d+Z", cell)] == []


# --- what is published beside it


def test_folders_of_other_archives_and_damaged_records_are_not_linked(served: Served, tmp_path: Path) -> None:
    own_id = PublishedSite(served.output)
    assert PublishedSite(tmp_path / "missing").folders("0" * 32) == {}
    assert own_id.folders("0" * 32) == {}
    (tmp_path / ".foreign-eyes.jsonl").write_text("no record\n")
    assert PublishedSite(tmp_path).folders("0" * 32) == {}


def test_folders_of_sources_are_found_below_the_output_folder_but_not_among_published_files(tmp_path: Path) -> None:
    def record(folder: str, source: str, at: int) -> None:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        path = tmp_path / folder / ".foreign-eyes.jsonl"
        path.write_text(json.dumps({"end": "0" * 16, "seal": None, "archive": "a" * 32, "source": source}) + "\n")
        os.utime(path, (at, at))

    record("", "moved", 1)
    for at, (folder, source) in enumerate(
        {"village": "village", "a b/c": "hamlet", "topics/x": "no", ".h/x": "no", "new": "moved"}.items(), start=2
    ):
        record(folder, source, at)
    site = PublishedSite(tmp_path)
    assert site.folders("a" * 32) == {"moved": "new/", "village": "village/", "hamlet": "a b/c/"}
    record("", "moved", 9)
    assert site.folders("a" * 32)["moved"] == ""


def test_without_published_files_pages_offer_no_feeds_and_entries_no_published_page(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        column = Column(db)
        column.crawl(listing(entry("Alone")))
        (entry_id,) = column.ids().values()
    app = datasette_app(tmp_path / "archive.db")
    with asyncio.Runner() as runner:
        ask = asker(runner, app)
        home, row = parsed(ask(""), 200), parsed(ask(f"archive/entries/{entry_id}"), 200)
        app.close()
    assert home.findtext(".//title") == "Query the archive – The column"
    assert home.xpath("//link[@rel='alternate' and contains(@type, 'atom')]") == []
    assert row.xpath("//link[@rel='canonical']") == []


def test_the_home_of_an_empty_archive_says_that_it_holds_nothing(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db"):
        pass
    app = datasette_app(tmp_path / "archive.db")
    with asyncio.Runner() as runner:
        home = parsed(asker(runner, app)(""), 200)
        app.close()
    assert home.findtext(".//title") == "Query the archive – Foreign Eyes"
    assert [words(figure) for figure in home.findall(".//dl[@class='figures-list']//dd")] == ["0"] * 4
