"""Real programs on real output: what validates, reads and shows feeds and pages in the world."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from conftest import CommandLine
from processes import running


def needs(tool: str) -> str:
    """Return the path of a program; skip where it is not installed, but fail where all are meant to be."""
    if path := shutil.which(tool):
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is not installed, and .ci/run was to install it")
    pytest.skip(f"{tool} is not installed")


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CommandLine, str]]:
    """The sample, crawled, published and served, with its address."""
    command = CommandLine(tmp_path_factory.mktemp("served"))
    with running(command, "up", "--port", "0") as up:
        address = up.wait_for(r"pages +(http://\S+)")[1]
        up.wait_for("Ctrl-C stops it")
        yield command, address


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml"])
def test_xmllint_has_nothing_to_say_of_the_feeds(served: tuple[CommandLine, str], name: str) -> None:
    done = run(needs("xmllint"), "--noout", "--nonet", f"public/{name}", folder=served[0].folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml"])
def test_newsboat_reads_every_entry_once_in_the_listings_order(
    served: tuple[CommandLine, str], tmp_path: Path, name: str
) -> None:
    newsboat = needs("newsboat")
    command, address = served
    reload = [newsboat, "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload"]
    (tmp_path / "config").write_text("")
    (tmp_path / "urls").write_text(f"{address}{name}\n")
    first = run(*reload, folder=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    articles = read_cache(tmp_path / "cache.db")
    listed = command.rows("SELECT title, publication FROM current_entries ORDER BY page, position")
    assert [article["title"] for article in articles] == [row["title"] or article["title"] for row, article in
                                                          zip(listed, articles, strict=True)]  # fmt: skip
    assert [article["author"] for article in articles] == [row["publication"] or "" for row in listed]
    assert len(articles) == 40
    assert len({article["pubDate"] for article in articles}) == 40
    assert len({article["guid"] for article in articles}) == 40
    assert all(article["content"] for article in articles)
    assert run(*reload, folder=tmp_path).returncode == 0
    assert read_cache(tmp_path / "cache.db") == articles


@pytest.mark.parametrize("page", ["front page", "entry page", "Datasette"])
def test_chromium_shows_the_pages_without_a_complaint(
    served: tuple[CommandLine, str], tmp_path: Path, page: str
) -> None:
    chromium = needs("chromium")
    command, address = served
    entry = feedparser.parse((command.folder / "public" / "atom.xml").read_bytes()).entries[0]
    url = {"front page": address, "entry page": entry.link, "Datasette": f"{address}browse/archive/current_entries"}
    with urllib.request.urlopen(url[page], timeout=20) as answer:  # noqa: S310 - our own server
        assert answer.headers["Content-Security-Policy"]
    done = run(
        *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--virtual-time-budget=3000"),
        *("--dump-dom", url[page]),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    shown = re.sub(r"\s+", " ", done.stdout)
    titles = [row["title"] for row in command.rows("SELECT title FROM current_entries WHERE title IS NOT NULL")]
    seen = [title for title in titles if title in unquoted(shown)]
    assert len(seen) >= (1 if page == "entry page" else 30), shown[:2000]
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line or "Content Security Policy" in line]
    assert complaints == []


def unquoted(html: str) -> str:
    return html.replace("&amp;", "&").replace("&quot;", '"').replace("&nbsp;", " ")


def read_cache(cache: Path) -> list[dict[str, Any]]:
    """Return newsboat's articles, newest first."""
    connection = sqlite3.connect(cache)
    connection.row_factory = sqlite3.Row
    try:
        query = "SELECT title, author, guid, url, pubDate, content FROM rss_item ORDER BY pubDate DESC"
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()
