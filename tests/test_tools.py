"""Real programs on real output: what validates feeds and shows pages in the world; what reads feeds is in test_clients.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CommandLine
from support.processes import running
from support.programs import needs, run
from support.published import EVENTS, published

XML = (".xml", ".rss", ".opml", ".svg")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CommandLine, str]]:
    """The sample, crawled, published and served, with its address."""
    command = CommandLine(tmp_path_factory.mktemp("served"))
    with running(command, "up", "--port", "0") as up:
        address = up.wait_for(r"pages +(http://\S+)")[1]
        up.wait_for("Ctrl-C stops it")
        yield command, address


def test_xmllint_has_nothing_to_say_of_the_samples_files(served: tuple[CommandLine, str]) -> None:
    folder = served[0].folder / "public"
    assert lint(sorted(str(path) for path in folder.rglob("*") if path.suffix in XML), folder) == ""


@pytest.mark.parametrize("events", EVENTS)
def test_xmllint_has_nothing_to_say_whatever_the_column_says_and_does(tmp_path: Path, events: str) -> None:
    edition = published(tmp_path, events, "https://eyes.example/a/column/")
    assert lint(edition.names(*XML), edition.output) == ""


def lint(files: list[str], folder: Path) -> str:
    """Return what xmllint writes of the files; if anything, it names each that is not well-formed."""
    assert len(files) > 10
    done = run(needs("xmllint"), "--noout", "--nonet", *files, folder=folder)
    assert done.returncode == 0 or done.stderr
    return done.stdout + done.stderr
