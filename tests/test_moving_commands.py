"""docs/moving.md followed with the commands: another machine, another output folder, another base URL."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING


def configure(folder: Path, server: ListingServer, output: str = "public", host: str = "old.example") -> None:
    (folder / "foreign-eyes.toml").write_text(
        f'default_source = "town"\n[publish]\noutput = "{output}"\nbase_url = "http://{host}/"\n'
        f'[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\nheading = "In Foreign Eyes"\n',
        "utf-8",
    )


def written(command: CommandLine) -> int:
    done = command("publish", "--json")
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout)["written"])


def ids_and_dates(feed: Path) -> list[str]:
    return re.findall(r"<id>tag:.*?</id>|<published>.*?</published>", feed.read_text("utf-8"))


@pytest.mark.long
def test_an_archive_moves_to_another_machine_folder_and_address(command: CommandLine, server: ListingServer) -> None:
    configure(command.folder, server)
    assert command("up", "--no-serve", "--quiet").returncode == 0
    assert command("backup", "moving.db").returncode == 0
    machine = CommandLine(command.folder / "machine")
    machine.folder.mkdir()
    for name in ("moving.db", "foreign-eyes.toml"):
        shutil.copy(command.folder / name, machine.folder)
    shutil.copytree(command.folder / "public", machine.folder / "public")
    before = ids_and_dates(machine.folder / "public" / "atom.xml")
    assert machine("restore", "moving.db").returncode == 0
    assert written(machine) == 0
    configure(machine.folder, server, "site")
    (machine.folder / "public").rename(machine.folder / "site")
    assert written(machine) == 0
    configure(machine.folder, server, "site", "new.example")
    assert written(machine) > 0
    feed = machine.folder / "site" / "atom.xml"
    assert ids_and_dates(feed) == before
    assert "http://old.example/" not in feed.read_text("utf-8")
    assert machine("check").returncode == 0
