"""One entry as readers get it. Pure. Text stays text: nothing in these values is markup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foreign_eyes.archive.feed_state.current_entries import CurrentEntry
from foreign_eyes.archive.redaction.notice import is_notice
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.sentences import one_line, opening
from foreign_eyes.feeds.published_urls import quoting, web_address
from foreign_eyes.feeds.site_map import COLLECTION_FOLDERS
from foreign_eyes.feeds.slugs import slug

# RFC 4287 section 4.1.2 wants an author; an invented name would be worse than this one
UNIDENTIFIED = "Publication not identified"
# the author of an entry whose publication is redacted with its words
REDACTED = "Redacted"

CollectionKind = Literal["publication", "topic"]

_LEAD = "-‐‑‒–—―⸺⸻─ ,，"


@dataclass(frozen=True, slots=True)
class Collection:
    """A publication or a topic, by which entries can be had apart: its name in one line, and its folder."""

    kind: CollectionKind
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Citation:
    """What an excerpt is taken from: the work, and the publication unless the work's name holds it already."""

    work: str
    publication: str | None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry as readers get it.

    Title, author and the names of its collections are single lines without bidi controls, never empty; excerpt and commentary
    are as listed, and `summary` is the excerpt, or what there is in its stead. `alternate` is the entry's own page here,
    `path` the folder of it below the base URL, `via` the place at the source, `listed_at` the page of that, each None where
    it is not for a browser. `published` is the feed date, and `updated` the last significant change, as RFC 4287 section
    4.2.15 means it. The entry appeared between `not_before`, if that is known, and `first_seen`.
    """

    entry_id: int
    tag_uri: str
    path: str
    title: str
    author: str
    publication: Collection | None
    topics: tuple[Collection, ...]
    summary: str
    excerpt: str
    commentary: str
    attribution: str
    citation: Citation
    alternate: str
    via: str | None
    listed_at: str | None
    published: datetime
    updated: datetime
    not_before: datetime | None
    first_seen: datetime
    withdrawn_at: datetime | None
    revision: int

    @property
    def is_redacted(self) -> bool:
        """Whether the excerpt is a notice that replaces redacted words."""
        return is_notice(self.title, self.entry_id)


def compose_entry(edition: PublicationTarget, entry: CurrentEntry, topics: Iterable[str] = ()) -> FeedEntry:
    """Return what readers are told of an entry, which is about these topics."""
    title, publication = one_line(entry.title), one_line(entry.publication) or None
    citation = Citation(title, publication) if title else Citation(_title_for_untitled(entry, publication), None)
    path = entry_path(entry.entry_id)
    listed_at = web_address(entry.seen_at_url)
    has_words = not is_notice(entry.title, entry.entry_id)
    return FeedEntry(
        entry_id=entry.entry_id,
        tag_uri=entry.tag_uri,
        path=path,
        title=citation.work,
        author=publication or (UNIDENTIFIED if has_words else REDACTED),
        publication=collection("publication", entry.publication or "") if publication else None,
        topics=tuple(collection("topic", name) for name in sorted(topics)),
        summary=next((text for text in (entry.excerpt, entry.commentary) if text.strip()), citation.work),
        excerpt=entry.excerpt,
        commentary=entry.commentary,
        attribution=entry.attribution,
        citation=citation,
        alternate=edition.base_url + path,
        via=quoting(listed_at, opening(entry.excerpt)) if listed_at and has_words else listed_at,
        listed_at=listed_at,
        published=entry.feed_date,
        updated=entry.updated,
        not_before=entry.not_before,
        first_seen=entry.first_seen,
        withdrawn_at=entry.withdrawn_at,
        revision=entry.revision,
    )


def collection(kind: CollectionKind, name: str) -> Collection:
    """Return a publication or topic by its name as archived; its folder is made of that name alone."""
    return Collection(kind, one_line(name) or name, f"{COLLECTION_FOLDERS[kind]}/{slug(name)}/")


def entry_path(entry_id: int) -> str:
    """Return the folder of an entry's own page below the base URL."""
    return f"entries/{entry_id}/"


def _title_for_untitled(entry: CurrentEntry, publication: str | None) -> str:
    """Name an entry after its attribution line as listed; where that says nothing, after its first words."""
    line = one_line(one_line(entry.attribution).lstrip(_LEAD))
    told = line.casefold().replace(publication.casefold(), " ") if publication else line.casefold()
    if any(word != "by" for word in told.replace(",", " ").split()):
        return line
    if publication:
        return f"Untitled, from {publication}"
    first_words = one_line(opening(entry.excerpt))
    return f"Untitled: “{first_words} …”" if first_words else f"Untitled entry {entry.entry_id}"
