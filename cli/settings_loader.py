"""The configuration file `foreign-eyes.toml`, checked as a whole when it is loaded.

`crawler.settings_file` finds it. Without a file, the built-in defaults apply. Each package owns the meaning of its
table; this module composes them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from foreign_eyes.archive.feed_state.shown_names import check_names as check_names_of_publications
from foreign_eyes.cli.alert_settings import ALERT_MEANING, AlertSettings, check_alerts
from foreign_eyes.cli.parameter_types import DEFAULT_PORT
from foreign_eyes.crawler.jobs import DEFAULT_AUTHORITY
from foreign_eyes.crawler.proxy_settings import check_proxy
from foreign_eyes.crawler.settings_file import DEFAULT_ARCHIVE, find_settings_file
from foreign_eyes.crawler.site_settings import check_cookies, check_headers
from foreign_eyes.crawler.sources import BUILT_IN, Contact, FreshDays, SourceSettings, check_name, check_url, completed
from foreign_eyes.feeds.default_topics import DEFAULT_TOPICS
from foreign_eyes.feeds.file_writer import read_file_mode
from foreign_eyes.feeds.published_urls import normal_base_url, normal_browse_url, normal_hub
from foreign_eyes.feeds.topic_matching import check_names, check_topic

DEFAULT_BASE_URL = f"http://127.0.0.1:{DEFAULT_PORT}/"

T = TypeVar("T", bound=msgspec.Struct)
V = TypeVar("V")

_AUTHORITY = r"^[A-Za-z0-9.@_-]+,[0-9]{4}(-[0-9]{2}){0,2}\Z"
# the allowed values of keys that are checked by patterns
MEANING = {
    "tag_authority": "a domain or mail address with a year, such as example.org,2026",
    "min_free_mb": "a number of megabytes, 0 for no floor",
    "language": "a language tag, such as en or zh-Hans",
    "contact": "3 to 200 characters without spaces, such as you@example.org",
    "user_agent": "1 to 400 printable ASCII characters, such as town-archive/1.0",
    "proxy": '"http://HOST:PORT", "" for none, { env = "NAME" } or { file = "PATH" }',
    "headers": 'a table; each value is a text, { env = "NAME" } or { file = "PATH" }',
    **ALERT_MEANING,
}
# their values can be secrets, which no message shows
_HIDDEN = frozenset({"headers", "proxy", *ALERT_MEANING})


class ConfigurationError(Exception):
    """The file cannot be used; the message names the file, the key and the allowed values."""


class ArchiveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[archive]` table.

    It has the file, the tag authority of new entries (RFC 4151 section 2.1), and the floor of free disk space, in megabytes.
    """

    file: Annotated[str, msgspec.Meta(min_length=1)] = DEFAULT_ARCHIVE
    tag_authority: Annotated[str, msgspec.Meta(pattern=_AUTHORITY)] = DEFAULT_AUTHORITY
    min_free_mb: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 100


class PublishSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[publish]` table: the output folder, its base URL and options of the feeds.

    `browse_url` is where Datasette is, relative to the base URL or absolute; empty if it is not served. `hub` is a WebSub
    hub, empty for none. `all_sources` is whether the page and the feeds over all sources are written. `file_mode` are the
    permissions of files; folders can be entered by those who may read files.
    """

    base_url: str = DEFAULT_BASE_URL
    output: Annotated[str, msgspec.Meta(min_length=1)] = "public"
    browse_url: str = "browse/"
    hub: str = ""
    tombstones: bool = False
    all_sources: bool = True
    file_mode: str = "0644"


class BrowseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[browse]` table: what readers may do under /browse/.

    `sql` allows SQL of their own; without it, the queries that come with the archive still work.
    """

    sql: bool = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """All settings, defaults filled in.

    `contact` and `fresh_days` are those for all sources. `path` is the file that was read, `tables` what it holds.
    """

    default_source: str = "sample"
    contact: str | None = None
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    publish: PublishSettings = field(default_factory=PublishSettings)
    browse: BrowseSettings = field(default_factory=BrowseSettings)
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    topics: Mapping[str, Sequence[str]] = field(default_factory=lambda: DEFAULT_TOPICS)
    publications: Mapping[str, Sequence[str]] = field(default_factory=dict)
    path: Path | None = None
    tables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    fresh_days: float | None = None
    alerts: AlertSettings = field(default_factory=AlertSettings)

    def sets(self, *keys: str) -> bool:
        """Return whether the file sets a value instead of leaving it at the default.

        `keys` lead to the value, such as ("publish", "output").
        """
        table: Any = self.tables
        for key in keys:
            if not isinstance(table, Mapping) or key not in table:
                return False
            table = table[key]
        return True


def load_configuration(path: Path | None) -> Configuration:
    """Read and check the file at `path`.

    With None, read the file that `find_settings_file` finds, if any.

    Raises:
        ConfigurationError: the file is missing, not TOML, or has a wrong value.
    """
    path = path or find_settings_file()
    if path is None:
        return Configuration()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None
    return checked(tables, path)


def checked(tables: dict[str, Any], path: Path) -> Configuration:
    """Return the configuration in the tables of the file at `path`.

    Raises:
        ConfigurationError: a key or value is not allowed.
    """
    allowed = (
        "default_source",
        "contact",
        "archive",
        "publish",
        "browse",
        "topics",
        "publications",
        "sources",
        "fresh_days",
        "alerts",
    )
    for key in tables:
        if key not in allowed:
            raise ConfigurationError(f"{path}: unknown key {key!r}; allowed are {', '.join(allowed)}")
    sources = {name: _source(name, table, path) for name, table in _table(tables, "sources", path).items()}
    publish = _convert(_table(tables, "publish", path), PublishSettings, "[publish]", path)
    _check(normal_base_url, publish.base_url, "[publish] base_url", path)
    _check(normal_browse_url, publish.browse_url, "[publish] browse_url", path)
    _check(read_file_mode, publish.file_mode, "[publish] file_mode", path)
    if publish.hub:
        _check(normal_hub, publish.hub, "[publish] hub", path)
    default = tables.get("default_source", "sample")
    known = ", ".join(sorted({**BUILT_IN, **sources}))
    if not isinstance(default, str) or default not in {**BUILT_IN, **sources}:
        raise ConfigurationError(f"{path}: default_source = {default!r}: allowed are the sources {known}")
    archive = _convert(_table(tables, "archive", path), ArchiveSettings, "[archive]", path)
    alerts = _convert(_table(tables, "alerts", path), AlertSettings, "[alerts]", path)
    folders = [publish.output, *(source.output for source in sources.values() if source.output)]
    _check(partial(check_alerts, folders=folders), alerts, "[alerts]", path)
    return Configuration(
        default,
        _contact(tables, path),
        archive,
        publish,
        _convert(_table(tables, "browse", path), BrowseSettings, "[browse]", path),
        sources,
        _topics(tables, path),
        _publications(tables, path),
        path=path,
        tables=tables,
        fresh_days=_fresh_days(tables, path),
        alerts=alerts,
    )


def _source(name: str, table: Any, path: Path) -> SourceSettings:
    """Return the settings in the table `[sources.NAME]`."""
    where = f"[sources.{name}]"
    _check(check_name, name, where, path)
    source = _convert(completed(name, table), SourceSettings, where, path)
    _check(check_url, source.url, f"{where} url", path)
    _check(check_proxy, source.proxy, f"{where} proxy", path)
    _check(check_headers, source.headers, f"{where} headers", path)
    _check(partial(check_cookies, cookies=source.cookies), source.headers, where, path)
    if source.base_url is not None:
        _check(normal_base_url, source.base_url, f"{where} base_url", path)
        if source.output is None:
            raise ConfigurationError(f"{path}: {where} base_url: add output, the folder that is served there")
    return source


def _contact(tables: dict[str, Any], path: Path) -> str | None:
    try:
        return msgspec.convert(tables.get("contact"), type=Contact | None)
    except msgspec.ValidationError:
        raise ConfigurationError(f"{path}: contact: give {MEANING['contact']}") from None


def _fresh_days(tables: dict[str, Any], path: Path) -> float | None:
    try:
        return msgspec.convert(tables.get("fresh_days"), type=FreshDays | None)
    except msgspec.ValidationError:
        raise ConfigurationError(f"{path}: fresh_days: give a number of days from 0 to 366; 0 is every crawl") from None


def _topics(tables: dict[str, Any], path: Path) -> Mapping[str, Sequence[str]]:
    """Return the configured topics; without the table, the built-in ones; none if it is empty."""
    if "topics" not in tables:
        return DEFAULT_TOPICS
    topics = _table(tables, "topics", path)
    for name, patterns in topics.items():
        if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
            raise ConfigurationError(f'{path}: [topics] {name!r}: must be a list of patterns, such as ["Huawei", "5G"]')
        _check(partial(check_topic, patterns=patterns), name, "[topics]", path)
    _check(check_names, topics, "[topics]", path)
    return topics


def _publications(tables: dict[str, Any], path: Path) -> Mapping[str, Sequence[str]]:
    """Return the configured names of publications, each with its aliases."""
    publications = _table(tables, "publications", path)
    for name, aliases in publications.items():
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            raise ConfigurationError(f'{path}: [publications] {name!r}: must be a list of aliases, such as ["SCMP"]')
    _check(check_names_of_publications, publications, "[publications]", path)
    return publications


def _table(tables: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    table = tables.get(key, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: {key} must be a table, [{key}]")
    return table


def _convert(table: Any, kind: type[T], where: str, path: Path) -> T:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: {where} must be a table")
    types = {info.name: info.type for info in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in types:
            raise ConfigurationError(f"{path}: {where}: unknown key {key!r}; its keys are {', '.join(types)}")
        try:
            msgspec.convert(value, types[key])
        except msgspec.ValidationError as error:
            why = f"give {MEANING[key]}" if key in MEANING else str(error)
            shown = "" if key in _HIDDEN else f" = {value!r}"
            raise ConfigurationError(f"{path}: {where} {key}{shown}: {why}") from None
    missing = [info.name for info in msgspec.structs.fields(kind) if info.required and info.name not in table]
    if missing:
        raise ConfigurationError(f"{path}: {where}: add {' and '.join(missing)}; its keys are {', '.join(types)}")
    return msgspec.convert(table, kind)


def _check(check: Callable[[V], object], value: V, where: str, path: Path) -> None:
    try:
        check(value)
    except ValueError as error:
        raise ConfigurationError(f"{path}: {where}: {error}") from None
