"""What can be crawled: the two sources that are built in, those of the configuration file, and any URL.

[sources.NAME]
url = "https://…/index.htm"     # page 1 of the listing
title = "…"                     # what feeds call it
language = "en"
heading = "…"                   # what stands on the page, so that another page is not taken for it
delay = 2.0                     # seconds between requests
contact = "you@example.org"     # told to the site in the User-Agent; without it, the contact for all sources
fresh_days = 7                  # how often every page is asked for without a condition; without it, as for all sources
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from foreign_eyes import sample

DEFAULT_DELAY = 2.0
DEFAULT_FRESH_DAYS = 7.0
COLUMN_TITLE = "China's IP in Foreign Eyes"


class SourceError(ValueError):
    """A source that cannot be crawled as given; the text says which, why, and what is allowed."""


# an address or URL that fits in a header: 3 to 200 visible ASCII characters
Contact = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{3,200}\Z")]
# 0: in every crawl
FreshDays = Annotated[float, msgspec.Meta(ge=0, le=366)]


# what a page can be known by: a letter or digit at least
Heading = Annotated[str, msgspec.Meta(max_length=200, pattern=r"[^\W_]")]


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A `[sources.NAME]` table; `delay` or `fresh_days` None means the default."""

    url: str
    title: Annotated[str, msgspec.Meta(min_length=1)] = COLUMN_TITLE
    language: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")] = "en"
    heading: Heading = COLUMN_TITLE
    delay: Annotated[float, msgspec.Meta(ge=0, le=3600)] | None = None
    contact: Contact | None = None
    fresh_days: FreshDays | None = None

    @property
    def host(self) -> str:
        """The host of the listing: the one place whose address need not be public."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_bundled(self) -> bool:
        """Whether this is the sample, which is served by the program itself."""
        return self.url.startswith(f"{sample.ORIGIN}/")

    @property
    def is_foreign(self) -> bool:
        """Whether somebody else runs the site: it is neither the sample nor on this machine."""
        return not self.is_bundled and not is_loopback(self.host)

    @property
    def time_between_fresh(self) -> timedelta:
        """How often every page is asked for without a condition."""
        return timedelta(days=DEFAULT_FRESH_DAYS if self.fresh_days is None else self.fresh_days)

    @property
    def seconds_between_requests(self) -> float:
        """The delay to keep: as configured, else none on this very machine, else two seconds."""
        if self.delay is not None:
            return self.delay
        return 0.0 if self.is_bundled or is_loopback(self.host) else DEFAULT_DELAY


BUILT_IN: Mapping[str, SourceSettings] = {
    "live": SourceSettings(
        url="https://english.cnipa.gov.cn/transfer/specialtopic/chinasipinforeigneyes/index.htm",
        delay=5.0,
    ),
    "sample": SourceSettings(url=sample.LISTING_URL, title=f"{COLUMN_TITLE} (sample, texts invented)"),
}


def find_source(
    wanted: str, configured: Mapping[str, SourceSettings], *, name: str | None = None
) -> tuple[str, SourceSettings]:
    """Return name and settings of the source that `wanted` means: a configured or built-in name, or a URL.

    A URL is named by `name`, else by a slug of its host and path.

    Raises:
        SourceError: there is no such source, or its URL cannot be crawled.
    """
    known = {**BUILT_IN, **configured}
    if wanted in known and name is None:
        check_url(known[wanted].url)
        return wanted, known[wanted]
    if "://" not in wanted:
        if wanted in known:
            raise SourceError(f"--name is for a URL; {wanted} has its name already")
        raise SourceError(f"no source {wanted!r}; known are {', '.join(sorted(known))}, or give a URL")
    check_url(wanted)
    if name is not None:
        try:
            check_name(name)
        except SourceError as error:
            raise SourceError(f"--name {error}") from None
    chosen = name or slug(wanted)
    if not chosen:
        raise SourceError(f"{wanted!r} has no letter or digit to be named by; give it one with --name")
    if chosen in known and known[chosen].url != wanted:
        raise SourceError(f"--name {chosen}: that is the configured source at {known[chosen].url}")
    return chosen, SourceSettings(url=wanted)


def with_contact(source: SourceSettings, contact: str | None) -> SourceSettings:
    """Return `source` with the contact for all sources, unless it has its own."""
    return msgspec.structs.replace(source, contact=source.contact or contact)


def with_fresh_days(source: SourceSettings, days: float | None) -> SourceSettings:
    """Return `source` with the days for all sources, unless it has its own."""
    return msgspec.structs.replace(source, fresh_days=days if source.fresh_days is None else source.fresh_days)


def check_name(name: str) -> None:
    """Refuse what cannot name a source.

    Raises:
        SourceError: the text says what is allowed.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
        raise SourceError(
            f"{name!r} cannot name a source: a name has small letters, digits, dots, dashes and underscores, 63 at most,"
            " and begins with a letter or digit"
        )


def check_url(url: str) -> None:
    """Refuse a URL that could not be a listing's.

    Raises:
        SourceError: the text names what is wrong with it.
    """
    authority = re.match(r"[^/]*//([^/?#]*)", url)
    if authority and "@" in authority[1]:  # first of all: the other messages repeat the URL
        raise SourceError(
            f"the URL at {authority[1].rpartition('@')[2]} holds a user name or password; they would be stored and"
            " published: leave them out"
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SourceError(f"{url!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise SourceError(f"{url!r}: a listing's address begins with http:// or https:// and a host")


def slug(url: str) -> str:
    """Return a source name made of a URL's host and path, 63 characters at most.

    Where these do not tell all of the URL, a few characters of its digest do, so that two listings never share a name.
    """
    parts = urlsplit(url)
    place = f"{parts.netloc}{parts.path}"
    words = re.sub(r"[^a-z0-9.]+", "-", place.lower()).removesuffix(".htm").removesuffix(".html").strip("-.")
    if words and (parts.query or len(words) > 63 or not place.isascii()):
        return f"{words[:56].rstrip('-.')}-{sha256(url.encode()).hexdigest()[:6]}"
    return words


def is_loopback(host: str) -> bool:
    """Tell whether `host` names this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
