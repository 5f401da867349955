"""The pages for people: the front, an entry, numbered pages, publications, topics and changes; by Jinja templates.

Links inside are relative, so the pages work in any folder of any server; only what a reader copies, the feeds' addresses
and citations, is absolute. There is no script, no inline style and nothing from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from itertools import groupby
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from foreign_eyes.feeds import html_text
from foreign_eyes.feeds.compose.change_items import ComposedChange
from foreign_eyes.feeds.compose.collection_pages import FOREMOST, Chart, CollectionCount, Volume, older_volume
from foreign_eyes.feeds.compose.entry_pages import EntryPage
from foreign_eyes.feeds.compose.feed_entries import FeedEntry
from foreign_eyes.feeds.compose.feeds import (
    CHANGES_SUBTITLE,
    RIGHTS,
    SUBTITLE,
    FeedUrls,
    changes_urls,
    collection_urls,
    column_urls,
)
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.sentences import day, minute, one_line
from foreign_eyes.feeds.site_map import FRONT_PAGE


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed in one format, as pages show it: label of the format, URL, path below the base URL and media type."""

    label: str
    url: str
    path: str
    media_type: str


def front_page(
    edition: PublicationTarget,
    entries: Sequence[FeedEntry],
    total: int,
    publications: Sequence[CollectionCount],
    topics: Sequence[CollectionCount],
    chart: Chart,
) -> bytes:
    """Return `index.html`: the newest `entries` of `total`, how to subscribe and search, and ways into the rest."""
    return _render(
        FRONT_PAGE,
        edition,
        "",
        days=_by_day(entries),
        total=total,
        older=older_volume(total),
        publications=publications[:FOREMOST],
        more_publications=len(publications) > FOREMOST,
        topics=topics[:FOREMOST],
        more_topics=len(topics) > FOREMOST,
        chart=chart,
    )


def volume_page(edition: PublicationTarget, volume: Volume, volumes: int) -> bytes:
    """Return a volume's page; it changes no more once full, but for a link to the next when that one comes to be."""
    newer = volume.number + 1 if volume.number < volumes else None
    older = volume.number - 1 or None
    return _render("volume.html", edition, "../", volume=volume, days=_by_day(volume.entries), newer=newer, older=older)


def entry_page(edition: PublicationTarget, page: EntryPage) -> bytes:
    """Return an entry's own page: its words, every revision, where they come from and how to cite it."""
    return _render("entry.html", edition, "../../", page=page, entry=page.entry)


# the heading of a redirect page, and the sentence that gives the reason
MERGED = ("This entry goes by another id", "Two entries turned out to be one.")
RENAMED = ("This publication is shown under another name", "Its entries and feeds moved.")


def redirect_page(edition: PublicationTarget, path: str, why: tuple[str, str]) -> bytes:
    """Return a page that leads to the folder `path` on any server; `why` is `MERGED` or `RENAMED`."""
    heading, sentence = why
    return _render("redirect.html", edition, "../../", path=path, heading=heading, sentence=sentence)


def collection_page(edition: PublicationTarget, counted: CollectionCount, entries: Sequence[FeedEntry]) -> bytes:
    """Return the page of a publication or a topic: its newest entries, of which it has more perhaps."""
    feeds = _feed_links(edition, collection_urls(edition.base_url, counted.of))
    return _render(
        "collection.html",
        edition,
        "../../",
        of=counted.of,
        count=counted.entries,
        days=_by_day(entries),
        page_feeds=feeds,
    )


def collections_page(edition: PublicationTarget, kind: str, counted: Sequence[CollectionCount]) -> bytes:
    """Return the page that names all publications, or all topics."""
    return _render("collections.html", edition, "../", kind=kind, counted=counted)


def changes_page(edition: PublicationTarget, changes: Sequence[ComposedChange]) -> bytes:
    """Return the page of the newest changes."""
    feeds = _feed_links(edition, changes_urls(edition.base_url))
    return _render("changes.html", edition, "../", changes=changes, page_feeds=feeds, subtitle=CHANGES_SUBTITLE)


def missing_page(edition: PublicationTarget) -> bytes:
    """Return `404.html`, which servers send for addresses at any depth: its links are paths from the server's root.

    They name no host, so that the page works on any port.
    """
    return _render("404.html", edition, urlsplit(edition.base_url).path)


def volume_path(number: int) -> str:
    """Return the name of a volume's page below the base URL."""
    return f"pages/{number}.html"


def _render(template: str, edition: PublicationTarget, root: str, **values: object) -> bytes:
    """Render a page from which the base URL is reached by `root`, relative as a rule."""
    feeds = _feed_links(edition, column_urls(edition.base_url))
    browse = _from(root, edition.browse)
    shared = {
        "edition": edition,
        "root": root,
        "browse": browse,
        "feeds": feeds,
        "rights": RIGHTS,
        "subtitle": SUBTITLE,
    }
    return _environment().get_template(template).render({"page_feeds": feeds, **shared, **values}).encode()


def _from(root: str, address: str | None) -> str | None:
    """Return an address below the base URL as seen from a page; an absolute one as it is."""
    return address if address is None or "//" in address else root + address


def _feed_links(edition: PublicationTarget, urls: FeedUrls) -> list[FeedLink]:
    return [FeedLink(one.label, url, url.removeprefix(edition.base_url), one.media_type) for one, url in urls.items()]


def _by_day(entries: Iterable[FeedEntry]) -> list[tuple[str, list[FeedEntry]]]:
    """Return runs of entries first seen on the same day, as they stand; apart where only some have a "not before"."""
    runs = groupby(entries, lambda entry: (day(entry.first_seen), entry.not_before is None))
    return [(name, list(run)) for (name, _), run in runs]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("foreign_eyes.feeds"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    # escaped by markup
    environment.filters["paragraphs"] = lambda text: Markup(html_text.paragraphs(text))  # noqa: S704
    environment.filters["citation"] = lambda cited: Markup(html_text.citation(cited.work, cited.publication))  # noqa: S704
    environment.filters["diff"] = lambda pieces: Markup(html_text.diff(pieces))  # noqa: S704
    environment.filters["breakable"] = lambda address: Markup(_breakable(address))  # noqa: S704
    environment.filters["day"] = day
    environment.filters["minute"] = minute
    environment.filters["one_line"] = one_line
    environment.filters["machine"] = lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds")
    environment.filters["volume_path"] = volume_path
    return environment


def _breakable(address: str) -> str:
    """Return an address as markup that a narrow screen breaks behind a single slash rather than anywhere."""
    return re.sub("(?<=[^/])/(?=[^/])", "/<wbr>", html_text.text(address))
