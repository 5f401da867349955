"""Composing: from archived entries to what feeds and pages say. Pure: no clock, no file, no format.

Whatever readers are told is decided here, once, so that Atom, RSS and the pages cannot disagree. Text stays text: nothing
in these values is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.query import CurrentEntry
from archive.text import clean
from archive.values import Source
from feeds.addresses import quoting, web_address

NEWEST = 50
VOLUME_SIZE = 50

SUBTITLE = (
    "What the foreign press writes, as excerpted and commented on by this column. The column dates none of it, so each"
    " entry bears the moment at which it was first seen there."
)
RIGHTS = "Excerpts belong to the publications named with them, commentary to the publisher of the column."
# RFC 4287 section 4.1.2 wants an author; an invented name would be worse than this one
UNIDENTIFIED = "Publication not identified"

# Property Bidi_Control of Unicode: in a title or a name they turn round what a reader prints next to it
_BIDI_CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_LEAD = "-‐‑‒–—―⸺⸻─ ,，"
_OPENING_WORDS = 8
_OPENING_LENGTH = 80
# fmt: off
_MONTHS = ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December")
# fmt: on


@dataclass(frozen=True, slots=True)
class Citation:
    """What an excerpt is taken from: the work, and the publication unless the work's name holds it already."""

    work: str
    publication: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """How the archive came by an entry; pages show it, feeds do not, so it may change without an update to a feed.

    `listed_at` is the listing page that first showed the wording, None where its address is not one for a browser.
    `suggested` is the plain citation of the archived entry, for copying.
    """

    attribution: str
    listed_at: str | None
    not_before: datetime | None
    first_seen: datetime
    revision: int
    withdrawn_at: datetime | None
    suggested: str


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry as readers get it.

    Title, author and categories are single lines without bidi controls, never empty; excerpt and commentary are as
    listed, and `summary` is the excerpt, or what there is in its stead. `alternate` is the entry's own page here, `path`
    the folder of it below the base URL, `via` the place at the source. `published` is the feed date, and `updated` the
    last significant change, as RFC 4287 section 4.2.15 means it.
    """

    tag_uri: str
    path: str
    title: str
    author: str
    categories: tuple[str, ...]
    summary: str
    excerpt: str
    commentary: str
    citation: Citation
    alternate: str
    via: str | None
    published: datetime
    updated: datetime
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its entries newest first, and what it says about itself.

    `home` is the address of its folder, with a page for people and a file for each format; `source_url` is where the
    column itself is. `updated` is the newest of its entries', so that a feed in which nothing changed does not change.
    """

    feed_id: str
    title: str
    subtitle: str
    rights: str
    language: str
    home: str
    source_url: str | None
    updated: datetime
    entries: tuple[FeedEntry, ...]


@dataclass(frozen=True, slots=True)
class Volume:
    """Entries `first` to `last`, counted from the oldest: a full volume keeps its entries. They stand newest first."""

    number: int
    first: int
    last: int
    entries: tuple[FeedEntry, ...]


def compose_feed(source: Source, entries: Iterable[FeedEntry], base_url: str, authority: str) -> Feed:
    """Return the feed of a source's newest entries; there must be one at least.

    The feed's id is a `tag:` URI beside those of its entries (RFC 4151), not an address: RFC 4287 section 4.2.6.1 wants
    it to last, and a base URL changes when a site moves. `authority` is what the archive mints tags under.
    """
    newest = tuple(sorted(entries, key=lambda entry: entry.published, reverse=True)[:NEWEST])
    return Feed(
        feed_id=f"tag:{authority}:{source.name}/feed",
        title=_column(source),
        subtitle=SUBTITLE,
        rights=RIGHTS,
        language=_line(clean(source.language)) or "en",
        home=base_url,
        source_url=web_address(source.url),
        updated=max(entry.updated for entry in newest),
        entries=newest,
    )


def compose_entry(source: Source, entry: CurrentEntry, base_url: str) -> FeedEntry:
    """Return what readers are told of an entry; `base_url` ends in a slash."""
    title, publication = _line(entry.title), _line(entry.publication) or None
    citation = Citation(title, publication) if title else Citation(_title_for_untitled(entry, publication), None)
    path = f"entries/{entry.entry_id}/"
    listed_at = web_address(entry.seen_at_url)
    return FeedEntry(
        tag_uri=entry.tag_uri,
        path=path,
        title=citation.work,
        author=publication or UNIDENTIFIED,
        categories=(publication,) if publication else (),
        summary=next((text for text in (entry.excerpt, entry.commentary) if text.strip()), citation.work),
        excerpt=entry.excerpt,
        commentary=entry.commentary,
        citation=citation,
        alternate=base_url + path,
        via=quoting(listed_at, opening(entry.excerpt)) if listed_at else None,
        published=entry.feed_date,
        updated=entry.updated,
        provenance=Provenance(
            attribution=entry.attribution,
            listed_at=listed_at,
            not_before=entry.not_before,
            first_seen=entry.first_seen,
            revision=entry.revision,
            withdrawn_at=entry.withdrawn_at,
            suggested=f"{_named(citation)} Excerpt in “{_column(source)}”, first seen there on {day(entry.first_seen)}."
            f" Archived at {base_url}{path}",
        ),
    )


def compose_volumes(entries: Sequence[FeedEntry]) -> list[Volume]:
    """Return all `entries`, newest first, as volumes, the oldest first; none where the feed alone shows them all."""
    if len(entries) <= NEWEST:
        return []
    oldest_first = entries[::-1]
    starts = range(0, len(entries), VOLUME_SIZE)
    parts = [tuple(oldest_first[start : start + VOLUME_SIZE]) for start in starts]
    return [
        Volume(number, start + 1, start + len(part), part[::-1])
        for number, (start, part) in enumerate(zip(starts, parts, strict=True), start=1)
    ]


def opening(text: str) -> str:
    """Return the first words of `text`, from its first line only: what is quoted in a text fragment, or as a name."""
    line = next((line.strip(" \t") for line in text.split("\n") if line.strip(" \t")), "")
    words = line.replace("\t", " ").split(" ")
    kept: list[str] = []
    for word in filter(None, words):
        if len(kept) == _OPENING_WORDS or (kept and len(" ".join([*kept, word])) > _OPENING_LENGTH):
            break
        kept.append(word)
    return " ".join(kept)[:_OPENING_LENGTH]


def day(moment: datetime) -> str:
    """Return the UTC day of `moment` in words; not by `strftime`, whose months follow the locale."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def _title_for_untitled(entry: CurrentEntry, publication: str | None) -> str:
    """Name an entry after its attribution line as listed; where that says nothing, after its first words."""
    line = _line(_line(entry.attribution).lstrip(_LEAD))
    told = line.casefold().replace(publication.casefold(), " ") if publication else line.casefold()
    if any(word != "by" for word in told.replace(",", " ").split()):
        return line
    if publication:
        return f"Untitled, from {publication}"
    first_words = _line(opening(entry.excerpt))
    return f"Untitled: “{first_words} …”" if first_words else f"Untitled entry {entry.entry_id}"


def _line(text: str | None) -> str:
    """Return `text` as one line without bidi controls; empty where nothing of it could be seen."""
    line = " ".join((text or "").translate(_BIDI_CONTROLS).split())
    return line if any(character.isprintable() and character != " " for character in line) else ""


def _column(source: Source) -> str:
    return _line(clean(source.title)) or source.name


def _named(citation: Citation) -> str:
    return f"“{citation.work}”, {citation.publication}." if citation.publication else f"“{citation.work}”."
