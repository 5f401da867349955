"""Feed readers subscribe to the feeds over all sources and to the subscription list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database
from support.browse_servers import browse_server
from support.feed_readers import Feedparser, FeedReader, Newsboat, run_quietly
from support.programs import needs
from support.published import HOSTILE
from support.settling import entry, listing
from support.several_sources import Listing, publish_all, publish_listing

from foreign_eyes.archive.database import open_archive

TITLES = ["Dogs & <b>cats</b>", "Cranes", "Apples", "Bears"]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as opened:
        yield opened


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml"])
@pytest.mark.parametrize("reader_type", [Newsboat, Feedparser])
def test_a_reader_of_the_combined_feed_sees_each_entry_of_each_source_once(
    db: Database, tmp_path: Path, reader_type: type[FeedReader], name: str
) -> None:
    root = tmp_path / "public"
    town, village = Listing(db, "town"), Listing(db, "village", hours=1)
    with browse_server(tmp_path / "archive.db", output=root) as server:
        (tmp_path / "reader").mkdir()
        reader = reader_type(tmp_path / "reader", f"http://127.0.0.1:{server.port}/all/{name}")
        town.crawl(listing(entry("Apples"), entry("Bears")))
        village.crawl(listing(entry("Cranes")))
        for column in (town, village):
            publish_listing(root, column)
        publish_all(db, root)
        reader.fetch()
        assert [article.title for article in reader.articles()] == TITLES[1:]
        village.crawl(listing(entry(TITLES[0]), entry("Cranes", commentary="Edited.")))
        publish_listing(root, village)
        publish_all(db, root)
        reader.fetch()
        articles = reader.articles()
    assert [article.title.replace("\u2060", "") for article in articles] == TITLES
    assert len({article.entry_id for article in articles}) == len(TITLES)


def test_newsboat_imports_the_subscription_list(db: Database, tmp_path: Path) -> None:
    root = tmp_path / "public"
    for hours, name in enumerate(("town", "village")):
        column = Listing(db, name, hours=hours, title=f'The <b>{name}</b> & "others"')
        column.crawl(listing(HOSTILE[hours]))
        publish_listing(root, column)
    publish_all(db, root)
    (tmp_path / "urls").touch()
    (tmp_path / "config").touch()
    opml = str(root / "all" / "subscriptions.opml")
    run_quietly(needs("newsboat"), "-C", "config", "-u", "urls", "-c", "cache.db", "-i", opml, folder=tmp_path)
    urls = [line.split()[0] for line in (tmp_path / "urls").read_text().splitlines() if line]
    assert urls == ["https://eyes.example/town/atom.xml", "https://eyes.example/village/atom.xml"]
