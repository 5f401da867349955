"""One entry as feeds and pages show it. Pure.

All values are plain text, not markup.
"""

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
from foreign_eyes.listing.values import EntryTexts

# RFC 4287 section 4.1.2 requires an author; an invented name would be worse than this one
UNIDENTIFIED = "Publication not identified"
# the author of an entry whose publication is redacted with its texts
REDACTED = "Redacted"

CollectionKind = Literal["publication", "topic"]

_LEAD = "-‐‑‒–—―⸺⸻─ ,，"


@dataclass(frozen=True, slots=True)
class Collection:
    """A publication or a topic: its name in one line, and its folder below the base URL."""

    kind: CollectionKind
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Citation:
    """The source of an excerpt: the work and the publication.

    `publication` is None if the name of the work contains it.
    """

    work: str
    publication: str | None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry as feeds and pages show it.

    Title, author and the names of its collections are single lines without bidi controls, never empty. `texts` are as
    listed. `summary` is the excerpt, or the commentary or the title if there is no excerpt. `alternate` is the URL of the
    entry's own page, `path` its folder below the base URL. `via` is the URL of the entry at the source, `listed_at` that
    of the listing page; both are None if browsers cannot open it. `published` is the feed date, `updated` the time of the
    last significant change (RFC 4287 section 4.2.15). The entry appeared between `not_before`, if known, and `first_seen`.
    """

    entry_id: int
    tag_uri: str
    path: str
    title: str
    author: str
    publication: Collection | None
    topics: tuple[Collection, ...]
    summary: str
    texts: EntryTexts
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
        """Whether the excerpt is the notice that replaces redacted texts."""
        return is_notice(self.title, self.entry_id)


def compose_entry(target: PublicationTarget, entry: CurrentEntry, topics: Iterable[str] = ()) -> FeedEntry:
    """Return an entry of these topics as feeds and pages show it."""
    title, publication = one_line(entry.title), one_line(entry.publication) or None
    citation = Citation(title, publication) if title else Citation(_title_for_untitled(entry, publication), None)
    path = entry_path(entry.entry_id)
    listed_at = web_address(entry.seen_at_url)
    has_texts = not is_notice(entry.title, entry.entry_id)
    return FeedEntry(
        entry_id=entry.entry_id,
        tag_uri=entry.tag_uri,
        path=path,
        title=citation.work,
        author=publication or (UNIDENTIFIED if has_texts else REDACTED),
        publication=collection("publication", entry.publication or "") if publication else None,
        topics=tuple(collection("topic", name) for name in sorted(topics)),
        summary=next((text for text in (entry.excerpt, entry.commentary) if text.strip()), citation.work),
        texts=entry,
        citation=citation,
        alternate=target.base_url + path,
        via=quoting(listed_at, opening(entry.excerpt)) if listed_at and has_texts else listed_at,
        listed_at=listed_at,
        published=entry.feed_date,
        updated=entry.updated,
        not_before=entry.not_before,
        first_seen=entry.first_seen,
        withdrawn_at=entry.withdrawn_at,
        revision=entry.revision,
    )


def collection(kind: CollectionKind, name: str) -> Collection:
    """Return a publication or topic by its archived name, which alone decides its folder."""
    return Collection(kind, one_line(name) or name, f"{COLLECTION_FOLDERS[kind]}/{slug(name)}/")


def entry_path(entry_id: int) -> str:
    """Return the folder of an entry's own page below the base URL."""
    return f"entries/{entry_id}/"


def _title_for_untitled(entry: CurrentEntry, publication: str | None) -> str:
    """Return a title for an entry without one, made from its other values.

    The title is the attribution line, unless that line is empty or names only the publication. Then it is the name of
    the publication, the first words of the excerpt, or the id.
    """
    line = one_line(one_line(entry.attribution).lstrip(_LEAD))
    rest = line.casefold().replace(publication.casefold(), " ") if publication else line.casefold()
    if any(word != "by" for word in rest.replace(",", " ").split()):
        return line
    if publication:
        return f"Untitled, from {publication}"
    first_words = one_line(opening(entry.excerpt))
    return f"Untitled: “{first_words} …”" if first_words else f"Untitled entry {entry.entry_id}"
