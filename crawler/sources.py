"""The sources: two that are built in, those of the settings file, and any URL.

[sources.NAME]
url = "https://…/index.htm"     # page 1 of the listing
title = "…"                     # the title of the feeds
language = "en"
heading = "…"                   # a heading on page 1 that identifies the listing
delay = 2.0                     # seconds between requests
contact = "you@example.org"     # in the User-Agent; default: the contact for all sources
fresh_days = 7                  # days between unconditional requests for every page; default: the value for all sources
output = "public/NAME"          # the folder that it is published to; default: feeds/source_places.py decides
base_url = "https://…/"         # the address of that folder; default: follows from that of [publish]
user_agent = "…"                # instead of this program's; the contact is appended unless it is in it
ca_file = "…"                   # certificates to trust, in PEM form, in addition to the system's
legacy_renegotiation = false    # allow a server without secure renegotiation (RFC 5746)
cookies = false                 # keep the site's cookies within one crawl
headers = { Authorization = { env = "TOKEN" } }    # request headers; a text, or where a secret is
proxy = "http://…:3128"         # "" for none; { env = "NAME" } or { file = "PATH" }; default: that of the environment
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from foreign_eyes import sample
from foreign_eyes.crawler.fetchable_urls import url_problem
from foreign_eyes.crawler.site_settings import Headers, SettingSource, UserAgent
from foreign_eyes.listing.host_names import ascii_url

DEFAULT_DELAY = 2.0
DEFAULT_FRESH_DAYS = 7.0
COLUMN_TITLE = "China's IP in Foreign Eyes"


class SourceError(ValueError):
    """A source cannot be crawled as given; the message says which one, why, and what is allowed."""


class SiteSettingError(Exception):
    """A file or variable that the settings of a source name cannot be used; the message says why, and what to do."""


# an email address or URL that is valid in a header field: 3 to 200 visible ASCII characters
Contact = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{3,200}\Z")]
# 0: every crawl is fresh
FreshDays = Annotated[float, msgspec.Meta(ge=0, le=366)]


# at least one letter or digit
Heading = Annotated[str, msgspec.Meta(max_length=200, pattern=r"[^\W_]")]


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A `[sources.NAME]` table; None means the default.

    `output` and `base_url` are used when the source is published, and not by crawls. An international host name in `url`
    is replaced by its `xn--…` form.
    """

    url: str
    title: Annotated[str, msgspec.Meta(min_length=1)] = COLUMN_TITLE
    language: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")] = "en"
    heading: Heading = COLUMN_TITLE
    delay: Annotated[float, msgspec.Meta(ge=0, le=3600)] | None = None
    contact: Contact | None = None
    fresh_days: FreshDays | None = None
    output: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    base_url: str | None = None
    user_agent: UserAgent | None = None
    ca_file: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    legacy_renegotiation: bool = False
    cookies: bool = False
    headers: Headers = {}
    proxy: str | SettingSource | None = None

    def __post_init__(self) -> None:
        with suppress(ValueError):  # `check_url` refuses it
            msgspec.structs.force_setattr(self, "url", ascii_url(self.url))

    @property
    def host(self) -> str:
        """The host of the listing; only its address may be private."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_bundled(self) -> bool:
        """Whether this is the sample, which this program serves."""
        return self.url.startswith(f"{sample.ORIGIN}/")

    @property
    def is_foreign(self) -> bool:
        """Whether the site is neither the sample nor on this machine."""
        return not self.is_bundled and not is_loopback(self.host)

    @property
    def time_between_fresh(self) -> timedelta:
        """The time between crawls that request every page unconditionally."""
        return timedelta(days=DEFAULT_FRESH_DAYS if self.fresh_days is None else self.fresh_days)

    @property
    def seconds_between_requests(self) -> float:
        """The delay: as configured, else 0 for this machine and 2 s for other hosts."""
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
    """Return name and settings of a source.

    Args:
        wanted: a configured or built-in name, or a URL.
        configured: the sources of the settings file.
        name: the name for a URL; by default a slug of its host and path.

    Raises:
        SourceError: the source does not exist, or its URL cannot be crawled.
    """
    known = {**BUILT_IN, **configured}
    if wanted in known and name is None:
        check_url(known[wanted].url)
        return wanted, known[wanted]
    if "://" not in wanted:
        if wanted in known:
            raise SourceError(f"--name is for a URL; {wanted} is already the name of a source")
        raise SourceError(f"no source {wanted!r}; use one of {', '.join(sorted(known))}, or a URL")
    check_url(wanted)
    if name is not None:
        try:
            check_name(name)
        except SourceError as error:
            raise SourceError(f"--name {error}") from None
    chosen = name or slug(wanted)
    if not chosen:
        raise SourceError(f"{wanted!r} has no letter or digit for a source name; give a name with --name")
    if chosen in known and known[chosen].url != wanted:
        raise SourceError(f"--name {chosen} is the configured source at {known[chosen].url}; use another name")
    return chosen, SourceSettings(url=wanted)


def completed(name: str, table: Any) -> Any:
    """Return the table `[sources.NAME]`; for a built-in source without `url`, with the built-in values that it leaves out."""
    built_in = BUILT_IN.get(name)
    if built_in is None or not isinstance(table, dict) or "url" in table:
        return table
    known = {key: value for key, value in msgspec.structs.asdict(built_in).items() if value is not None}
    return {**known, **table}


def with_contact(source: SourceSettings, contact: str | None) -> SourceSettings:
    """Return `source` with the contact for all sources, if it has none of its own."""
    return msgspec.structs.replace(source, contact=source.contact or contact)


def with_fresh_days(source: SourceSettings, days: float | None) -> SourceSettings:
    """Return `source` with the `fresh_days` for all sources, if it has none of its own."""
    return msgspec.structs.replace(source, fresh_days=days if source.fresh_days is None else source.fresh_days)


def check_name(name: str) -> None:
    """Check that `name` is a valid name for a source.

    Raises:
        SourceError: it is not; the message says what is allowed.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
        raise SourceError(
            f"{name!r} is not a name for a source: use up to 63 lower-case letters, digits, dots, dashes and underscores;"
            " the first is a letter or digit"
        )


def check_url(url: str) -> None:
    """Check that `url` can be the URL of a listing.

    Raises:
        SourceError: it cannot; the message says why.
    """
    authority = re.match(r"[^/]*//([^/?#]*)", url)
    if authority and "@" in authority[1]:  # first, because the other messages show the URL
        raise SourceError(
            f"the URL at {authority[1].rpartition('@')[2]} has a user name or password, which would be stored and"
            " published: remove them"
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SourceError(f"{url!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise SourceError(f"{url!r} is not the URL of a listing: it must begin with http:// or https:// and a host")
    if problem := url_problem(url):
        raise SourceError(f"{url!r} cannot be requested: {problem}")


def slug(url: str) -> str:
    """Return a source name made of the host and path of a URL, 63 characters at most.

    If host and path do not identify the URL, six characters of its digest are added, so that two listings never share a
    name.
    """
    parts = urlsplit(url)
    host_and_path = f"{parts.netloc}{parts.path}"
    words = re.sub(r"[^a-z0-9.]+", "-", host_and_path.lower()).removesuffix(".htm").removesuffix(".html").strip("-.")
    if words and (parts.query or len(words) > 63 or not host_and_path.isascii()):
        return f"{words[:56].rstrip('-.')}-{sha256(url.encode()).hexdigest()[:6]}"
    return words


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
