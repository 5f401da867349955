"""The HTML pages, rendered by Jinja templates.

The pages are the front page and those of entries, volumes, publications, topics and changes.

Links between pages are relative, so the pages work in any folder of any server. Only the URLs that people
copy, in feed links and citations, are absolute. Pages have no scripts, no inline styles and no resources of other sites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from itertools import groupby
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from foreign_eyes.feeds import html_text
from foreign_eyes.feeds.compose import all_sources
from foreign_eyes.feeds.compose.all_sources import CombinedEntry, CombinedTarget, ShownSource, reference
from foreign_eyes.feeds.compose.change_items import ComposedChange
from foreign_eyes.feeds.compose.collection_pages import FOREMOST, Chart, CollectionCount, Volume, older_volume
from foreign_eyes.feeds.compose.entry_pages import EntryPage
from foreign_eyes.feeds.compose.feed_items import FeedUrls
from foreign_eyes.feeds.compose.feeds import (
    CHANGES_SUBTITLE,
    RIGHTS,
    SUBTITLE,
    changes_urls,
    collection_urls,
    column_urls,
)
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.sentences import day, minute, one_line
from foreign_eyes.feeds.compose.shown_entries import FeedEntry
from foreign_eyes.feeds.site_map import FRONT_PAGE


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed in one format, as pages link to it.

    `label` is the name of the format, and `path` is relative to the base URL.
    """

    label: str
    url: str
    path: str
    media_type: str


def front_page(
    target: PublicationTarget,
    entries: Sequence[FeedEntry],
    total: int,
    publications: Sequence[CollectionCount],
    topics: Sequence[CollectionCount],
    chart: Chart,
) -> bytes:
    """Return `index.html`, which shows the newest `entries` of `total`.

    The page also has the subscription links, the search, and links to all other pages.
    """
    return _render(
        FRONT_PAGE,
        target,
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


def volume_page(target: PublicationTarget, volume: Volume, volumes: int) -> bytes:
    """Return the page of a volume.

    The page of a full volume changes only once more, to link to the next volume.
    """
    newer = volume.number + 1 if volume.number < volumes else None
    older = volume.number - 1 or None
    return _render("volume.html", target, "../", volume=volume, days=_by_day(volume.entries), newer=newer, older=older)


def entry_page(target: PublicationTarget, page: EntryPage) -> bytes:
    """Return the page of an entry: its texts, revisions, sources and citations."""
    return _render("entry.html", target, "../../", page=page, entry=page.entry)


# the heading of a redirect page, and the sentence with the reason
MERGED = ("This entry goes by another id", "Two entries turned out to be one.")
RENAMED = ("This publication is shown under another name", "Its entries and feeds moved.")


def redirect_page(target: PublicationTarget, path: str, why: tuple[str, str]) -> bytes:
    """Return a page that redirects to the folder `path` on any server.

    `why` is `MERGED` or `RENAMED`.
    """
    heading, sentence = why
    return _render("redirect.html", target, "../../", path=path, heading=heading, sentence=sentence)


def collection_page(target: PublicationTarget, counted: CollectionCount, entries: Sequence[FeedEntry]) -> bytes:
    """Return the page of a publication or a topic with its newest entries."""
    feeds = feed_links(target, collection_urls(target.base_url, counted.of))
    return _render(
        "collection.html",
        target,
        "../../",
        of=counted.of,
        count=counted.entries,
        days=_by_day(entries),
        page_feeds=feeds,
    )


def collections_page(target: PublicationTarget, kind: str, counted: Sequence[CollectionCount]) -> bytes:
    """Return the page that lists all publications, or all topics."""
    return _render("collections.html", target, "../", kind=kind, counted=counted)


def changes_page(target: PublicationTarget, changes: Sequence[ComposedChange]) -> bytes:
    """Return the page of the newest changes."""
    feeds = feed_links(target, changes_urls(target.base_url))
    return _render("changes.html", target, "../", changes=changes, page_feeds=feeds, subtitle=CHANGES_SUBTITLE)


def missing_page(target: PublicationTarget) -> bytes:
    """Return `404.html`, whose links are paths from the root of the server.

    Servers send the page at any depth, so its links cannot be relative to the page. The links name no host, so the page
    works on any port.
    """
    return _render("404.html", target, urlsplit(target.base_url).path)


def all_sources_page(target: CombinedTarget, sources: Sequence[ShownSource], entries: Sequence[CombinedEntry]) -> bytes:
    """Return the page over all sources: links to the pages and feeds of each, and the newest entries of all."""
    days = groupby(entries, lambda shown: day(shown.entry.first_seen))
    return _render(
        "all.html",
        target,
        "",
        subtitle=all_sources.SUBTITLE,
        sources=sources,
        labels={source.name: source.label for source in sources},
        days=[(name, list(run)) for name, run in days],
    )


def volume_path(number: int) -> str:
    """Return the path of a volume's page below the base URL."""
    return f"pages/{number}.html"


def _render(template: str, target: PublicationTarget | CombinedTarget, root: str, **values: object) -> bytes:
    """Render a page; `root` is the reference from the page to the base URL."""
    feeds = feed_links(target, column_urls(target.base_url))
    browse = _from(root, target.browse)
    shared = {
        "target": target,
        "root": root,
        "browse": browse,
        "feeds": feeds,
        "rights": RIGHTS,
        "subtitle": SUBTITLE,
    }
    return _environment().get_template(template).render({"page_feeds": feeds, **shared, **values}).encode()


def _from(root: str, address: str | None) -> str | None:
    """Return the reference from a page to a URL that is relative to the base URL.

    Absolute URLs stay unchanged.
    """
    return address if address is None or "//" in address else root + address


def feed_links(target: PublicationTarget | CombinedTarget, urls: FeedUrls) -> list[FeedLink]:
    """Return a feed in its formats, as pages link to it."""
    return [FeedLink(form.label, url, url.removeprefix(target.base_url), form.media_type) for form, url in urls.items()]


def _by_day(entries: Iterable[FeedEntry]) -> list[tuple[str, list[FeedEntry]]]:
    """Return the entries in runs of those that were first seen on the same day.

    The entries keep their order. A run contains only entries with a "not before", or only entries without one.
    """
    runs = groupby(entries, lambda entry: (day(entry.first_seen), entry.not_before is None))
    return [(name, list(run)) for (name, _), run in runs]


_IMPORTED = ("listing.html", "entry_parts.html")


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
    _add_filters(environment)
    return environment


def share_templates(environment: Environment) -> None:
    """Give another environment the filters of the pages, and their templates under names that begin with `site:`.

    So the pages of Datasette have the same frame as the published ones.
    """
    ours = PackageLoader("foreign_eyes.feeds")
    # the templates that ours import by their own names
    imported = DictLoader({name: ours.get_source(environment, name)[0] for name in _IMPORTED})
    theirs = [environment.loader] if environment.loader else []
    environment.loader = ChoiceLoader([PrefixLoader({"site": ours}, delimiter=":"), imported, *theirs])
    _add_filters(environment)


def _add_filters(environment: Environment) -> None:
    # html_text escapes these
    environment.filters["paragraphs"] = lambda text: Markup(html_text.paragraphs(text))  # noqa: S704
    environment.filters["citation"] = lambda cited: Markup(html_text.citation(cited.work, cited.publication))  # noqa: S704
    environment.filters["diff"] = lambda pieces: Markup(html_text.diff(pieces))  # noqa: S704
    environment.filters["breakable"] = lambda address: Markup(_breakable(address))  # noqa: S704
    environment.filters["day"] = day
    environment.filters["minute"] = minute
    environment.filters["one_line"] = one_line
    environment.filters["machine"] = lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds")
    environment.filters["volume_path"] = volume_path
    environment.filters["reference"] = lambda url, target: reference(target, url)


def _breakable(address: str) -> str:
    """Return a URL as markup in which narrow screens break lines after single slashes only."""
    return re.sub("(?<=[^/])/(?=[^/])", "/<wbr>", html_text.text(address))
