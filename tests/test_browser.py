"""The pages in a real browser: Debian's Chromium, driven by Playwright, against `foreign-eyes serve`."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import CommandLine
from playwright.sync_api import Browser, Page, sync_playwright
from processes import running
from programs import needs
from settling import Column, entry, listing

from archive.store import open_archive
from feeds.publish import Target, publish

# the last three as well as the first: a browser that calls home would only be refused, and take its time over it
CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PASSAGE = "A passage on number {} that is long enough to be known again, whatever else is written around it."


@dataclass
class Site:
    """A served archive: where it is, and the ids of its entries by title."""

    address: str
    ids: dict[str, int]

    def pages(self) -> dict[str, str]:
        """The pages that are looked at, by what they are."""
        return {
            "index": "",
            "entry": f"entries/{self.ids['Robots in three wordings']}/",
            "withdrawn entry": f"entries/{self.ids['Gone']}/",
            "publication": "publications/le-monde/",
            "topic": "topics/robots/",
            "publications": "publications/",
            "topics": "topics/",
            "changes": "changes/",
            "volume": "pages/1.html",
        }


NAMES = ("index", "entry", "withdrawn entry", "publication", "topic", "publications", "topics", "changes", "volume")


def fill(column: Column) -> None:
    """Sixty entries, one of three revisions, one withdrawn, one in Chinese and one that would like to be markup."""
    column.answers = {"http://search.example/": 200, "http://other.example/": 200}
    rest = [
        entry(f"Title {number}", publication=f"Paper {number % 5}", excerpt=PASSAGE.format(number))
        for number in range(60)
    ]
    odd = [
        entry("中国的机器人 & <b>robots</b>", publication="新华社", excerpt="机器人。" * 20),
        entry("Gone", publication="CNN", excerpt=PASSAGE.format("none")),
    ]

    def told(title: str, excerpt: str, commentary: str, *others: str, search: str = "search") -> None:
        first = entry(title, excerpt=PASSAGE.format(excerpt), commentary=commentary)
        column.crawl(listing(first, *others), f"link|Patent Search|http://{search}.example/")

    told("Robots in two wordings", "a robot", "They serve one.", *odd, *rest)
    told("Robots in two wordings", "a robot", "They serve all.", *odd, *rest)
    told("Robots in three wordings", "a robot", "They serve all, it says.", odd[0], *rest)
    told("Robots in three wordings", "a robot", "They serve all, it says.", odd[0], *rest, search="other")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    needs("chromium")
    command = CommandLine(tmp_path_factory.mktemp("site"))
    with open_archive(command.folder / "archive.db") as db:
        column = Column(db)
        fill(column)
        ids = column.ids()
        publish(db, column.source, Target(command.folder / "public", "http://127.0.0.1:8423/"))
    with running(command, "serve", "--port", "0") as served:
        address = served.wait_for(r"pages +(http://\S+)")[1]
        served.wait_for("Ctrl-C stops it")
        yield Site(address, ids)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=needs("chromium"), args=list(CHROMIUM))
        yield chromium
        chromium.close()


@dataclass
class Visit:
    """A page as it was visited, and whatever the browser complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Any]:
    """Give a function that opens a page of the site; at the end, nothing may have been complained of."""
    visits: list[Visit] = []

    def open_page(path: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        page = context.new_page()
        made = Visit(page)
        page.on("console", lambda message: made.complaints.append(f"{path}: {message.text}"))
        page.on("pageerror", lambda error: made.complaints.append(f"{path}: {error}"))
        page.on("requestfailed", lambda request: made.complaints.append(f"{path}: {request.url} failed"))
        page.on(
            "response",
            lambda answer: made.complaints.append(f"{answer.url}: {answer.status}") if answer.status >= 400 else None,
        )
        visits.append(made)
        page.goto(site.address + path, wait_until="load")
        return page

    yield open_page
    complaints = [complaint for made in visits for complaint in made.complaints]
    for made in visits:
        made.page.context.close()
    assert complaints == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_shown_without_a_complaint_and_every_link_on_it_leads_somewhere(
    site: Site, visit: Any, name: str
) -> None:
    page = visit(site.pages()[name])
    assert page.locator("h1").is_visible()
    assert page.locator("main").inner_text().strip()
    links = page.eval_on_selector_all("a[href], link[href]", "all => all.map(one => one.href)")
    inside = sorted({link.partition("#")[0] for link in links if link.startswith(site.address)})
    assert inside
    for link in inside:
        with urllib.request.urlopen(link, timeout=20) as answer:  # noqa: S310 - our own server
            assert answer.status == 200, link


def test_the_front_page_shows_the_newest_entries_in_the_listings_order(visit: Any) -> None:
    titles = visit("").locator("article h3").all_inner_texts()

    assert titles[:3] == ["Robots in three wordings", "中国的机器人 & <b>robots</b>", "Gone"]
    assert len(titles) == 50


def test_a_reader_gets_from_the_front_page_to_an_entry_its_publication_its_topic_and_back(
    site: Site, visit: Any
) -> None:
    page = visit("")
    page.get_by_role("link", name="Robots in three wordings").first.click()
    assert page.locator("h1").inner_text() == "Robots in three wordings"
    page.locator(".from a").click()
    assert page.locator("h1").inner_text() == "Le Monde"
    page.go_back()
    page.locator(".topics a").first.click()
    assert page.locator("h1").inner_text() == "Robots"
    page.get_by_role("link", name="Back to the column").click()
    assert page.url == site.address


def test_searching_on_the_front_page_finds_entries_in_datasette(site: Site, visit: Any) -> None:
    page = visit("")
    page.get_by_role("searchbox").fill("wordings")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/browse/archive/current_entries?_search=wordings")

    assert "Robots in three wordings" in page.locator("table").inner_text()


def test_every_revision_of_an_entry_is_shown_with_what_it_changed(site: Site, visit: Any) -> None:
    history = visit(site.pages()["entry"]).locator(".history")

    assert history.locator("h3").all_inner_texts() == ["Revision 1", "Revision 2", "Revision 3"]
    assert history.locator("del").all_inner_texts() == ["one", "two"]
    assert history.locator("ins").all_inner_texts() == ["all", "three", ", it says"]
    struck = history.locator("del").first.evaluate("one => getComputedStyle(one).textDecorationLine")
    assert "line-through" in struck


def test_a_citation_for_programs_opens_without_a_script(site: Site, visit: Any) -> None:
    page = visit(site.pages()["entry"], java_script_enabled=False)
    page.get_by_text("BibTeX", exact=True).click()

    assert page.locator("pre").first.is_visible()
    assert page.locator("pre").first.inner_text().startswith("@misc{foreign-eyes-")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_a_phone(site: Site, visit: Any, name: str) -> None:
    page = visit(site.pages()[name], viewport={"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_dark_scheme_is_dark_and_the_light_one_light(visit: Any) -> None:
    for scheme, darker in (("dark", True), ("light", False)):
        paper, ink = visit("", color_scheme=scheme).evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
            ".map(colour => colour.match(/\\d+/g).map(Number).reduce((a, b) => a + b))"
        )
        assert (paper < ink) == darker


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_that_bars_anybody(site: Site, visit: Any, name: str, scheme: str) -> None:
    found = Axe().run(visit(site.pages()[name], color_scheme=scheme))

    assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []


@pytest.mark.parametrize("path", ["browse/archive/current_entries", "browse/archive/entry_history"])
def test_datasette_is_shown_without_a_complaint(visit: Any, path: str) -> None:
    page = visit(path)

    assert "Robots in three wordings" in page.locator("table").inner_text()


def test_a_picture_of_the_front_page_is_more_than_paper(visit: Any, tmp_path: Path) -> None:
    picture = visit("", viewport={"width": 1200, "height": 900}).screenshot(path=tmp_path / "front.png")

    assert len(picture) > 20_000
