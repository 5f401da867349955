"""Secrets planted wherever alerts and crawls take one: no output, log, message or file shows them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.monitor import Monitor

from foreign_eyes.alerts.state_file import read_state, state_path

# each secret has these signs in it, percent-encoded or not, and the name of its place
PLANTED = "h1dden"
# a proxy at which nobody listens, so that each crawl of the town fails
PROXY = f"http://eyes:{PLANTED}-proxy@127.0.0.1:1"
SETTINGS = """[alerts]
command = ["sh", "-c", "cat >&2; env >&2; echo $TOKEN; exit 3", "h1dden-argument"]
feed = "operator.xml"
ping = { env = "PING" }
apprise = { file = "secrets/urls" }
[sources.column]
url = "COLUMN"
delay = 0
[sources.town]
url = "http://town.example/index.htm"
delay = 0
proxy = { file = "secrets/proxy" }
[sources.town.headers]
X-Key = { env = "KEY" }
"""
PUBLIC = "https://eyes.example/"


@dataclass
class Searched:
    """What commands printed, and what they left in the folder."""

    command: CommandLine
    printed: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, env: dict[str, str]) -> int:
        done = self.command(*arguments, env=env)
        self.printed[f"{len(self.printed)}: {' '.join(arguments)}"] = done.stdout + done.stderr
        return done.returncode

    def places(self) -> list[str]:
        """Return the commands and files that show a secret."""
        folder = self.command.folder
        own = {"secrets", "foreign-eyes.toml", "backup.toml"}  # the operator has written them here; the last is a copy
        files = [path for path in folder.rglob("*") if path.is_file() and not own & set(path.parts)]
        shown = [str(path.relative_to(folder)) for path in files if PLANTED.encode() in content_of(path)]
        return [*(name for name, text in self.printed.items() if PLANTED in text), *shown]


def content_of(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """Rounds whose crawls, command, ping and one of two notification URLs fail, then the commands that report it."""
    found = Searched(CommandLine(tmp_path_factory.mktemp("planted")))
    folder = found.command.folder
    (folder / "secrets").mkdir()
    (folder / "secrets/proxy").write_text(f"{PROXY}\n")
    site = ListingServer(make_site(make_entries(15)))
    with site, Monitor() as takes, Monitor(statuses=[404] * 1000) as refuses:
        (folder / "foreign-eyes.toml").write_text(SETTINGS.replace("COLUMN", site.origin + LISTING))
        urls = f"json://u:{PLANTED}-1@{takes.address}/{PLANTED}\njson://u:{PLANTED}-2@{refuses.address}/{PLANTED}\n"
        (folder / "secrets/urls").write_text(urls)
        env = {
            "PING": f"http://u:{PLANTED}-login@{refuses.address}/{PLANTED}-uuid?key={PLANTED}-key",
            "TOKEN": f"{PLANTED}-token",
            "KEY": f"{PLANTED}-header",
        }
        assert found.run("up", "column", "--no-serve", "--every", "6h", env=env) == 0
        assert found.run("up", "town", "--no-serve", "--every", "6h", env=env) == 69
        for proxy in (PROXY, f"socks9://u:{PLANTED}@x"):
            assert found.run("alerts", "--test", env={**env, "http_proxy": proxy}) == 69
        for arguments in (
            ["alerts"],
            ["alerts", "--test", "--json"],
            ["status"],
            ["status", "--json"],
            ["check"],
            ["check", "--json"],
            ["config"],
            ["config", "--json"],
            ["schedule", "systemd", "town"],
            ["schedule", "cron", "town"],
            ["backup", "backup.db"],
            ["export", "export.warc.gz"],
            ["publish", "--source", "column", "--output", "site", "--base-url", PUBLIC],
        ):
            found.run(*arguments, env=env)
        found.printed["what the service got"] = "\n".join(takes.bodies)
    assert len(takes.paths) >= 2, "at least the failed crawl and the test message"
    assert {f"/{PLANTED}-uuid/69?key={PLANTED}-key", f"/{PLANTED}"} <= set(refuses.paths)
    return found


def test_the_planted_failures_were_told(searched: Searched) -> None:
    folder = searched.command.folder
    state = read_state(folder / "archive.db")
    assert set(state.failed_channels) == {"command", "apprise 2"}
    assert "source town" in (folder / "operator.xml").read_text()
    first_failure = next(text for name, text in searched.printed.items() if "up town" in name)
    for warning in (
        "the command sh ended with exit code 3",
        "URL 2 of [alerts] apprise",
        "the ping failed (HTTP status 404",
    ):
        assert warning in first_failure
    assert all(searched.printed.values())


def test_no_output_and_no_file_shows_a_planted_secret(searched: Searched) -> None:
    assert searched.places() == []


@pytest.mark.parametrize(
    "name", ["archive.db", "backup.db", "export.warc.gz", "public/atom.xml", "site/atom.xml", "operator.xml"]
)
def test_the_files_that_are_searched_exist(searched: Searched, name: str) -> None:
    assert content_of(searched.command.folder / name)


def test_the_state_of_alerts_is_searched_and_names_no_secret(searched: Searched) -> None:
    path = state_path(searched.command.folder / "archive.db")
    assert json.loads(path.read_text())
    assert PLANTED not in path.read_text()
