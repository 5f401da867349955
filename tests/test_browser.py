"""The pages in a real browser: Debian's Chromium, driven by Playwright, against `foreign-eyes serve`."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT, CommandLine
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, Locator, Page, Request, sync_playwright
from support.processes import running
from support.programs import lacking, needs, run
from support.settling import Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.feeds.publish import Target, publish

# the last three as well as the first: a browser that calls home would only be refused, and take its time over it
CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PASSAGE = "A passage on number {} that is long enough to be known again, whatever else is written around it."
# on every page that is read; axe leaves out the size of targets (WCAG 2.2, 2.5.8) unless it is asked
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}

Visit = Callable[..., Page]


@dataclass
class Site:
    """A served archive: where it is, and the ids of its entries by title, of one that was merged too."""

    address: str
    ids: dict[str, int]

    def path(self, name: str) -> str:
        """Return the page of that name below the address."""
        return {
            "index": "",
            "entry": f"entries/{self.ids['Robots in three wordings']}/",
            "withdrawn entry": f"entries/{self.ids['Gone']}/",
            "entry in Chinese": f"entries/{self.ids[CHINESE]}/",
            "publication": "publications/le-monde/",
            "topic": "topics/robots/",
            "publications": "publications/",
            "topics": "topics/",
            "changes": "changes/",
            "volume": "pages/1.html",
            "missing": "entries/nobody-knows/",
        }[name]


CHINESE = "中国的机器人 & <b>robots</b>"
FOUND = (
    *("index", "entry", "withdrawn entry", "entry in Chinese", "publication", "topic"),
    *("publications", "topics", "changes", "volume"),
)
EVERY_PAGE = pytest.mark.parametrize("name", [*FOUND, "missing"])


def fill(column: Column) -> None:
    """Sixty entries over three months, one of three revisions, one withdrawn, one in Chinese that would like to be markup."""
    column.answers = {"http://search.example/": 200, "http://other.example/": 200}
    rest = [
        entry(f"Title {number}", publication=f"Paper {number % 5}", excerpt=PASSAGE.format(number))
        for number in range(60)
    ]
    odd = [
        entry(CHINESE, publication="新华社", excerpt="机器人。" * 20),
        entry("Gone", publication="CNN", excerpt=PASSAGE.format("none")),
    ]

    def told(title: str, commentary: str, *others: str, search: str = "search") -> None:
        first = entry(title, excerpt=PASSAGE.format("a robot"), commentary=commentary)
        column.crawl(listing(first, *others, f"link|Patent Search|http://{search}.example/"))

    column.crawl(listing(*rest))
    column.day += 60
    told("Robots in two wordings", "They serve one.", *odd, *rest)
    told("Robots in two wordings", "They serve all.", *odd, *rest)
    told("Robots in three wordings", "They serve all, it says.", odd[0], *rest)
    told("Robots in three wordings", "They serve all, it says.", odd[0], *rest, search="other")


def merge_two(column: Column, keep: int, other: int) -> None:
    at = column.today + timedelta(hours=1)
    rebuild(
        column.db,
        LineParser(),
        at=at,
        authority="example.org,2026",
        prepare=lambda copy: merge(copy, keep, other, at),
    )


def free_port() -> int:
    """Return a port that nobody listens on, so that pages can be published for it before they are served."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def chromium() -> str:
    """The path of Chromium, where all is there that drives it; nothing is started to find out that it is not."""
    path = needs("chromium")
    node, _ = compute_driver_executable()
    tried = run(node, "--version", folder=ROOT)
    if tried.returncode:
        # a bare Debian has no libatomic1, which that node is linked with
        lacking(f"Playwright's own node cannot run: {tried.stderr.strip().rpartition('node: ')[2]}")
    return path


@pytest.fixture(scope="module")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    command = CommandLine(tmp_path_factory.mktemp("site"))
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    with open_archive(command.folder / "archive.db") as db:
        column = Column(db)
        fill(column)
        ids = column.ids()
        merge_two(column, ids["Title 58"], ids["Title 59"])
        publish(db, column.source, Target(command.folder / "public", address))
    with running(command, "serve", "--port", str(port)) as served:
        served.wait_for("Ctrl-C stops it")
        yield Site(address, ids)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Give a function that opens a page of the site; at the end, the browser may not have complained of anything.

    It complains on the console of what a Content-Security-Policy stops, too.
    """
    pages: list[Page] = []
    complaints: list[str] = []

    def note_failure(request: Request) -> None:
        # what is still on its way when a link is followed is given up, and nothing failed
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"{request.url}: {request.failure}")

    def open_page(path: str, expected: int = 200, **options: Any) -> Page:
        page = browser.new_context(**options).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("requestfailed", note_failure)
        if expected == 200:  # else the page itself is told of on the console
            page.on("console", lambda message: complaints.append(f"{path}: {message.text}"))
        answer = page.goto(site.address + path, wait_until="load")
        assert answer is not None
        assert answer.status == expected
        page.on(
            "response",
            lambda answer: complaints.append(f"{answer.url}: {answer.status}") if answer.status >= 400 else None,
        )
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert complaints == []


def open_named(visit: Visit, site: Site, name: str, **options: Any) -> Page:
    return visit(site.path(name), 404 if name == "missing" else 200, **options)


def fetched(address: str) -> tuple[int, str]:
    with urllib.request.urlopen(address, timeout=120) as answer:  # noqa: S310 - our own server
        return answer.status, answer.headers.get_content_type()


# every page


@EVERY_PAGE
def test_a_page_is_shown_without_a_complaint_and_every_link_on_it_leads_somewhere(
    site: Site, visit: Visit, name: str
) -> None:
    page = open_named(visit, site, name)

    assert page.locator("h1").is_visible()
    assert page.locator("main").inner_text().strip()
    links = page.eval_on_selector_all("a[href], link[href]", "all => all.map(one => one.href)")
    inside = {link.partition("#")[0] for link in links if link.startswith(site.address)} - {page.url}
    assert len(inside) > 8
    assert {link: fetched(link)[0] for link in inside} == dict.fromkeys(inside, 200)


@EVERY_PAGE
def test_a_page_can_be_read_as_its_stylesheet_shows_it_where_scripts_are_off(
    site: Site, visit: Visit, name: str
) -> None:
    page = open_named(visit, site, name, java_script_enabled=False)

    words = "h1, h2, h3, main p, main dt, main dd, main blockquote"
    unseen = "all => all.filter(one => !one.checkVisibility()).map(one => one.outerHTML)"
    assert page.eval_on_selector_all(words, unseen) == []
    assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px"
    assert page.evaluate("document.scripts.length") == 0
    assert page.context.cookies() == []


@EVERY_PAGE
def test_a_page_fits_every_width(site: Site, visit: Visit, name: str) -> None:
    """WCAG 2.2, 1.4.10: at 320 CSS pixels, which is also 1280 pixels zoomed to 400 %, nothing scrolls in two directions."""
    page = open_named(visit, site, name)

    for width in (320, 360, 520, 700, 880, 1920):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@EVERY_PAGE
def test_axe_finds_nothing_that_bars_anybody_in_either_scheme_or_width(site: Site, visit: Visit, name: str) -> None:
    page = open_named(visit, site, name)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")

    page.set_viewport_size({"width": 375, "height": 780})
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 780})
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []


def violations(page: Page) -> list[tuple[str, str, str]]:
    found = Axe().run(page, options=AXE).response["violations"]
    return [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found]


def top(shown: Locator) -> float:
    box = shown.bounding_box()
    assert box is not None
    return box["y"]


def follow(link: Locator) -> None:
    """Click on what leads to another page, and wait until that is there."""
    with link.page.expect_navigation(wait_until="load"):
        link.click()


@pytest.mark.parametrize("name", ["index", "entry", "changes", "missing"])
def test_a_keyboard_user_can_skip_to_the_content_and_sees_where_the_focus_is(
    site: Site, visit: Visit, name: str
) -> None:
    page = open_named(visit, site, name)
    seen = []
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("getComputedStyle(document.activeElement).outlineWidth"))
        if len(seen) == 1:
            assert page.evaluate("document.activeElement.className") == "skip"
            assert page.evaluate("document.activeElement.getBoundingClientRect().x") >= 0
    assert seen == ["2px"] * 6
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#content"


@pytest.mark.parametrize("name", FOUND)
def test_the_feeds_that_a_page_offers_are_feeds(site: Site, visit: Visit, name: str) -> None:
    offered = visit(site.path(name)).eval_on_selector_all(
        "link[rel=alternate]", "all => all.map(one => [one.href, one.type])"
    )

    assert len(offered) == (6 if name in ("publication", "topic", "changes") else 3)
    assert [fetched(address) for address, _ in offered] == [(200, media_type) for _, media_type in offered]


def test_the_dark_scheme_is_dark_and_the_light_one_light(visit: Visit) -> None:
    for scheme, darker in (("dark", True), ("light", False)):
        paper, ink = visit("", color_scheme=scheme).evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
            ".map(colour => colour.match(/\\d+/g).map(Number).reduce((a, b) => a + b))"
        )
        assert (paper < ink) == darker


# from page to page


def test_the_front_page_shows_the_newest_entries_in_the_listings_order(visit: Visit) -> None:
    titles = visit("").locator("article h3")

    assert titles.all_inner_texts()[:4] == ["Robots in three wordings", CHINESE, "Gone", "Title 0"]
    assert titles.count() == 50
    tops = [top(titles.nth(number)) for number in range(4)]
    assert tops == sorted(tops)


def test_a_reader_gets_from_the_front_page_to_an_entry_its_publication_its_topic_and_back(
    site: Site, visit: Visit
) -> None:
    page = visit("")
    follow(page.get_by_role("link", name="Robots in three wordings").first)
    assert page.locator("h1").inner_text() == "Robots in three wordings"
    follow(page.locator(".from a"))
    assert page.locator("h1").inner_text() == "Le Monde"
    page.go_back()
    follow(page.locator(".topics a").first)
    assert page.locator("h1").inner_text() == "Robots"
    follow(page.get_by_role("link", name="Back to the column"))
    assert page.url == site.address


def test_a_reader_gets_to_the_oldest_entry_by_way_of_older_ones(site: Site, visit: Visit) -> None:
    page = visit("")
    while page.get_by_role("link", name="Older entries").count():
        follow(page.get_by_role("link", name="Older entries"))

    assert page.url == f"{site.address}pages/1.html"
    assert page.locator("article h3").last.inner_text() == "Title 58"


def test_searching_finds_entries_in_datasette(site: Site, visit: Visit) -> None:
    for name in ("index", "missing"):
        page = open_named(visit, site, name)
        page.get_by_role("searchbox").fill("wordings")
        follow(page.get_by_role("button", name="Search"))
        page.wait_for_url("**/browse/archive/search?q=wordings")

        assert "Robots in three wordings" in page.locator("table").inner_text()


def test_the_address_of_an_id_that_was_merged_leads_to_the_entry_that_answers_for_it(site: Site, visit: Visit) -> None:
    page = visit(f"entries/{site.ids['Title 59']}/")
    page.wait_for_url(f"**/entries/{site.ids['Title 58']}/")

    assert f"It also answers for {site.ids['Title 59']}" in page.locator(".provenance").inner_text()


def test_a_change_leads_to_the_revision_that_it_tells_of(site: Site, visit: Visit) -> None:
    page = visit("changes/")
    kinds = page.locator("article .when strong").all_inner_texts()
    assert kinds == ["Merged", "Link changed", "Withdrawn", "Edited", "Edited"]
    (change,) = page.locator("article", has_text="serve one").evaluate_all("all => all.map(one => one.id)")
    page.goto(f"{site.address}{site.path('entry')}#{change}")

    assert page.locator(f"#{change} h3").inner_text() == "Revision 2"
    assert page.locator(f"#{change}").evaluate("one => one.matches(':target')")


# an entry


def test_every_revision_of_an_entry_is_shown_with_what_it_changed(site: Site, visit: Visit) -> None:
    history = visit(site.path("entry")).locator(".history")

    assert history.locator("h3").all_inner_texts() == ["Revision 1", "Revision 2", "Revision 3"]
    assert history.locator("del").all_inner_texts() == ["one", "two"]
    assert history.locator("ins").all_inner_texts() == ["all", "three", ", it says"]


def test_what_an_edit_removed_and_added_is_told_apart_without_colours_and_without_eyes(
    site: Site, visit: Visit
) -> None:
    page = visit(site.path("entry"))
    removed, added = (page.locator(f".history {tag}").first for tag in ("del", "ins"))
    line = "one => getComputedStyle(one).textDecorationLine"
    said = "one => getComputedStyle(one, '::before').content"

    assert (removed.evaluate(line), added.evaluate(line)) == ("line-through", "underline")
    assert (removed.evaluate(said), added.evaluate(said)) == ('" [removed: "', '" [added: "')


def test_a_withdrawn_entry_says_so_above_its_words(site: Site, visit: Visit) -> None:
    page = visit(site.path("withdrawn entry"))

    assert page.locator(".notice").inner_text().startswith("Withdrawn.")
    assert top(page.locator("h1")) < top(page.locator(".notice")) < top(page.locator(".words"))


def test_a_citation_for_programs_opens_without_a_script(site: Site, visit: Visit) -> None:
    page = visit(site.path("entry"), java_script_enabled=False)
    page.get_by_text("BibTeX", exact=True).click()

    assert page.locator("pre").first.is_visible()
    assert page.locator("pre").first.inner_text().startswith("@misc{foreign-eyes-")


def test_a_printed_entry_is_its_words_and_where_they_come_from_in_black_on_white(site: Site, visit: Visit) -> None:
    page = visit(site.path("entry"), color_scheme="dark")
    page.emulate_media(media="print")

    assert page.locator(".words").is_visible()
    assert page.locator(".provenance").is_visible()
    assert not page.locator("header nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# Datasette


@pytest.mark.parametrize(
    "path", ["current_entries", "entry_history", "crawl_log", "what_changed_lately", "captures", "changes"]
)
def test_datasette_is_shown_without_a_complaint(visit: Visit, path: str) -> None:
    page = visit(f"browse/archive/{path}")

    assert page.locator("table tbody tr").count() > 1


def test_an_analyst_finds_the_views_and_canned_queries(visit: Visit) -> None:
    page = visit("")
    follow(page.get_by_role("link", name="Query"))

    assert page.get_by_role("link", name="All tables").is_visible()
    assert page.get_by_role("link", name="What changed lately").is_visible()


def test_an_entrys_page_leads_to_its_rows_in_datasette(site: Site, visit: Visit) -> None:
    page = visit(site.path("entry"))
    follow(page.get_by_role("link", name="all its revisions"))
    assert page.locator("table tbody tr").count() == 3
    page.go_back()
    follow(page.locator(".capture a").first)
    assert page.locator("h1").inner_text() == "Captured bytes"


BROWSED = [
    "",
    "archive/current_entries?_search=passage&publication=Paper+1&_facet=source",
    "archive/entries/{entry}",
    pytest.param("archive/entries_by_month", marks=pytest.mark.long),
    pytest.param("archive/nothing", marks=pytest.mark.long),
    pytest.param("archive", marks=pytest.mark.long),
    pytest.param("archive/current_entries?_columns=all", marks=pytest.mark.long),
    pytest.param("archive/captures?_facet=status&_facet=purpose", marks=pytest.mark.long),
    pytest.param("archive/crawls/1", marks=pytest.mark.long),
    pytest.param("archive/revised_between", marks=pytest.mark.long),
    pytest.param("archive/listing_on_a_date", marks=pytest.mark.long),
    pytest.param("archive/topics_by_publication", marks=pytest.mark.long),
    pytest.param("archive?sql=select+*+from+crawl_log", marks=pytest.mark.long),
    pytest.param("archive?sql=selec", marks=pytest.mark.long),
]


@pytest.mark.parametrize("path", BROWSED)
def test_a_page_of_datasette_fits_a_phone_and_axe_finds_nothing_that_bars_anybody(
    site: Site, visit: Visit, path: str
) -> None:
    status = {"archive/nothing": 404, "archive?sql=selec": 400}.get(path, 200)
    page = visit("browse/" + path.format(entry=site.ids["Robots in three wordings"]), status)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")

    assert page.evaluate("document.scripts.length") == 0
    page.set_viewport_size({"width": 400, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 780})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert violations(page) == []


def test_a_reader_gets_from_the_home_of_datasette_to_an_entry_and_its_published_page(site: Site, visit: Visit) -> None:
    page = visit("browse/")
    follow(page.get_by_role("link", name="Newest entries"))
    follow(page.get_by_role("link", name=str(site.ids["Robots in three wordings"])))
    assert page.locator("h1").inner_text() == "Robots in three wordings"
    follow(page.get_by_role("link", name=f"{site.address}entries/"))
    assert page.url == site.address + site.path("entry")
