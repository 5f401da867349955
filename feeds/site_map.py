"""The site map: a table of all published paths and of the rules for each of them.

A row holds the media type, caching, `Link` relations and use of a path, or of all paths that match a pattern.

The publisher, the WebSub notification, the sitemap and the server read these tables. Tests compare the published files
and docs/serving.md (its table, the nginx block and the upload scripts) with them. The module imports only the standard
library, because the server loads it without the rest of this package.

To add a feed format, add a row to `FEED_FORMATS`, a module in feeds/render/ and a line to docs/serving.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

HTML_TYPE = "text/html"
XML_TYPE = "application/xml"
OPML_TYPE = "text/x-opml"
FRONT_PAGE = "index.html"
# the folder below the root with the page and the feeds over all sources
ALL_FOLDER = "all"
# the folders that hold a folder with feeds for each publication and each topic
COLLECTION_FOLDERS = {"publication": "publications", "topic": "topics"}


class CacheClass(StrEnum):
    """The time for which clients may cache a file, as a value of `Cache-Control`.

    RFC 9111 section 5.2 and RFC 8246 define the directives.
    """

    # feed readers ask about hourly; five minutes let a cache in front of the server answer many of them
    SHORT = "public, max-age=300"
    # an archive document never changes once it is published (RFC 5005 section 4)
    FROZEN = "public, max-age=31536000, immutable"
    # clients store the file and revalidate it on every use, which costs a 304
    REVALIDATE = "no-cache"


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """A format in which each feed is published.

    `label` is the format's name on pages. `renderer` is the function that renders it, as `module:function` below
    feeds/render/. `file` is the name of a feed in the folder of the column, a publication or a topic, `changes_file`
    that of the feed of changes. `archive_ending` is the ending of archive documents in this format, None if the format
    has no links between documents, and `first_archive` the number of the first of them.
    """

    label: str
    media_type: str
    renderer: str
    file: str
    changes_file: str
    archive_ending: str | None = None
    first_archive: int = 1

    def archive_path(self, number: int) -> str | None:
        """Return the path of archive document `number` in this format, or None.

        The format may have no archive documents, or none of that number.
        """
        if self.archive_ending is None or number < self.first_archive:
            return None
        return f"archive/{number}.{self.archive_ending}"


ATOM = FeedFormat(
    "Atom", "application/atom+xml", "atom_rss:render_atom", "atom.xml", "changes.xml", "xml", first_archive=0
)
RSS = FeedFormat("RSS", "application/rss+xml", "atom_rss:render_rss", "rss.xml", "changes.rss")
JSON_FEED = FeedFormat("JSON", "application/feed+json", "json_feed:render_json", "feed.json", "changes.json", "json")
# in the order in which pages and Link fields list them
FEED_FORMATS = (ATOM, RSS, JSON_FEED)


@dataclass(frozen=True, slots=True)
class LinkRelation:
    """A link of a published file (RFC 8288).

    `target` is a path below the base URL. It may use the placeholders of the file's pattern, and `{previous}` for the number
    before `{number}`. It is None for the WebSub hub.
    """

    rel: str
    target: str | None
    media_type: str = ""


@dataclass(frozen=True)
class PublishedPath:
    """A published file, or all files whose names match a pattern.

    `pattern` is a path below the output folder with the placeholders `{number}`, `{slug}` and `{id}`. `is_feed` marks
    the feeds that readers subscribe to, `in_sitemap` the pages that sitemaps list.
    """

    pattern: str
    media_type: str
    cache: CacheClass = CacheClass.REVALIDATE
    links: tuple[LinkRelation, ...] = ()
    is_feed: bool = False
    in_sitemap: bool = False

    @property
    def is_frozen(self) -> bool:
        """Whether the file never changes once it is published."""
        return self.cache is CacheClass.FROZEN

    def match(self, name: str) -> Mapping[str, str] | None:
        """Return the values of the placeholders if `name` matches the pattern, else None."""
        found = self._expression.fullmatch(name)
        return None if found is None else found.groupdict()

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.pattern)
        return re.compile(
            "".join(
                f"(?P<{part}>{_PLACEHOLDERS[part]})" if index % 2 else re.escape(part)
                for index, part in enumerate(parts)
            )
        )


_PLACEHOLDERS = {"number": "0|[1-9][0-9]{0,8}", "slug": "[^/]+", "id": "[0-9]+"}


def _page(pattern: str, folder_of_feeds: str | None = None, *, in_sitemap: bool = False) -> PublishedPath:
    """Return the row of a page, which links to the feeds of `folder_of_feeds`."""
    formats = () if folder_of_feeds is None else FEED_FORMATS
    links = tuple(LinkRelation("alternate", f"{folder_of_feeds}{form.file}", form.media_type) for form in formats)
    return PublishedPath(pattern, HTML_TYPE, links=links, in_sitemap=in_sitemap)


def _feeds(files: Iterable[tuple[str, FeedFormat]], page: str) -> Iterable[PublishedPath]:
    """Yield the rows of a feed in its formats.

    W3C WebSub section 4 requires the hub in the `Link` field.
    """
    for path, feed_format in files:
        links = (
            LinkRelation("self", path),
            LinkRelation("hub", None),
            LinkRelation("alternate", page, HTML_TYPE),
        )
        yield PublishedPath(path, feed_format.media_type, CacheClass.SHORT, links, is_feed=True)


def _archive_documents(feed_format: FeedFormat) -> Iterable[PublishedPath]:
    """Yield the rows of a format's archive documents (RFC 5005 section 4).

    The documents never change, so they do not name a hub.
    """
    ending, first = feed_format.archive_ending, feed_format.first_archive

    def row(number: str, *neighbours: LinkRelation) -> PublishedPath:
        path = f"archive/{number}.{ending}"
        links = (
            LinkRelation("self", path),
            LinkRelation("current", feed_format.file),
            *neighbours,
            LinkRelation("alternate", "", HTML_TYPE),
        )
        return PublishedPath(path, feed_format.media_type, CacheClass.FROZEN, links)

    if ending is not None:
        # document 0 is empty; it alone links to the next one, which is written together with it
        yield row(str(first), *(() if first else (LinkRelation("next-archive", f"archive/1.{ending}"),)))
        yield row("{number}", LinkRelation("prev-archive", f"archive/{{previous}}.{ending}"))


# the first row that matches a name counts
SITE_MAP: tuple[PublishedPath, ...] = (
    _page(FRONT_PAGE, "", in_sitemap=True),
    *_feeds(((form.file, form) for form in FEED_FORMATS), page=""),
    *(row for form in FEED_FORMATS for row in _archive_documents(form)),
    _page("entries/{id}/index.html", in_sitemap=True),
    _page("pages/{number}.html"),
    _page("changes/index.html", in_sitemap=True),
    *_feeds(((form.changes_file, form) for form in FEED_FORMATS), page="changes/"),
    *(_page(f"{folder}/index.html", in_sitemap=True) for folder in COLLECTION_FOLDERS.values()),
    *(
        row
        for folder in (f"{name}/{{slug}}/" for name in COLLECTION_FOLDERS.values())
        for row in (
            _page(f"{folder}index.html", folder, in_sitemap=True),
            *_feeds(((folder + form.file, form) for form in FEED_FORMATS), page=folder),
        )
    ),
    _page("404.html"),
    PublishedPath("subscriptions.opml", OPML_TYPE),
    PublishedPath("sitemap.xml", XML_TYPE),
    PublishedPath("sitemaps/lists.xml", XML_TYPE),
    PublishedPath("sitemaps/{number}.xml", XML_TYPE),
    PublishedPath("robots.txt", "text/plain"),
    PublishedPath("style.css", "text/css"),
    PublishedPath("icon.svg", "image/svg+xml"),
    PublishedPath("icon.png", "image/png"),
    PublishedPath("logo.png", "image/png"),
    PublishedPath("favicon.ico", "image/x-icon"),
)


# the first parts of these paths; no folder of a source has such a name
TOP_NAMES = frozenset(row.pattern.partition("/")[0] for row in SITE_MAP)


def find_path(name: str) -> PublishedPath | None:
    """Return the row of a published file, or None if publishing writes no such file."""
    return next((row for row in SITE_MAP if row.match(name) is not None), None)


def find_in_folders(name: str) -> tuple[str, PublishedPath | None]:
    """Return the folder of a source that a published file lies in, and the file's row.

    The folder is a path below the output folder that ends with a slash, or empty for the source at the root. The row is None
    if publishing writes no such file.
    """
    folder, rest = "", name
    while (row := find_path(rest)) is None:
        first, slash, rest = rest.partition("/")
        if not slash or first in TOP_NAMES:
            return "", None
        folder += f"{first}/"
    return folder, row


def is_feed(name: str) -> bool:
    """Return whether a published file is a feed that readers subscribe to."""
    row = find_path(name)
    return row is not None and row.is_feed


def links_of(name: str) -> list[LinkRelation]:
    """Return the links of a published file, with the placeholders in their targets replaced."""
    row = find_path(name)
    if row is None:
        return []
    values = dict(row.match(name) or {})
    if "number" in values:
        values["previous"] = str(int(values["number"]) - 1)
    return [
        link if link.target is None else LinkRelation(link.rel, link.target.format(**values), link.media_type)
        for link in row.links
    ]


def list_pages() -> list[str]:
    """Return the folders of the pages that the sitemap lists and that exist once, sorted.

    The folders are paths below the base URL.
    """
    pages = (row.pattern for row in SITE_MAP if row.in_sitemap and "{" not in row.pattern)
    return sorted(pattern.removesuffix(FRONT_PAGE) for pattern in pages)
