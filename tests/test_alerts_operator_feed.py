"""The feed of operators: what it holds, that readers take it, and that no run damages it or a file of others."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from conftest import ROOT
from lxml import etree
from support.alert_messages import AT, ORIGIN, message
from support.feed_readers import Feedparser, FeedReader, Newsboat, Reader, Sfeed
from support.listing_server import ListingServer
from support.programs import needs, run

from foreign_eyes.alerts.channels import operator_feed
from foreign_eyes.alerts.channels.operator_feed import OperatorFeed, OperatorFeedChannel, render, with_message
from foreign_eyes.alerts.values import ChannelFailed


def told(path: Path, *numbers: int) -> None:
    channel = OperatorFeedChannel(path, ORIGIN)
    for number in numbers:
        channel.send(message(number))


def test_the_newest_message_comes_first_and_ids_stay(tmp_path: Path) -> None:
    path = tmp_path / "operator.xml"
    told(path, 1)
    first = feedparser.parse(path.read_bytes())
    told(path, 2)
    second = feedparser.parse(path.read_bytes())
    assert not second.bozo
    assert [entry.title for entry in second.entries] == ["Foreign Eyes: failed: crawl, source live"] * 2
    assert "the site blocks us (2)" in second.entries[0].content[0].value
    assert [tag.term for tag in second.entries[0].tags] == ["failed", "crawl"]
    assert second.entries[1].id == first.entries[0].id
    assert second.feed.id == first.feed.id
    assert (second.feed.updated, first.feed.updated) == ("2026-11-30T12:02:00+00:00", "2026-11-30T12:01:00+00:00")


def test_a_message_that_comes_twice_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "operator.xml"
    told(path, 1, 2)
    before = path.stat()
    told(path, 1)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_feed_keeps_the_newest_hundred_messages() -> None:
    feed = OperatorFeed("urn:uuid:f")
    for number in range(130):
        feed = with_message(feed, message(number), ORIGIN)
    assert len(feed.entries) == 100
    assert (feed.entries[0].at - AT, feed.entries[-1].at - AT) == (timedelta(minutes=129), timedelta(minutes=30))


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "operator.xml"
    feed = OperatorFeed("urn:uuid:f")
    for number, what in enumerate(
        ["plain", '<b>&amp; "it\'s"', " two\n\nlines\t ", "a\0b\x1b[31m\ufffe\ud800", "中文 🎉 x\r\ny"]
    ):
        feed = with_message(feed, message(number, what=what), ORIGIN)
    path.write_bytes(render(feed))
    assert operator_feed.read_feed(path) == feed
    assert render(operator_feed.read_feed(path)) == render(feed)


def test_messages_of_several_runs_at_once_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "operator.xml"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: told(path, number), range(24)))
    assert len(feedparser.parse(path.read_bytes()).entries) == 24


def test_a_feed_that_readers_may_not_read_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "operator.xml"
    told(path, 1)
    path.chmod(0o600)
    told(path, 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "operator.xml").symlink_to("elsewhere/feed.xml")
    told(tmp_path / "operator.xml", 1)
    assert (tmp_path / "operator.xml").is_symlink()
    assert len(feedparser.parse((tmp_path / "elsewhere/feed.xml").read_bytes()).entries) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"my notes",
        b"<feed/>",
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title></feed>',
        # a feed for readers
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><generator>Foreign Eyes</generator></feed>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    ],
)
def test_a_file_of_others_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "operator.xml"
    path.write_bytes(content)
    with pytest.raises(ChannelFailed, match=r"move it away, or name another file in \[alerts\] feed"):
        told(path, 1)
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", ["folder", "missing folder", "pipe"])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "operator.xml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        subprocess.run(["mkfifo", path], check=True)
    else:
        path = tmp_path / "nowhere" / "operator.xml"
    with pytest.raises(ChannelFailed, match=r"\[alerts\] feed"):
        told(path, 1)


def test_a_run_that_is_killed_while_it_writes_leaves_the_feed_and_the_next_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "operator.xml"
    told(path, 1)
    before = path.read_bytes()
    code = (
        "import os, sys; from pathlib import Path; from support.alert_messages import message\n"
        "from foreign_eyes.alerts.channels import operator_feed\n"
        "operator_feed.os.fsync = lambda descriptor: os.kill(os.getpid(), 9)\n"
        "operator_feed.OperatorFeedChannel(Path(sys.argv[1]), 'x').send(message(2))"
    )
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    assert subprocess.run([sys.executable, "-c", code, path], env=environment, check=False).returncode == -9
    assert path.read_bytes() == before
    told(path, 3)
    assert len(feedparser.parse(path.read_bytes()).entries) == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == [".operator.xml.lock", "operator.xml"]


def test_xmllint_finds_nothing_and_required_elements_are_there(tmp_path: Path) -> None:
    path = tmp_path / "operator.xml"
    told(path, 1, 2)
    done = run(needs("xmllint"), "--noout", "--nonet", str(path), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    root = etree.fromstring(path.read_bytes())
    names = {"a": "http://www.w3.org/2005/Atom"}
    for name in ("a:id", "a:title", "a:updated", "a:author/a:name"):
        assert len(root.findall(name, names)) == 1
    for entry in root.findall("a:entry", names):
        assert [len(entry.findall(name, names)) for name in ("a:id", "a:title", "a:updated", "a:content")] == [1] * 4


@pytest.mark.parametrize("kind", [Newsboat, Feedparser, Reader, Sfeed])
def test_feed_readers_show_each_message_once(tmp_path: Path, kind: type[FeedReader]) -> None:
    path = tmp_path / "operator.xml"
    (tmp_path / "reader").mkdir()
    with ListingServer(headers={"Content-Type": "application/atom+xml"}) as server:
        reader = kind(tmp_path / "reader", f"{server.origin}/operator.xml")
        for number in (1, 2, 2, 3):
            told(path, number)
            server.site["/operator.xml"] = path.read_bytes()
            reader.fetch()
        articles = reader.articles()
    assert sorted(article.date for article in articles) == [AT + timedelta(minutes=number) for number in (1, 2, 3)]
    assert {article.title for article in articles} == {"Foreign Eyes: failed: crawl, source live"}
