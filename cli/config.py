"""`foreign-eyes config`: show the settings in force and the origin of each value."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.init_settings_text import topics_text
from foreign_eyes.cli.terminal import counted, print_json, print_line, printable, program

if TYPE_CHECKING:
    from foreign_eyes.cli.settings_loader import Configuration
    from foreign_eyes.crawler.site_settings import Headers, SettingSource
    from foreign_eyes.crawler.sources import SourceSettings

WIDTH = 80
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value in force and its origin.

    The origin is `default`, a file, an option or an environment variable.
    """

    key: str
    value: Any
    origin: str


@click.command(
    "config",
    short_help="Show the settings in force and where each comes from",
    epilog="\b\nExamples:\n  foreign-eyes config\n  foreign-eyes config --json | jq -r '.\"archive.file\".value'"
    "\n  foreign-eyes config --topics >> foreign-eyes.toml",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: {KEY: {value, from}}")
@click.option("--topics", is_flag=True, help="Print the topics alone, as a table to append to the settings and edit")
@pass_context
def config_command(context: Context, as_json: bool, topics: bool) -> None:
    """Show the settings in force and where each comes from.

    A setting is a default, or comes from a file, an option or the environment. Paths are absolute, so they show which
    archive a command run here would use.
    """
    settings = list(in_force(context))
    if topics:
        print_line(topics_text(context.configuration.topics))
        return
    if as_json:
        print_json({setting.key: {"value": setting.value, "from": setting.origin} for setting in settings})
        return
    for line in _file_lines(context):
        print_line(line, "" if line.startswith(" ") else "bold")
    print_line()
    width = max(len(setting.key) for setting in settings) + 2
    for setting in settings:
        for line in setting_lines(setting, width):
            print_line(line)


def in_force(context: Context) -> Iterator[Setting]:
    """Yield all settings in the order of the example file."""
    configuration = context.configuration
    archive = context.archive_option_from if context.archive_option else _origin(configuration, "archive", "file")
    yield Setting("settings_file", _absolute(configuration.path), _found_by(context))
    yield Setting("default_source", configuration.default_source, _origin(configuration, "default_source"))
    yield Setting("contact", configuration.contact, _origin(configuration, "contact"))
    yield Setting("fresh_days", _fresh_days(configuration), _origin(configuration, "fresh_days"))
    yield Setting("archive.file", _absolute(context.archive), archive)
    if copies := _copies(context.archive):
        yield Setting("archive.before_upgrades", copies, "kept by upgrades")
    authority = configuration.archive.tag_authority
    yield Setting("archive.tag_authority", authority, _origin(configuration, "archive", "tag_authority"))
    floor = configuration.archive.min_free_mb
    yield Setting("archive.min_free_mb", floor, _origin(configuration, "archive", "min_free_mb"))
    for name in configuration.publish.__struct_fields__:
        value = getattr(configuration.publish, name)
        shown = _absolute(Path(value)) if name == "output" else value
        yield Setting(f"publish.{name}", shown, _origin(configuration, "publish", name))
    for name in configuration.browse.__struct_fields__:
        yield Setting(f"browse.{name}", getattr(configuration.browse, name), _origin(configuration, "browse", name))
    yield from _alert_settings(configuration)
    topics = {name: list(patterns) for name, patterns in configuration.topics.items()}
    yield Setting("topics", topics, _origin(configuration, "topics"))
    publications = {name: list(aliases) for name, aliases in configuration.publications.items()}
    yield Setting("publications", publications, _origin(configuration, "publications"))
    yield from _source_settings(configuration)


def _alert_settings(configuration: Configuration) -> Iterator[Setting]:
    """Yield the channels, without values that can be secrets: URLs, and the arguments of the command."""
    alerts = configuration.alerts
    arguments = len(alerts.command) - 1
    hidden = f" ({counted(arguments, 'argument')} hidden)" if arguments > 0 else ""
    values = {
        "command": f"{alerts.command[0]}{hidden}" if alerts.command else None,
        "feed": _absolute(Path(alerts.feed)) if alerts.feed else None,
        "ping": _place(alerts.ping),
        "apprise": _place(alerts.apprise),
    }
    for name, value in values.items():
        yield Setting(f"alerts.{name}", value, _origin(configuration, "alerts", name))


def _place(source: SettingSource | None) -> str | None:
    if source is None:
        return None
    return f"variable {source.env}" if source.env else f"file {source.file}"


def _copies(archive: Path) -> list[str]:
    """Return the copies that were kept before upgrades of the archive, newest first."""
    from foreign_eyes.archive.upgrade_copy import kept_copies

    return [str(copy) for copy in kept_copies(archive)]


def _source_settings(configuration: Configuration) -> Iterator[Setting]:
    """Yield the built-in and the configured sources.

    Each has the delay and the contact that a crawl would use.
    """
    from foreign_eyes.crawler.sources import BUILT_IN, with_contact

    for name, source in sorted({**BUILT_IN, **configuration.sources}.items()):
        for key in source.__struct_fields__:
            value, origin = getattr(source, key), _origin(configuration, "sources", name, key)
            if key == "delay":
                value = source.seconds_between_requests
            elif key == "contact" and value is None:
                value = with_contact(source, configuration.contact).contact
                origin = _origin(configuration, "contact")
            elif key == "fresh_days" and value is None:
                value, origin = _fresh_days(configuration), _origin(configuration, "fresh_days")
            elif key == "output" and value is not None:
                value = _absolute(Path(value))
            elif key == "headers":
                value = header_origins(value)
            elif key == "proxy" and not source.is_bundled:
                value, origin = proxy_in_force(name, source, origin)
            yield Setting(f"sources.{name}.{key}", value, origin)


def header_origins(headers: Headers) -> dict[str, str]:
    """Return for each header where its value is, without the value, which can be a secret. Pure."""
    return {
        name: "hidden" if isinstance(value, str) else f"variable {value.env}" if value.env else f"file {value.file}"
        for name, value in headers.items()
    }


def proxy_in_force(name: str, source: SourceSettings, origin: str) -> tuple[str | None, str]:
    """Return the proxy of a source without its login, or where it is written, and the origin of that.

    `origin` is that of the setting.
    """
    from foreign_eyes.crawler.proxy_settings import read_proxies
    from foreign_eyes.crawler.sources import SiteSettingError

    if source.proxy is not None:
        return source.proxy if isinstance(source.proxy, str) else _place(source.proxy), origin
    try:
        proxy = read_proxies(name, source, os.environ).proxy_for(source.url)
    except SiteSettingError:
        return "the environment names one that cannot be used", "environment"
    return (None, origin) if proxy is None else (proxy.url, proxy.origin.removeprefix("the "))


def _fresh_days(configuration: Configuration) -> float:
    from foreign_eyes.crawler.sources import DEFAULT_FRESH_DAYS

    return DEFAULT_FRESH_DAYS if configuration.fresh_days is None else configuration.fresh_days


def _origin(configuration: Configuration, *keys: str) -> str:
    return f"file {_absolute(configuration.path)}" if configuration.sets(*keys) else DEFAULT


def _found_by(context: Context) -> str:
    if context.config is not None:
        return "option --config"
    if (path := context.configuration.path) is None:
        return "none found"
    return "user's configuration folder" if path.is_absolute() else "working directory"


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _file_lines(context: Context) -> Iterator[str]:
    from foreign_eyes.crawler.settings_file import FILE_NAME, user_settings_file

    if (path := context.configuration.path) is not None:
        yield f"settings read from {printable(str(path.absolute()))}"
        return
    yield "no settings file was read; these do not exist:"
    yield f"  {printable(str(Path(FILE_NAME).absolute()))}"
    yield f"  {printable(str(user_settings_file()))}"
    yield f"  to write one: {program()} init"


def setting_lines(setting: Setting, width: int) -> Iterator[str]:
    """Yield a setting as lines of at most 80 columns if possible.

    They show the key, the value and, in brackets, the origin. Pure.
    """
    if setting.key == "settings_file":  # printed above
        return
    origin = "file" if setting.origin.startswith("file ") else setting.origin
    value, key = _as_text(setting.value, setting.key), f"{setting.key:<{width}}"
    if len(f"{key}{value}  [{origin}]") <= WIDTH:
        yield f"{key}{value}  [{origin}]"
    else:
        yield f"{key}[{origin}]"
        yield f"  {value}"


def _as_text(value: Any, key: str) -> str:
    if key == "topics":
        return counted(len(value), "topic")
    if key == "publications":
        return counted(len(value), "name") if value else "none"
    if value in (None, "", {}):
        return "none"
    if isinstance(value, dict):
        return printable(", ".join(f"{name} ({origin})" for name, origin in value.items()))
    if isinstance(value, bool):
        return str(value).lower()
    value = ", ".join(value) if isinstance(value, list) else value
    return f"{value:g}" if isinstance(value, float) else printable(str(value))
