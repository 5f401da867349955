"""The pages for people: one for the column, one for each entry, and volumes that lead to the old ones.

Links inside are relative, so the pages work in any folder of any server; only what a reader copies, the feeds' addresses
and the citation, is absolute. There is no script and nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds import markup
from feeds.compose import VOLUME_SIZE, Feed, FeedEntry, Volume, day
from feeds.render import ATOM_FILE, ATOM_TYPE, RSS_FILE, RSS_TYPE

FRONT_FILE = "index.html"
STYLE_FILE = "style.css"


def front_page(feed: Feed, total: int, volumes: int) -> bytes:
    """Return `index.html`: the feed's entries, of `total` in the archive, which fill that many `volumes`."""
    # The newest entry that the page does not show stands in this volume, if there are volumes
    older = (total - len(feed.entries) - 1) // VOLUME_SIZE + 1 if volumes else None
    return _render("index.html", feed, "", days=_by_day(feed.entries), total=total, older=older)


def volume_page(feed: Feed, volume: Volume, volumes: int) -> bytes:
    """Return a volume's page; it changes no more once full, but for a link to the next when that one comes to be."""
    newer = volume.number + 1 if volume.number < volumes else None
    older = volume.number - 1 or None
    return _render("volume.html", feed, "../", volume=volume, days=_by_day(volume.entries), newer=newer, older=older)


def entry_page(feed: Feed, entry: FeedEntry) -> bytes:
    """Return an entry's own page: its words, where they come from and what is known of its dates."""
    return _render("entry.html", feed, "../../", entry=entry, provenance=entry.provenance)


def volume_file(number: int) -> str:
    """Return the name of a volume's page below the base URL."""
    return f"pages/{number}.html"


@cache
def stylesheet() -> bytes:
    """Return `style.css`."""
    return (resources.files("feeds") / "templates" / STYLE_FILE).read_bytes()


def _render(template: str, feed: Feed, root: str, **values: object) -> bytes:
    """Render a page from which the base URL is reached by the relative path `root`."""
    return _environment().get_template(template).render(feed=feed, root=root, **values).encode()


def _by_day(entries: Iterable[FeedEntry]) -> list[tuple[str, list[FeedEntry]]]:
    """Return runs of entries first seen on the same day, as they stand; apart where only some have a "not before"."""
    runs = groupby(entries, lambda entry: (day(entry.provenance.first_seen), entry.provenance.not_before is None))
    return [(name, list(run)) for (name, _), run in runs]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("feeds"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["paragraphs"] = lambda text: Markup(markup.paragraphs(text))  # noqa: S704 # escaped by markup
    environment.filters["citation"] = lambda entry: Markup(markup.citation_html(entry))  # noqa: S704 # escaped by markup
    environment.filters["day"] = day
    environment.filters["minute"] = _minute
    environment.filters["machine"] = lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds")
    environment.filters["volume_file"] = volume_file
    environment.globals["feeds"] = [("Atom", ATOM_FILE, ATOM_TYPE), ("RSS", RSS_FILE, RSS_TYPE)]
    return environment


def _minute(moment: datetime) -> str:
    return f"{day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"
