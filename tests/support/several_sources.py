"""Archives with several sources, each published to a folder of its own below the root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.published_sources import PublishedFolder, published_folders
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.publish import Published, Target, publish
from foreign_eyes.feeds.publish_all_sources import AllSourcesTarget, publish_all_sources
from support.published import TOPICS
from support.settling import Column

BASE_URL = "https://eyes.example/"


@dataclass
class Listing(Column):
    """A listing with its own title and language, crawled `hours` after the others."""

    title: str = "The column"
    language: str = "en"
    hours: int = 0

    @property
    def source(self) -> Source:
        return Source(self.name, f"http://{self.name}.example/", self.title, self.language)

    @property
    def today(self) -> datetime:
        return super().today + timedelta(hours=self.hours, microseconds=self.hours)


def publish_listing(root: Path, listing: Listing, folder: str | None = None) -> Published:
    """Publish a listing to the folder of its name; to the root if `folder` is empty."""
    below = f"{listing.name}/" if folder is None else folder
    return publish(listing.db, listing.source, Target(root / below, BASE_URL + below, topics=TOPICS, root=root))


def publish_all(db: Database, root: Path, **settings: object) -> Published:
    """Publish the folder over all sources."""
    return publish_all_sources(db, shown(db), target(root, **settings))


def target(root: Path, **settings: object) -> AllSourcesTarget:
    return AllSourcesTarget(root / "all", f"{BASE_URL}all/", **settings)  # type: ignore[arg-type]


def mix(db: Database) -> None:
    """Make the source `sample` invented, in an archive that holds real sources: only older versions did that."""
    db.execute("UPDATE sources SET url = 'http://sample.invalid/' WHERE name = 'sample'")
    db.conn.commit()


def shown(db: Database) -> list[PublishedFolder]:
    return published_folders(db)
