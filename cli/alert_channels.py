"""Build the channels of `[alerts]` in the settings, and the ping of each round."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from foreign_eyes.alerts.values import Channel, ChannelFailed, Message
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from foreign_eyes.alerts.channels.ping import Ping
    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.site_settings import SettingSource

EXTRA = 'pip install "foreign-eyes[notify]"'


@dataclass(frozen=True, slots=True)
class UnusableChannel:
    """A channel that the settings do not describe well enough: it takes no message, so that none is lost.

    `reason` says why and what to do, without secrets.
    """

    name: str
    reason: str

    def send(self, message: Message) -> None:
        """Refuse the message.

        Raises:
            ChannelFailed: always.
        """
        raise ChannelFailed(self.reason)


def channels_of(context: Context) -> list[Channel]:
    """Return the channels of the settings; none without the table `[alerts]`.

    A channel that cannot be built, for example because a secret is missing, is an `UnusableChannel`.

    Raises:
        ConfigurationError: the settings cannot be used.
    """
    settings = context.configuration.alerts
    channels: list[Channel] = []
    if settings.command:
        from foreign_eyes.alerts.channels.command import CommandChannel

        channels.append(CommandChannel(settings.command, origin(context)))
    if settings.feed:
        channels.append(_feed(Path(settings.feed), context))
    if settings.apprise:
        channels += _apprise(settings.apprise, context)
    return channels


def ping_of(context: Context) -> Ping | None:
    """Return the ping of the settings, or None if there is none; print a warning if it cannot be used.

    Raises:
        ConfigurationError: the settings cannot be used.
    """
    try:
        return build_ping(context)
    except ChannelFailed as error:
        _warn(str(error))
        return None


def build_ping(context: Context) -> Ping | None:
    """Return the ping of the settings, or None if there is none.

    Raises:
        ChannelFailed: its URL is missing or cannot be used.
        ConfigurationError: the settings cannot be used.
    """
    source = context.configuration.alerts.ping
    if source is None:
        return None
    from foreign_eyes.alerts.channels.ping import Ping

    url = _secret("[alerts] ping", source).strip()
    if problem := _url_problem(url):
        from foreign_eyes.crawler.secret_values import place_of

        raise ChannelFailed(f"[alerts] ping: {place_of(source)} {problem}")
    try:
        return Ping(url, _warn)
    except ValueError:
        raise ChannelFailed("[alerts] ping: the URL cannot be requested: correct it") from None


def alert_problems(context: Context) -> Iterator[Problem]:
    """Yield the channels and the ping that cannot be used as configured."""
    from foreign_eyes.archive.problems import Problem

    reasons = [one.reason for one in channels_of(context) if isinstance(one, UnusableChannel)]
    try:
        build_ping(context)
    except ChannelFailed as error:
        reasons.append(str(error))
    for reason in reasons:
        what, _, remedy = reason.rpartition(": ")
        yield Problem(what, "settings", remedy)


def origin(context: Context) -> str:
    """Return which machine and archive messages are about."""
    return f"{socket.gethostname()}, {context.archive.absolute()}"


def _feed(path: Path, context: Context) -> Channel:
    from foreign_eyes.archive.feed_state.output_record import record_path

    where = f"[alerts] feed: {path}"
    folder = path.resolve().parent
    if not folder.is_dir():
        return UnusableChannel("feed", f"{where} is in a folder that does not exist: mkdir -p {folder}")
    # a folder can have been published to with --output, so the settings do not name it
    for published in (folder, *folder.parents):
        if record_path(published).exists():
            return UnusableChannel(
                "feed", f"{where} lies in the published folder {published}, which readers get: name a file elsewhere"
            )
    if path.resolve() == context.archive.resolve():
        return UnusableChannel("feed", f"{where} is the archive: name another file")
    from foreign_eyes.alerts.channels.operator_feed import OperatorFeedChannel

    return OperatorFeedChannel(path, origin(context))


def _apprise(source: SettingSource, context: Context) -> list[Channel]:
    """Return a channel for each URL, so that one that fails does not repeat messages to the others."""
    from foreign_eyes.crawler.secret_values import place_of

    where = f"[alerts] apprise: {place_of(source)}"
    try:
        text = _secret("[alerts] apprise", source)
    except ChannelFailed as error:
        return [UnusableChannel(name, str(error)) for name in _names_in_use(context)]
    lines = [line.strip() for line in text.splitlines()]
    urls = [line for line in lines if line and not line.startswith("#")]
    if not urls:
        return [UnusableChannel("apprise 1", f"{where} has no URL: write one per line")]
    try:
        from foreign_eyes.alerts.channels.apprise_urls import AppriseChannel
    except ModuleNotFoundError:
        reason = f"[alerts] apprise needs a package that is not installed: {EXTRA}"
        return [UnusableChannel(f"apprise {number}", reason) for number, _ in enumerate(urls, start=1)]
    channels: list[Channel] = []
    for number, url in enumerate(urls, start=1):
        try:
            channels.append(AppriseChannel(number, url, origin(context)))
        except ValueError as error:
            remedy = "compare it with the list of services at https://appriseit.com"
            channels.append(UnusableChannel(f"apprise {number}", f"{where}, URL {number} {error}: {remedy}"))
    return channels


def _names_in_use(context: Context) -> list[str]:
    """Return the names of the channels of Apprise that have messages waiting, which must not be lost, and the first."""
    from foreign_eyes.alerts.state_file import read_state

    return sorted({"apprise 1", *(name for name in read_state(context.archive).outbox if name.startswith("apprise "))})


def _secret(where: str, source: SettingSource) -> str:
    from foreign_eyes.crawler.secret_values import read_secret
    from foreign_eyes.crawler.sources import SiteSettingError

    try:
        return read_secret(where, source, os.environ)
    except SiteSettingError as error:
        raise ChannelFailed(str(error)) from None


def _url_problem(url: str) -> str | None:
    """Return what is wrong with the URL of a ping, without quoting it. Pure."""
    remedy = "write one URL that begins with https:// or http://"
    if not url or len(url.split()) != 1:
        return f"has no URL in one line: {remedy}"
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return None
    except ValueError:
        pass
    return f"is not a URL: {remedy}"


def _warn(reason: str) -> None:
    print_line(f"warning: {reason}", err=True)
