"""The values that every published document is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.plan import Extent
from foreign_eyes.feeds.topic_matching import Topics

Render = Callable[[], bytes]
# a name below the output folder, and the function that makes the bytes
PublishedDocument = tuple[str, Render]


@dataclass(frozen=True, slots=True)
class PublishContext:
    """The values that every document needs."""

    db: Database
    source_id: int
    target: PublicationTarget
    topics: Topics
    extent: Extent
