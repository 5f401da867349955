"""A note on a proxy of the environment, which a scheduler does not pass on to the rounds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from foreign_eyes.crawler.jobs import Job


def print_proxy_note(jobs: Sequence[Job]) -> None:
    """Print to stderr that the rounds will not use the proxy of the environment; nothing if there is none."""
    if (note := proxy_note(jobs, os.environ)) is not None:
        print_line(note, err=True)


def proxy_note(jobs: Sequence[Job], environment: Mapping[str, str]) -> str | None:
    """Return the note for the first of the jobs whose proxy is the environment's, or None. Pure.

    Raises:
        SiteSettingError: the environment names a proxy that cannot be used.
    """
    from foreign_eyes.crawler.proxy_settings import read_proxies

    for job in jobs:
        if job.source.proxy is not None:
            continue
        proxy = read_proxies(job.name, job.source, environment).proxy_for(job.source.url)
        if proxy is not None:
            setting = f'"{proxy.url}"' if proxy.credentials is None else '{ file = "PATH" }, a file with its URL'
            return (
                f"{job.name}: a crawl in this shell uses the proxy of {proxy.origin}, which cron and systemd do not pass on."
                f" For the rounds, write into [sources.{job.name}] of the settings: proxy = {setting}"
            )
    return None
