"""The page, the subscription list and the feeds over all sources."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree, html
from sqlite_utils import Database
from support.feed_rules import NAMES, XML_LANG, complaints, parse
from support.published import HOSTILE, HUB, many
from support.settling import entry, listing
from support.several_sources import BASE_URL, Listing, publish_all, publish_listing, shown, target

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.errors import OutputOfAnother
from foreign_eyes.feeds.compose.all_sources import Candidate, choose_entries
from foreign_eyes.feeds.errors import CombinedFolderTaken, FilesOfOthers, OutputTaken
from foreign_eyes.feeds.publish import Target, publish
from foreign_eyes.feeds.publish_all_sources import NAMES as FILES
from foreign_eyes.feeds.publish_all_sources import publish_all_sources, remove_all_sources, shows_all

FEEDS = ("atom.xml", "rss.xml", "feed.json")
HOSTILE_TITLE = '</title><script>alert(1)</script> & "quoted" \u202eback'
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with two published sources, the first at the root."""
    folder = tmp_path_factory.mktemp("template")
    with open_archive(folder / "archive.db") as opened:
        first, second = two(opened, day=-1)
        first.crawl(listing(entry("Apples"), entry("Bears")))
        second.crawl(listing(entry("Cranes")))
        publish_listing(folder / "public", first, "")
        publish_listing(folder / "public", second)
    return folder


@pytest.fixture
def db(template: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of the template."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with open_archive(tmp_path / "archive.db") as opened:
        yield opened


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as opened:
        yield opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "public"


def two(db: Database, *, day: int = 0, **values: str) -> tuple[Listing, Listing]:
    """Return the sources of the template, or others in an empty archive; `values` are those of the second."""
    first = Listing(db, "town", day, title="News of the town")
    second = Listing(db, "village", day, hours=1, **{"title": "News of the village", **values})  # type: ignore[arg-type]
    return first, second


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def atom(root: Path) -> etree._Element:
    return etree.fromstring((root / "all" / "atom.xml").read_bytes())


def texts(element: etree._Element, path: str) -> list[str]:
    return [one.text or "" for one in element.iterfind(path, NAMES)]


def page(root: Path) -> html.HtmlElement:
    return html.fromstring((root / "all" / "index.html").read_bytes())


# what the feeds hold


def test_the_combined_feed_has_the_newest_entries_of_all_sources(db: Database, root: Path) -> None:
    publish_all(db, root)
    assert texts(atom(root), "a:entry/a:title") == ["Cranes", "Apples", "Bears"]


@pytest.mark.parametrize("name", FEEDS)
def test_an_entry_has_the_id_and_the_page_that_it_has_in_its_own_feed(db: Database, root: Path, name: str) -> None:
    publish_all(db, root)
    assert ids_and_pages(root / "all" / name) == ids_and_pages(root / name) | ids_and_pages(root / "village" / name)


def ids_and_pages(path: Path) -> set[tuple[str, str]]:
    if path.suffix == ".json":
        return {(item["id"], item["url"]) for item in json.loads(path.read_bytes())["items"]}
    feed = etree.fromstring(path.read_bytes())
    if path.name == "rss.xml":
        return {(item.findtext("guid") or "", item.findtext("link") or "") for item in feed.iter("item")}
    return {
        (one.findtext("a:id", "", NAMES), one.find("a:link[@rel='alternate']", NAMES).get("href", ""))  # type: ignore[union-attr]
        for one in feed.iterfind("a:entry", NAMES)
    }


def test_each_entry_names_the_feed_of_its_source(db: Database, root: Path) -> None:
    publish_all(db, root)
    own = {"News of the town": f"{BASE_URL}atom.xml", "News of the village": f"{BASE_URL}village/atom.xml"}
    sources = atom(root).findall("a:entry/a:source", NAMES)
    named = {
        source.findtext("a:title", "", NAMES): source.find("a:link[@rel='self']", NAMES).get("href")  # type: ignore[union-attr]
        for source in sources
    }
    assert named == own
    rss = etree.fromstring((root / "all" / "rss.xml").read_bytes())
    assert {one.text: one.get("url", "").replace("rss.xml", "atom.xml") for one in rss.iter("source")} == own
    items = json.loads((root / "all" / "feed.json").read_bytes())["items"]
    found = [item["_foreign_eyes"]["source"] for item in items]
    assert {one["title"]: one["feed_url"].replace("feed.json", "atom.xml") for one in found} == own


def test_an_entry_in_another_language_than_the_feed_says_its_language(empty: Database, root: Path) -> None:
    first, second = two(empty, day=-1, language="zh-Hans")
    for column in (first, second):
        column.crawl(listing(entry(f"Apples of {column.name}")))
        publish_listing(root, column)
    publish_all(empty, root)
    feed = atom(root)
    assert feed.get(XML_LANG) == "en"
    assert [one.get(XML_LANG) for one in feed.iterfind("a:entry", NAMES)] == ["zh-Hans", None]
    items = json.loads((root / "all" / "feed.json").read_bytes())["items"]
    assert [item["language"] for item in items] == ["zh-Hans", "en"]


def test_entries_that_are_not_published_yet_are_left_out(db: Database, root: Path) -> None:
    first, _ = two(db)
    first.crawl(listing(entry("Dogs"), entry("Apples"), entry("Bears")))
    publish_all(db, root)
    assert "Dogs" not in texts(atom(root), "a:entry/a:title")
    publish_listing(root, first, "")
    publish_all(db, root)
    assert texts(atom(root), "a:entry/a:title")[0] == "Dogs"


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An archive with two published sources with hostile texts and a withdrawn entry."""
    folder = tmp_path_factory.mktemp("eventful")
    with open_archive(folder / "archive.db") as opened:
        first, second = two(opened, day=-1, title=HOSTILE_TITLE, language="zh-Hans")
        first.crawl(listing(*HOSTILE[:6], *many(20)))
        for _ in range(2):
            first.crawl(listing(*HOSTILE[1:6], *many(20)))
        second.crawl(listing(*HOSTILE[6:]))
        publish_listing(folder / "public", first, "")
        publish_listing(folder / "public", second)
        yield opened


@pytest.mark.parametrize("settings", [{}, {"hub": HUB}, {"tombstones": True}], ids=["plain", "hub", "tombstones"])
def test_the_files_follow_the_rules_of_their_formats(
    eventful: Database, root: Path, settings: dict[str, object]
) -> None:
    publish_all(eventful, root, **settings)
    base_url = f"{BASE_URL}all/"
    for name in (*FEEDS, "subscriptions.opml"):
        assert complaints(parse(name, base_url, (root / "all" / name).read_bytes())) == [], name
    assert len(atom(root).findall("at:deleted-entry", NAMES)) == ("tombstones" in settings)
    assert [link.get("href") for link in atom(root).findall("a:link[@rel='hub']", NAMES)] == (
        [HUB] if "hub" in settings else []
    )


def test_entries_that_only_another_site_shows_are_left_out(db: Database, root: Path, tmp_path: Path) -> None:
    first, _ = two(db)
    first.crawl(listing(entry("Dogs"), entry("Apples"), entry("Bears")))
    publish_listing(tmp_path / "another", first, "")
    publish_all_sources(db, [of for of in shown(db) if of.root == root], target(root))
    assert texts(atom(root), "a:entry/a:title") == ["Cranes", "Apples", "Bears"]


# which entries


def candidates(count: int, step: timedelta, first_id: int = 1) -> list[Candidate]:
    return [Candidate(first_id + n, NOON - n * step) for n in range(count)]


@pytest.mark.parametrize(
    ("newest_of_each", "expected"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([candidates(3, timedelta(days=300))], 3, id="few entries: all of them, however old"),
        pytest.param([candidates(80, timedelta(minutes=1))], 50, id="many entries of one source at once: 50"),
        pytest.param(
            [candidates(50, timedelta(hours=4), n * 100) for n in range(5)], 5 * 42, id="many of five sources: a week"
        ),
        pytest.param([candidates(50, timedelta(days=30), n * 100) for n in range(5)], 50, id="at least 50"),
        pytest.param([candidates(50, timedelta(minutes=1), n * 100) for n in range(20)], 500, id="at most 500"),
    ],
)
def test_the_combined_feed_goes_back_a_week_within_limits(newest_of_each: list[list[Candidate]], expected: int) -> None:
    assert len(choose_entries(newest_of_each)) == expected


def test_the_chosen_entries_are_the_newest_and_come_newest_first() -> None:
    chosen = choose_entries([candidates(3, timedelta(hours=2), 10), [Candidate(1, NOON - timedelta(hours=1))]])
    assert chosen == [10, 1, 11, 12]


# the page and the subscription list


def test_the_page_links_to_the_pages_and_feeds_of_each_source(db: Database, root: Path) -> None:
    publish_all(db, root)
    links = [link.get("href") for link in page(root).cssselect("main > .counts a")]
    assert links == [
        *("../", "../atom.xml", "../rss.xml", "../feed.json"),
        *("../village/", "../village/atom.xml", "../village/rss.xml", "../village/feed.json"),
    ]


def test_every_link_of_the_page_leads_to_a_file_of_the_folders(db: Database, root: Path) -> None:
    publish_all(db, root)
    places = [link.get("href") for link in page(root).iter("a", "link")]
    local = [place.partition("#")[0] for place in places if "://" not in place]
    missing = [
        place
        for place in local
        if not any((root / "all" / place / name).is_file() for name in (".", "index.html"))
        and not (root / "all" / place).is_file()
    ]
    assert missing == []


def test_a_source_outside_the_folder_is_linked_by_its_full_address(empty: Database, root: Path, tmp_path: Path) -> None:
    first, second = two(empty, day=-1)
    first.crawl(listing(entry("Apples")))
    second.crawl(listing(entry("Cranes")))
    publish_listing(root, first, "")
    publish(empty, second.source, Target(tmp_path / "elsewhere", "https://village.example/eyes/"))
    publish_all(empty, root)
    assert "https://village.example/eyes/" in [link.get("href") for link in page(root).iter("a")]


def test_sources_with_one_title_are_told_apart_by_name(empty: Database, root: Path) -> None:
    first, second = two(empty, day=-1, title="News of the town")
    for column in (first, second):
        column.crawl(listing(entry(f"Apples of {column.name}")))
        publish_listing(root, column)
    publish_all(empty, root)
    shown_titles = [link.text_content() for link in page(root).cssselect("main > .counts bdi")]
    assert shown_titles == ["News of the town (town)", "News of the town (village)"]
    outlines = etree.fromstring((root / "all" / "subscriptions.opml").read_bytes()).iter("outline")
    assert [outline.get("text") for outline in outlines] == shown_titles


def test_a_hostile_title_is_shown_as_text(empty: Database, root: Path) -> None:
    first, second = two(empty, day=-1, title=HOSTILE_TITLE)
    for column in (first, second):
        column.crawl(listing(*HOSTILE[:3]))
        publish_listing(root, column)
    publish_all(empty, root)
    assert page(root).cssselect("script, img") == []
    assert (
        '</title><script>alert(1)</script> & "quoted" back' in page(root).cssselect("main > .counts")[0].text_content()
    )


def test_the_subscription_list_has_the_feed_of_each_source_and_not_the_combined_one(db: Database, root: Path) -> None:
    publish_all(db, root)
    opml = etree.fromstring((root / "all" / "subscriptions.opml").read_bytes())
    feeds = [outline.get("xmlUrl") for outline in opml.iter("outline")]
    assert feeds == [f"{BASE_URL}atom.xml", f"{BASE_URL}village/atom.xml"]


# which files are written


def test_nothing_is_written_if_no_source_has_changed(db: Database, root: Path) -> None:
    assert publish_all(db, root).written == len(FILES)
    before = {name: (path := root / "all" / name).stat().st_mtime_ns or path for name in FILES}
    done = publish_all(db, root)
    assert (done.written, done.unchanged, done.feeds) == (0, len(FILES), ())
    assert {name: (root / "all" / name).stat().st_mtime_ns for name in FILES} == before


def test_a_change_of_one_source_writes_the_page_and_the_feeds_only(db: Database, root: Path) -> None:
    first, _ = two(db)
    publish_all(db, root)
    first.crawl(listing(entry("Dogs"), entry("Apples"), entry("Bears")))
    publish_listing(root, first, "")
    done = publish_all(db, root)
    assert done.written == 4
    assert sorted(done.feeds) == sorted(f"{BASE_URL}all/{name}" for name in FEEDS)


def test_other_topics_of_a_source_reach_the_combined_feeds(db: Database, root: Path) -> None:
    first, _ = two(db)
    publish_all(db, root)
    publish(db, first.source, Target(root, BASE_URL, topics={"Zoo": ["bears"]}, root=root))
    assert publish_all(db, root).written
    assert "Zoo" in {category.get("term") for category in atom(root).iter("{*}category")}


def test_no_file_of_a_source_is_touched(db: Database, root: Path) -> None:
    before = files(root)
    publish_all(db, root)
    now = files(root)
    assert {name: content for name, content in now.items() if not name.startswith("all/")} == before


def test_the_same_archive_gives_the_same_bytes(db: Database, root: Path, tmp_path: Path) -> None:
    publish_all(db, root)
    publish_all(db, tmp_path / "other")
    assert files(root / "all") == files(tmp_path / "other" / "all")


def test_a_changed_or_missing_file_is_repaired(db: Database, root: Path) -> None:
    publish_all(db, root)
    whole = files(root / "all")
    (root / "all" / "atom.xml").unlink()
    publish_all(db, root)
    assert files(root / "all") == whole
    (root / "all" / "rss.xml").write_text("changed")
    publish_all_sources(db, shown(db), target(root), anew=True)
    assert files(root / "all") == whole


def test_a_publish_that_was_killed_is_completed(db: Database, root: Path) -> None:
    publish_all(db, root)
    whole = files(root / "all")
    record = root / "all" / ".foreign-eyes.jsonl"
    record.write_text("".join(line for line in record.read_text().splitlines(keepends=True) if '"end"' not in line))
    (root / "all" / "rss.xml").write_text("old")
    assert publish_all(db, root).written == 1
    assert files(root / "all") == whole


# whose folder it is


def test_files_of_others_are_not_overwritten(db: Database, root: Path) -> None:
    (root / "all").mkdir()
    (root / "all" / "index.html").write_text("mine")
    with pytest.raises(FilesOfOthers, match=r"index\.html"):
        publish_all(db, root)
    assert files(root / "all") == {"index.html": b"mine"}
    publish_all_sources(db, shown(db), target(root), take=True)
    assert "All sources" in (root / "all" / "index.html").read_text()


def test_the_folder_of_a_source_is_not_overwritten(empty: Database, root: Path) -> None:
    first, second = two(empty, day=-1)
    first.crawl(listing(entry("Apples")))
    second.crawl(listing(entry("Cranes")))
    publish_listing(root, first, "")
    publish_listing(root, second, "all/")
    before = files(root)
    with pytest.raises(CombinedFolderTaken, match=r"sources\.village"):
        publish_all(empty, root)
    assert files(root) == before


def test_the_folder_of_another_archive_is_not_overwritten(db: Database, root: Path, tmp_path: Path) -> None:
    publish_all(db, root)
    before = files(root / "all")
    with open_archive(tmp_path / "another.db") as other:
        column = Listing(other, "town")
        column.crawl(listing(entry("Apples")))
        publish_listing(tmp_path / "elsewhere", column)
        with pytest.raises(OutputOfAnother):
            publish_all(other, root)
    assert files(root / "all") == before


def test_a_source_is_not_published_over_the_folder(db: Database, root: Path) -> None:
    publish_all(db, root)
    third = Listing(db, "all", hours=2)
    third.crawl(listing(entry("Eagles")))
    with pytest.raises(OutputTaken):
        publish_listing(root, third)


def test_whether_the_folder_is_up_to_date_is_known_without_reading_it(db: Database, root: Path) -> None:
    first, _ = two(db)
    publish_all(db, root)
    assert shows_all(db, shown(db), target(root))
    first.crawl(listing(entry("Dogs"), entry("Apples"), entry("Bears")))
    publish_listing(root, first, "")
    assert not shows_all(db, shown(db), target(root))


def test_the_files_are_removed_if_no_source_is_published(db: Database, root: Path) -> None:
    publish_all(db, root)
    (root / "all" / "mine.txt").write_text("mine")
    assert remove_all_sources(db, root / "all") == len(FILES)
    assert files(root / "all") == {"mine.txt": b"mine"}
    assert remove_all_sources(db, root / "all") == 0
