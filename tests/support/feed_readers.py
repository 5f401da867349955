"""Real feed readers behind one interface: subscribe, fetch, return the articles shown."""

from __future__ import annotations

import email
import email.policy
import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import feedparser_sgmllib
from reader import make_reader

from support.programs import needs, run

# reader 3.26 bundles a feedparser that imports a Python 2 module by its old name
sys.modules.setdefault("sgmllib", feedparser_sgmllib)


@dataclass(frozen=True)
class Article:
    """An entry as a reader shows it; the date has whole seconds. `words` are not compared."""

    title: str
    author: str
    date: datetime
    entry_id: str
    words: str = field(default="", compare=False)


class FeedReader(ABC):
    """A reader with one subscription and its own folder.

    A reader that `keeps_each_title` shows an entry again when its title has changed.
    """

    keeps_each_title = False

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address

    @abstractmethod
    def fetch(self) -> None:
        """Fetch the feed as the reader does every hour."""

    @abstractmethod
    def articles(self) -> list[Article]:
        """Return the articles as the reader shows them, newest first."""

    def run(self, *command: str) -> None:
        run_quietly(*command, folder=self.folder)


class Newsboat(FeedReader):
    """Newsboat, a terminal reader with an SQLite cache."""

    def fetch(self) -> None:
        (self.folder / "config").touch()
        (self.folder / "urls").write_text(f"{self.address}\n")
        self.run(needs("newsboat"), "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload")

    def articles(self) -> list[Article]:
        # the order of newsboat's own list of articles, and the newest first
        query = "SELECT title, author, pubDate, guid, content FROM rss_item ORDER BY pubDate DESC, id DESC"
        return [
            Article(
                row["title"], row["author"], datetime.fromtimestamp(row["pubDate"], UTC), row["guid"], row["content"]
            )
            for row in read_rows(self.folder / "cache.db", query)
        ]


# conditional requests as in sfeed's README
SFEEDRC = """
sfeedpath="{folder}/feeds"
fetch() {{
	curl -L --max-redirs 0 -H "User-Agent:" -f -s -m 15 \\
		--etag-save "{folder}/etag" --etag-compare "{folder}/etag" "$2" 2>/dev/null
}}
feeds() {{
	feed "column" "{address}"
}}
"""


class Sfeed(FeedReader):
    """sfeed: one line per article, tab-separated (time, title, link, content, type, id, author)."""

    keeps_each_title = True

    def fetch(self) -> None:
        needs("curl")
        (self.folder / "sfeedrc").write_text(SFEEDRC.format(folder=self.folder, address=self.address))
        self.run(needs("sfeed_update"), "sfeedrc")

    def articles(self) -> list[Article]:
        lines = (self.folder / "feeds" / "column").read_text().splitlines()
        fields = [line.split("\t") for line in lines]
        return [Article(one[1], one[6], datetime.fromtimestamp(int(one[0]), UTC), one[5]) for one in fields]


RSS2EMAIL = """
[DEFAULT]
email-protocol = maildir
maildir-path = {folder}
maildir-mailbox = mail
date-header = True
name-format = {{author}}
verbose = error
"""


class Rss2email(FeedReader):
    """rss2email, which delivers each article as a mail; here into a folder."""

    def fetch(self) -> None:
        command = rss2email(self.folder)
        if not (self.folder / "rss2email.json").exists():
            self.run(*command, "add", "column", self.address, "reader@reader.invalid")
        self.run(*command, "run")

    def articles(self) -> list[Article]:
        files = (self.folder / "mail").glob("new/*")
        mails = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return sorted(map(_mailed, mails), key=lambda article: article.date, reverse=True)


def rss2email(folder: Path) -> tuple[str, ...]:
    """Return the rss2email command that keeps its files in `folder` and mails in `folder/mail`."""
    command = (needs("r2e"), "-c", "rss2email.cfg", "-d", "rss2email.json")
    config = folder / "rss2email.cfg"
    if not config.exists():
        for name in ("cur", "new", "tmp"):
            (folder / "mail" / name).mkdir(parents=True)
        config.write_text(RSS2EMAIL.format(folder=folder))
    return command


def _mailed(mail: Any) -> Article:
    (author,) = mail["From"].addresses
    date = mail["Date"].datetime.replace(tzinfo=UTC)  # "-0000", as mails say it
    return Article(mail["Subject"], author.display_name, date, mail["X-RSS-ID"])


@dataclass
class _Polled:
    etag: str | None = None
    modified: str | None = None
    seen: list[Article] = field(default_factory=list)


class Feedparser(FeedReader):
    """feedparser, the most used Python library; this class keeps the validators between fetches."""

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__(folder, address)
        self._kept = _Polled()

    def fetch(self) -> None:
        parsed = feedparser.parse(self.address, etag=self._kept.etag, modified=self._kept.modified)
        assert not parsed.bozo, parsed.bozo_exception
        if parsed.status == 304:
            return
        self._kept.etag, self._kept.modified = parsed.get("etag"), parsed.get("modified")
        known = {article.entry_id for article in self._kept.seen}
        new = [_parsed(entry) for entry in parsed.entries if entry.id not in known]
        self._kept.seen = [*new, *self._kept.seen]

    def articles(self) -> list[Article]:
        return self._kept.seen


def _parsed(entry: Any) -> Article:
    return Article(entry.title, entry.author, datetime(*entry.published_parsed[:6], tzinfo=UTC), entry.id)


class Reader(FeedReader):
    """reader, a library with storage and update logic."""

    def fetch(self) -> None:
        with make_reader(str(self.folder / "reader.db")) as reader:
            reader.add_feed(self.address, exist_ok=True)
            (result,) = reader.update_feeds_iter(scheduled=False)
            assert not isinstance(result.value, Exception), result.value

    def articles(self) -> list[Article]:
        with make_reader(str(self.folder / "reader.db")) as reader:
            return [_kept(entry) for entry in reader.get_entries()]


def _kept(entry: Any) -> Article:
    date = entry.published.replace(microsecond=0)
    return Article(entry.title, entry.authors_str, date, entry.id, entry.get_content().value)


def run_quietly(*command: str, folder: Path) -> str:
    """Run a program that must succeed with an empty stderr; return its stdout."""
    done = run(*command, folder=folder)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def read_rows(cache: Path, query: str) -> Sequence[dict[str, Any]]:
    connection = sqlite3.connect(cache)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()
