"""The base URL to publish for, and the note on links to another address.

The note is printed when files are served at another address than their base URL. Every feed contains the base URL,
frozen archive documents too. So it changes only when an operator asks for it, and never because a port was in use.
"""

from __future__ import annotations

import shlex
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from foreign_eyes.cli.parameter_types import DEFAULT_PORT
from foreign_eyes.cli.settings_loader import DEFAULT_BASE_URL
from foreign_eyes.feeds.published_urls import normal_base_url

if TYPE_CHECKING:
    from sqlite_utils import Database


def choose_base_url(configured: str, published: str | None, served_at: str | None) -> str:
    """Return the base URL to publish for when the command names none.

    Pure.

    Args:
        configured: the setting; it wins unless it is the default.
        published: the base URL of the files in the folder, if there are any.
        served_at: the address of the port that the operator chose, if they chose one.
    """
    if (base_url := normal_base_url(configured)) != DEFAULT_BASE_URL:
        return base_url
    return published or served_at or base_url


def published_base_url(db: Database, output: Path) -> str | None:
    """Return the base URL of the files in `output`; None if nothing is published there."""
    from foreign_eyes.archive.feed_state.output_manifest import Manifest

    state = Manifest(db, output).state()
    return state.base_url if state is not None and (output / "index.html").is_file() else None


def note_on_links(base_url: str, served_at: str, *, free_port: bool, program: str) -> str | None:
    """Return a line that warns if the files link to another address than the server's.

    Pure.

    None if the addresses are equal, or the base URL is not on this machine: then the files are published elsewhere or
    served through a proxy.

    Args:
        base_url: the base URL of the files.
        served_at: the server's address.
        free_port: the server took a free port because the default one was in use.
        program: the command that runs this program.
    """
    if not _is_on_this_machine(base_url) or _by_number(base_url) == _by_number(served_at):
        return None
    if free_port and urlsplit(base_url).port == DEFAULT_PORT:
        return f"note: the feeds link to {base_url}; to make those links work, free that port and start again"
    return f"note: the feeds link to {base_url}; to change that: {program} publish --base-url {shlex.quote(served_at)}"


def _is_on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _by_number(url: str) -> str:
    return url.replace("//localhost", "//127.0.0.1", 1)
