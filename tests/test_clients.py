"""Feeds as the world's readers see them: real programs and libraries, our server, and a source that is edited meanwhile."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import feedparser
import pytest
from conftest import CommandLine
from lxml import etree
from support.feed_readers import (
    Article,
    Feedparser,
    FeedReader,
    Newsboat,
    Reader,
    Rss2email,
    Sfeed,
    read_rows,
    rss2email,
    run_quietly,
)
from support.listing_server import ListingServer
from support.listings import Entry, make_entries, make_site
from support.processes import running
from support.programs import needs
from support.recording_proxy import RecordingProxy

# what becomes of the source, in this order, each crawled and published before the next
FIRST, EDITED, RETITLED, NEW, WITHDRAWN, RETURNED = "first", "edited", "retitled", "new", "withdrawn", "returned"
# and another fetch at the first
AGAIN = "again"


@dataclass
class House:
    """A published archive at each stage of its life, each served by a `foreign-eyes serve`, behind one address."""

    command: CommandLine
    proxy: RecordingProxy
    servers: dict[str, str]
    listed: dict[str, list[Article]]
    diaries: dict[tuple[type[FeedReader], str], Diary] = field(default_factory=dict)

    def show(self, stage: str) -> None:
        self.proxy.behind = self.servers[stage]
        self.proxy.forget()


@dataclass
class Diary:
    """What a reader had after each fetch, and how its requests were answered."""

    reader: FeedReader
    articles: dict[str, list[Article]] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)


def listings() -> Iterator[tuple[str, list[Entry]]]:
    """Yield what is listed at each stage, once for each crawl that is needed to find it."""
    entries = make_entries(12)
    yield FIRST, entries
    entries[4] = replace(entries[4], commentary="The neighbours have looked again, and see it otherwise.")
    yield EDITED, entries
    entries[6] = replace(entries[6], title="Workshop 7 no longer bets on patents for tea")
    yield RETITLED, entries
    entries = make_entries(1, first=99) + entries
    yield NEW, entries
    fewer = [*entries[:9], *entries[10:]]
    yield WITHDRAWN, fewer
    yield WITHDRAWN, fewer
    yield RETURNED, entries


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    command = CommandLine(tmp_path_factory.mktemp("house"))
    with ExitStack() as stack:
        proxy = stack.enter_context(RecordingProxy())
        source = stack.enter_context(ListingServer())
        (command.folder / "foreign-eyes.toml").write_text(f'[publish]\nbase_url = "{proxy.address}"\n')
        listed, started = {}, {}
        for stage, entries in listings():
            # newsboat ignores what has the same Last-Modified; a server does not send one before its second is over, but these
            # servers start later
            time.sleep(1 - time.time() % 1)
            source.site = make_site(entries)
            assert command.crawl(source)["exit_code"] == 0
            assert command("publish").returncode == 0
            shutil.copytree(command.folder / "public", command.folder / stage / "public", dirs_exist_ok=True)
            listed[stage] = in_listing_order(command)
        for stage in listed:
            shutil.copy(command.folder / "foreign-eyes.toml", command.folder / stage)
            serve = running(CommandLine(command.folder / stage), "serve", "--port", "0")
            started[stage] = stack.enter_context(serve)
        servers = {stage: one.wait_for(r"pages +(http://\S+)")[1] for stage, one in started.items()}
        yield House(command, proxy, servers, listed)


def in_listing_order(command: CommandLine) -> list[Article]:
    """Return what the archive holds of the listed entries, as a reader is to show it."""
    rows = command.rows(
        "SELECT title, publication, feed_date, tag_uri FROM current_entries WHERE withdrawn_at IS NULL"
        " ORDER BY page, position"
    )
    return [
        Article(
            row["title"],
            row["publication"],
            datetime.fromisoformat(row["feed_date"]).replace(microsecond=0),
            row["tag_uri"],
        )
        for row in rows
    ]


@pytest.fixture
def diary(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> Diary:
    """A reader's diary, which it writes once: it fetches at each stage, and again at the first."""
    reader, name = request.param
    if (reader, name) not in house.diaries:
        house.diaries[reader, name] = written_by(reader(tmp_path, house.proxy.address + name), name, house)
    return house.diaries[reader, name]


def written_by(reader: FeedReader, name: str, house: House) -> Diary:
    diary = Diary(reader)
    later = [(stage, stage) for stage in list(house.servers)[1:]]
    # newsboat keeps a feed's ETag only from the second time on, when it has the feed
    for stage, shown in [(FIRST, FIRST), ("in between", FIRST), (AGAIN, FIRST), *later]:
        house.show(shown)
        reader.fetch()
        diary.articles[stage] = reader.articles()
        diary.statuses[stage] = house.proxy.statuses(name)
    return diary


READERS: list[tuple[type[FeedReader], str]] = [
    *(
        (reader, name)
        for reader in (Newsboat, Sfeed, Rss2email, Feedparser, Reader)
        for name in ("atom.xml", "rss.xml")
    ),
    (Reader, "feed.json"),
]


def read_by(*readers: type[FeedReader]) -> pytest.MarkDecorator:
    chosen = [(reader, name) for reader, name in READERS if reader in readers]
    return pytest.mark.parametrize(
        "diary", chosen, indirect=True, ids=[f"{reader.__name__}-{name}" for reader, name in chosen]
    )


every_reader = read_by(*dict(READERS))


@every_reader
def test_the_first_fetch_brings_every_entry_once_in_the_listings_order_with_date_and_author(
    house: House, diary: Diary
) -> None:
    assert diary.articles[FIRST] == house.listed[FIRST]
    assert diary.statuses[FIRST] == [200]


@every_reader
def test_where_nothing_is_new_the_answer_is_304_and_nothing_comes(diary: Diary) -> None:
    assert diary.statuses[AGAIN] == [304]
    assert diary.articles[AGAIN] == diary.articles[FIRST]


@every_reader
def test_an_edit_brings_nothing_twice_and_moves_no_date(diary: Diary) -> None:
    assert diary.statuses[EDITED] == [200]
    assert diary.articles[EDITED] == diary.articles[FIRST]


@read_by(Newsboat, Reader)
def test_an_edit_reaches_the_readers_that_renew_what_they_have(diary: Diary) -> None:
    again = "The neighbours have looked again"
    edited = [[again in article.words for article in diary.articles[stage]] for stage in (AGAIN, EDITED)]
    assert edited == [[False] * 12, [number == 4 for number in range(12)]]


@every_reader
def test_another_title_brings_nothing_twice_but_to_a_reader_that_keeps_both(house: House, diary: Diary) -> None:
    assert diary.statuses[RETITLED] == [200]
    shown = [article.entry_id for article in diary.articles[RETITLED]]
    listed = [article.entry_id for article in house.listed[FIRST]]
    retitled = listed[6]
    assert sorted(shown) == sorted([*listed, *[retitled] * diary.reader.keeps_each_title])


@every_reader
def test_a_new_entry_brings_exactly_one_article_more_on_top(house: House, diary: Diary) -> None:
    before, after = diary.articles[RETITLED], diary.articles[NEW]
    assert after == [house.listed[NEW][0], *before]
    assert after[0].title.startswith("Workshop 99 ")


@every_reader
def test_a_withdrawal_is_nothing_new_to_fetch(diary: Diary) -> None:
    assert diary.statuses[WITHDRAWN] == [304]
    assert diary.articles[WITHDRAWN] == diary.articles[NEW]


@every_reader
def test_a_return_brings_nothing_twice(diary: Diary) -> None:
    assert diary.articles[RETURNED] == diary.articles[NEW]


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml", "feed.json"])
def test_a_withdrawal_changes_no_byte_of_the_feeds(house: House, name: str) -> None:
    before, after = (house.command.folder / stage / "public" / name for stage in (NEW, WITHDRAWN))
    assert before.read_bytes() == after.read_bytes()


@pytest.mark.parametrize("name", ["changes.xml", "changes.rss"])
@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (FIRST, EDITED, "Edited: Workshop 5 "),
        (EDITED, RETITLED, "Edited: Workshop 7 no longer"),
        (RETITLED, NEW, None),
        (NEW, WITHDRAWN, "Withdrawn: Workshop 9 "),
        (WITHDRAWN, RETURNED, "Returned: Workshop 9 "),
    ],
)
def test_the_feed_of_changes_tells_of_each_change_once_and_of_no_new_entry(
    house: House, name: str, before: str, after: str, told: str | None
) -> None:
    older, newer = (changes_at(house, stage, name) for stage in (before, after))
    assert newer[len(newer) - len(older) :] == older
    assert [title.startswith(told or "?") for _, title in newer[: len(newer) - len(older)]] == [True] * bool(told)


def changes_at(house: House, stage: str, name: str) -> list[tuple[str, str]]:
    parsed = feedparser.parse(f"{house.servers[stage]}{name}")
    assert not parsed.bozo
    return [(entry.id, entry.title) for entry in parsed.entries]


def test_newsboat_shows_the_feed_and_the_changes_side_by_side(house: House, tmp_path: Path) -> None:
    # it keys articles by id, across feeds: what stands in two feeds under one id shows in one of them only
    house.show(RETURNED)
    (tmp_path / "config").touch()
    (tmp_path / "urls").write_text(f"{house.proxy.address}atom.xml\n{house.proxy.address}changes.xml\n")
    run_quietly(needs("newsboat"), "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload", folder=tmp_path)
    counts = read_rows(tmp_path / "cache.db", "SELECT feedurl, count(*) AS n FROM rss_item GROUP BY feedurl ORDER BY n")
    assert [row["n"] for row in counts] == [4, 13]


# subscriptions.opml


def by_newsboat(folder: Path) -> str:
    for name in ("config", "urls"):
        (folder / name).touch()
    run_quietly(
        *(needs("newsboat"), "-C", "config", "-u", "urls", "-c", "cache.db", "-i", "subscriptions.opml"), folder=folder
    )
    return (folder / "urls").read_text()


def by_sfeed(folder: Path) -> str:
    return run_quietly("sh", "-c", f"{needs('sfeed_opml_import')} < subscriptions.opml", folder=folder)


def by_rss2email(folder: Path) -> str:
    command = rss2email(folder)
    run_quietly(*command, "opmlimport", "subscriptions.opml", folder=folder)
    return run_quietly(*command, "list", folder=folder)


@pytest.mark.parametrize("imported_by", [by_newsboat, by_sfeed, by_rss2email])
def test_every_feed_of_the_subscription_list_is_there_after_an_import(
    house: House, tmp_path: Path, imported_by: Callable[[Path], str]
) -> None:
    published = house.command.folder / "public" / "subscriptions.opml"
    shutil.copy(published, tmp_path)
    feeds = [outline.get("xmlUrl", "") for outline in etree.parse(published).iterfind(".//outline[@xmlUrl]")]
    assert {f"{house.proxy.address}{name}" for name in ("atom.xml", "changes.xml")} < set(feeds)
    assert len([feed for feed in feeds if "/publications/" in feed]) == 4
    text = imported_by(tmp_path)
    # an address ends at a space, a quotation mark or the end of its line
    assert [feed for feed in feeds if not any(feed + end in text for end in (" ", '"', "'", "\n"))] == []
