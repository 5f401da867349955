"""`status`, `check` and the lock: what an operator is told."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import zlib
from typing import Any

import pytest
from conftest import CommandLine
from support import listing_server
from support.listing_server import ListingServer
from support.listings import LISTING, page_name
from support.processes import Gate, running


def health(command: CommandLine, name: str, *options: str, code: int = 0) -> dict[str, Any]:
    done = command(name, "--json", *options)
    assert (done.returncode, done.stderr) == (code, "")
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["ok"] is (not report["problems"])
    return report


def slow_crawl(server: ListingServer, gate: Gate) -> list[str]:
    """The arguments of a crawl that waits in the middle until the gate opens."""
    server.faults[page_name(2)] = gate
    return ["crawl", server.origin + LISTING, "--name", "town", "--delay", "0"]


def test_after_a_good_crawl_nothing_is_wrong(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    report = health(command, "status")
    assert report["ok"]
    [source] = report["sources"]
    assert (source["source"], source["entries"], source["withdrawn"], source["crawls"]) == ("town", 15, 0, 1)
    assert [crawl["outcome"] for crawl in report["last_crawls"]] == ["complete"]
    done = command("status")
    assert "15 entries (0 withdrawn)" in done.stdout
    assert "no problems found" in done.stdout
    assert health(command, "check")["ok"]


@pytest.mark.parametrize(
    ("fault", "outcome", "remedy"),
    [
        (listing_server.status(412), "blocked", "foreign-eyes crawl town"),
        (listing_server.silence, "unreachable", "foreign-eyes crawl town"),
        (listing_server.page(b"<html><body><p>hello</p></body></html>"), "suspect", "foreign-eyes crawl town"),
    ],
)
def test_a_failed_crawl_is_reported_with_its_reason_and_remedy(
    command: CommandLine, server: ListingServer, fault: listing_server.Answer, outcome: str, remedy: str
) -> None:
    command.crawl(server)
    server.faults[LISTING] = fault
    row = command.crawl(server)
    if outcome != "suspect":
        assert row["outcome"] == outcome
    for name in ("status", "check"):
        [problem] = health(command, name, code=1)["problems"]
        assert problem["where"] == "source town"
        assert row["reason"] in problem["what"]
        assert row["outcome"] in problem["what"]
        assert remedy in problem["remedy"]
        done = command(name)
        assert done.returncode == 1
        assert f"to fix it: {problem['remedy']}" in done.stdout


def test_two_days_without_a_good_crawl_are_reported(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    connection = sqlite3.connect(command.folder / "archive.db")
    connection.execute("UPDATE crawls SET finished_at = '2026-01-01T00:00:00.000000Z'")
    connection.commit()
    connection.close()
    [problem] = health(command, "status", code=1)["problems"]
    assert re.match(r"no good crawl for \d+ days", problem["what"])


def test_a_second_run_is_refused_and_names_the_run_that_holds_the_archive(
    command: CommandLine, server: ListingServer
) -> None:
    with Gate(server.site[page_name(2)]) as gate, running(command, *slow_crawl(server, gate)) as first:
        assert gate.asked.wait(30)
        named = f"a crawl of town, process {first.process.pid}, since "
        second = command("crawl", server.origin + LISTING, "--name", "village", "--delay", "0")
        assert (second.returncode, second.stdout) == (75, "")
        assert len(second.stderr.splitlines()) == 1
        assert named in second.stderr
        report = health(command, "status")
        assert report["running"].startswith(named)
        assert report["problems"] == [] or "nothing has been crawled" in report["problems"][0]["what"]
        assert named in command("status").stdout
        gate.opened.set()
        assert first.process.wait(30) == 0
    assert health(command, "status")["running"] is None
    assert command.crawl(server)["outcome"] == "unchanged"


def test_a_killed_crawl_is_reported_and_the_next_one_works(command: CommandLine, server: ListingServer) -> None:
    with Gate(server.site[page_name(2)]) as gate, running(command, *slow_crawl(server, gate)) as crawl:
        assert gate.asked.wait(30)
        assert crawl.stop(signal.SIGKILL) == -signal.SIGKILL
    for name in ("status", "check"):
        told = [(problem["what"], problem["where"]) for problem in health(command, name, code=1)["problems"]]
        assert ("a crawl was killed before it settled", "crawl 1") in told
    del server.faults[page_name(2)]
    assert command.crawl(server)["outcome"] == "complete"
    outcomes = command.rows("SELECT outcome, new FROM crawl_log ORDER BY crawl_id")
    assert [(row["outcome"], row["new"]) for row in outcomes] == [("failed", 0), ("complete", 15)]
    assert health(command, "status")["ok"]


@pytest.fixture
def published(command: CommandLine, server: ListingServer) -> CommandLine:
    command.crawl(server)
    assert command("publish").returncode == 0
    assert health(command, "check")["ok"]
    return command


def test_check_finds_a_flipped_bit_in_a_body(published: CommandLine) -> None:
    connection = sqlite3.connect(published.folder / "archive.db")
    [[key, packed]] = connection.execute("SELECT body_sha256, zlib FROM bodies LIMIT 1").fetchall()
    body = bytearray(zlib.decompress(packed))
    body[0] ^= 1
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("PRAGMA recursive_triggers=OFF")
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute("UPDATE bodies SET zlib = ? WHERE body_sha256 = ?", [zlib.compress(bytes(body)), key])
    connection.commit()
    connection.close()
    assert any(problem["where"] == "table bodies" for problem in health(published, "check", code=1)["problems"])


def test_check_finds_a_published_file_that_was_changed(published: CommandLine) -> None:
    path = published.folder / "public" / "atom.xml"
    path.write_bytes(path.read_bytes() + b"<!-- mine -->")
    [problem] = health(published, "check", code=1)["problems"]
    assert problem["where"].endswith("public/atom.xml")
    assert "changed" in problem["what"]
    assert problem["remedy"] == "foreign-eyes publish --all"
    assert published("publish", "--all").returncode == 0
    assert health(published, "check")["ok"]


def test_check_finds_a_published_file_that_is_missing(published: CommandLine) -> None:
    (published.folder / "public" / "rss.xml").unlink()
    [problem] = health(published, "check", code=1)["problems"]
    assert problem["where"].endswith("public/rss.xml")
    assert "missing" in problem["what"]
    done = published("check")
    assert done.returncode == 1
    assert "to fix it: foreign-eyes publish --all" in done.stdout


def test_check_finds_that_nothing_was_published_to_a_folder_it_is_asked_about(published: CommandLine) -> None:
    [problem] = health(published, "check", "--output", "pubic", code=1)["problems"]
    assert "nothing was published" in problem["what"]


def test_checking_changes_nothing(published: CommandLine) -> None:
    before = {path: path.read_bytes() for path in published.folder.rglob("*") if path.is_file()}
    published("check")
    published("status")
    assert {path: path.read_bytes() for path in published.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["status", "check"])
def test_a_program_gets_its_object_also_where_there_is_no_archive(command: CommandLine, name: str) -> None:
    done = command(name, "--json")
    assert done.returncode == 66
    report = json.loads(done.stdout)
    assert not report["ok"]
    assert [sorted(problem) for problem in report["problems"]] == [["remedy", "what", "where"]]
