"""The site map: publisher, sitemap, server, nginx block and upload scripts agree with its rows."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT
from support.published import Edition, published

from foreign_eyes.feeds.render import feed_renderer
from foreign_eyes.feeds.site_map import (
    FEED_FORMATS,
    SITE_MAP,
    FeedFormat,
    LinkRelation,
    PublishedPath,
    find_path,
    is_feed,
    links_of,
)
from foreign_eyes.web.http_headers import media_type

SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
BASE_URL = "https://eyes.example/"


def example(row: PublishedPath) -> str:
    """Return a name that matches the row."""
    return row.pattern.format(number=7, slug="le-monde", id=123456789)


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """A folder with archive documents, numbered pages, publications and topics."""
    return published(tmp_path_factory.mktemp("edition"), "eventful", BASE_URL)


@pytest.fixture(scope="module")
def names(edition: Edition) -> list[str]:
    return [name for name in edition.names("") if not name.startswith(".")]


def test_every_published_file_has_a_row(names: list[str]) -> None:
    assert [name for name in names if find_path(name) is None] == []


def test_every_row_has_a_published_file(names: list[str]) -> None:
    found = {row.pattern for name in names if (row := find_path(name))}
    assert {row.pattern for row in SITE_MAP} - found == set()


def test_each_row_is_the_first_that_matches_its_names() -> None:
    assert [find_path(example(row)) for row in SITE_MAP] == list(SITE_MAP)


def test_each_link_of_a_published_file_leads_to_a_published_file(names: list[str]) -> None:
    published_names = set(names)
    for name in names:
        for link in links_of(name):
            if link.target is not None:
                path = link.target + "index.html" if link.target.endswith("/") or not link.target else link.target
                assert path in published_names, (name, link)
                expected = find_path(path)
                assert expected is not None
                assert link.media_type in ("", expected.media_type), (name, link)


def test_sitemaps_list_the_pages_that_the_table_marks_and_no_others(edition: Edition, names: list[str]) -> None:
    listed = {
        address.removeprefix(BASE_URL) + "index.html"
        for name in edition.names(".xml")
        if name.startswith("sitemaps/")
        for address in re.findall("<loc>([^<]+)</loc>", edition.read(name).decode())
    }
    marked = {name for name in names if (row := find_path(name)) and row.in_sitemap}
    assert listed == marked


@pytest.mark.parametrize("feed_format", FEED_FORMATS, ids=lambda one: one.label)
def test_each_feed_is_published_in_each_format(names: list[str], feed_format: FeedFormat) -> None:
    folders = {name.removesuffix("index.html") for name in names if re.fullmatch(r"(\w+/[^/]+/)?index\.html", name)}
    feeds = [folder + feed_format.file for folder in folders if not folder.startswith("entries/")]
    assert {*feeds, feed_format.changes_file} - set(names) == set()
    assert all(is_feed(name) for name in feeds)


@pytest.mark.parametrize("feed_format", FEED_FORMATS, ids=lambda one: one.label)
def test_pages_name_each_format_of_their_feed(edition: Edition, feed_format: FeedFormat) -> None:
    for page, feed in [
        ("index.html", feed_format.file),
        ("changes/index.html", f"../{feed_format.changes_file}"),
        ("publications/nikkei/index.html", f"../../publications/nikkei/{feed_format.file}"),
    ]:
        html = edition.read(page).decode()
        assert f'<a href="{feed}" type="{feed_format.media_type}">' in html, page
        assert re.search(f'<link rel="alternate" type="{re.escape(feed_format.media_type)}"[^>]* href="{feed}">', html)


@pytest.mark.parametrize("feed_format", FEED_FORMATS, ids=lambda one: one.label)
def test_a_feed_in_each_format_holds_its_entries(edition: Edition, feed_format: FeedFormat) -> None:
    content = edition.read("publications/nikkei/" + feed_format.file).decode()
    page = edition.read("publications/nikkei/index.html").decode()
    entries = set(re.findall(r"entries/\d+/", page))
    assert entries
    assert [path for path in entries if BASE_URL + path not in content] == []


@pytest.mark.parametrize("feed_format", FEED_FORMATS, ids=lambda one: one.label)
def test_each_format_has_a_renderer(feed_format: FeedFormat) -> None:
    assert callable(feed_renderer(feed_format))


def test_archive_documents_link_back_and_only_the_empty_one_links_on() -> None:
    assert LinkRelation("next-archive", "archive/1.xml") in links_of("archive/0.xml")
    assert LinkRelation("prev-archive", "archive/0.xml") in links_of("archive/1.xml")
    assert LinkRelation("prev-archive", "archive/11.json") in links_of("archive/12.json")
    assert [link.rel for link in links_of("archive/1.json")] == ["self", "current", "alternate"]


@pytest.mark.parametrize("name", ["archive/00.xml", "archive/x.xml", "topics/atom.xml", "topics/a/b/atom.xml", ""])
def test_a_name_that_publishing_never_writes_has_no_row(name: str) -> None:
    assert (find_path(name), links_of(name), is_feed(name)) == (None, [], False)


# --- docs/serving.md


@pytest.mark.parametrize("row", SITE_MAP, ids=lambda row: row.pattern)
def test_the_documented_nginx_block_gives_each_path_its_cache_class(row: PublishedPath) -> None:
    block = re.search(r"^map \$uri \$\w+ \{\n(.*?)^\}", SERVING, re.DOTALL | re.MULTILINE)
    assert block
    classes = re.findall(r'^    "?(\S+?)"? "([^"]+)";$', block[1], re.MULTILINE)
    matching = [kept for uri, kept in classes if uri.startswith("~") and re.search(uri[1:], f"/{example(row)}")]
    assert (matching or [dict(classes)["default"]]) == [row.cache]


def test_the_documented_table_has_the_rows_of_the_site_map() -> None:
    table = SERVING.partition("| path |")[2].partition("\n\n")[0]
    documented = {}
    for line in table.splitlines()[2:]:
        patterns, kind, cache, relations = (re.findall("`([^`]+)`", cell) for cell in line.strip("|").split("|"))
        documented.update(dict.fromkeys(patterns, (*kind, *cache, relations)))
    assert documented == {
        row.pattern: (media_type(example(row)), row.cache.value, list(dict.fromkeys(link.rel for link in row.links)))
        for row in SITE_MAP
    }


@pytest.mark.parametrize("row", SITE_MAP, ids=lambda row: row.pattern)
def test_the_documented_uploads_send_each_path_with_its_type_and_cache_class(row: PublishedPath) -> None:
    classes = dict(re.findall(r'\b(short|frozen)="([^"]+)"', SERVING))
    sent = re.findall(r'^    send "([^"]+)" "?\$?([\w-]+)"? (.+)$', SERVING, re.MULTILINE)
    fields = [
        (kind, classes.get(cache, cache))
        for kind, cache, patterns in sent
        if any(uploads(pattern.strip('"'), example(row)) for pattern in patterns.split())
    ]
    assert set(fields) == {(media_type(example(row)), row.cache.value)}


def uploads(pattern: str, name: str) -> bool:
    """Return whether a pattern of rclone's filters matches a file; only a leading slash ties it to the root."""
    expression = re.escape(pattern.removeprefix("/")).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(("" if pattern.startswith("/") else "(.*/)?") + expression, name) is not None
