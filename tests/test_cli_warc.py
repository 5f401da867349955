"""`import` and `export` as their users run them: real crawls, real wget, and files that are not what they should be."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from conftest import ROOT, CommandLine
from sqlite_utils import Database
from support.listing_server import ListingServer, redirect, status
from support.listings import FOLDER, LISTING, PATENT_SEARCH, make_entries, make_page, make_site, page_name
from support.processes import on_a_terminal
from support.programs import needs
from support.warcs import Warc

from foreign_eyes.archive.archive_lock import holder
from foreign_eyes.archive.rebuilding.differences import compare
from foreign_eyes.cli import import_
from foreign_eyes.cli.context import Context
from foreign_eyes.warc.import_captures import ForeignImport

DATE = "2020-05-01T10:00:00Z"
HOST = "http://town.example"


def wget(folder: Path, name: str, *arguments: str) -> None:
    """Capture with wget into a WARC; skip where wget is not installed, but fail where all tools are meant to be."""
    subprocess.run(
        [needs("wget"), "--quiet", "--no-config", f"--warc-file={name}", "--directory-prefix=got", *arguments],
        cwd=folder,
        timeout=300,
        check=False,
    )
    assert list(folder.glob(f"{name}*.warc*"))


def run_import(command: CommandLine, *arguments: str, archive: str = "archive.db") -> dict[str, Any]:
    done = command("--archive", archive, "import", "--json", *arguments)
    assert done.stdout, done.stderr
    return {**json.loads(done.stdout), "exit_code": done.returncode}


def crawl_history(command: CommandLine, server: ListingServer) -> None:
    """Five crawls of the source `town`, with an edit, a withdrawal, a move and a block; a village beside it."""
    entries = make_entries(15)
    for changed in (entries, entries, entries[1:], [*make_entries(2, 50), *entries[1:]]):
        server.site = make_site(changed)
        command.crawl(server)
    server.faults[LISTING] = status(412)
    assert command.crawl(server)["exit_code"] == 69
    server.faults.clear()
    command("crawl", server.origin + LISTING, "--name", "village", "--delay", "0", "--quiet")
    command.crawl(server, "--quick")


def differences(one: Path, other: Path) -> list[object]:
    """Return in which tables two archives differ."""
    before, after = (Database(sqlite3.connect(path)) for path in (one, other))
    try:
        return [one for one in compare(before, after) if one.table != "redaction_secret"]  # keys nothing here
    finally:
        before.conn.close()
        after.conn.close()


def test_an_export_is_imported_into_an_equal_archive(command: CommandLine, server: ListingServer) -> None:
    crawl_history(command, server)
    ids = [row["entry_id"] for row in command.rows("SELECT entry_id FROM entries WHERE source_id = 1 LIMIT 2")]
    command("merge", *map(str, ids))
    done = command("export", "eyes.warc.gz", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert told["bytes"] == (command.folder / "eyes.warc.gz").stat().st_size
    assert (told["file"], told["sources"], told["crawls"]) == ("eyes.warc.gz", 2, 7)
    report = run_import(command, "eyes.warc.gz", archive="copy.db")
    assert (report["with_ids"], report["captures"], report["exit_code"]) == (True, told["captures"], 0)
    assert differences(command.folder / "archive.db", command.folder / "copy.db") == []
    assert command("--archive", "copy.db", "check").returncode == 0
    command("--archive", "copy.db", "export", "again.warc.gz")
    assert (command.folder / "again.warc.gz").read_bytes() == (command.folder / "eyes.warc.gz").read_bytes()
    assert command("--archive", "copy.db", "reparse", "--check").returncode == 0


def test_warcio_and_streams_agree_on_an_export(command: CommandLine, server: ListingServer) -> None:
    crawl_history(command, server)
    assert command("export", "x.warc.gz").stdout.startswith("x.warc.gz: ")
    program = f"{sys.executable} -P -m foreign_eyes"
    piped = subprocess.run(
        ["bash", "-c", f"{program} export - | tee y.warc.gz | {program} --archive z.db import - --json"],
        cwd=command.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(piped.stdout)["with_ids"]
    assert piped.stderr.startswith("-: ")
    assert (command.folder / "x.warc.gz").read_bytes() == (command.folder / "y.warc.gz").read_bytes()
    checked = subprocess.run(
        [sys.executable, "-c", "from warcio.cli import main; main()", "check", "x.warc.gz"],
        cwd=command.folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("options", [("--no-warc-compression",), ("--no-warc-digests",), ("--warc-max-size=2k",)])
def test_what_wget_captured_is_settled(command: CommandLine, server: ListingServer, options: tuple[str, ...]) -> None:
    wget(command.folder, "old", "--recursive", "--level=5", *options, server.origin + LISTING)
    files = [path.name for path in sorted(command.folder.glob("old*.warc*"))]
    report = run_import(command, *files, "--source", server.origin + LISTING)
    assert (report["crawls"], report["captures"], report["new_entries"]) == ({"partial": 1}, 4, 15)
    assert report["warnings"] == []
    captures = command.rows("SELECT purpose, page, url, status FROM captures ORDER BY purpose, page")
    assert [(row["purpose"], row["page"], row["url"].removeprefix(server.origin)) for row in captures] == [
        ("link", None, PATENT_SEARCH),
        ("listing", 1, LISTING),
        ("listing", 2, page_name(2)),
        ("listing", 3, page_name(3)),
    ]
    assert [row["outcome"] for row in command.rows("SELECT outcome FROM links")] == ["ok"]
    again = run_import(command, *files)
    assert (again["crawls"], again["already_there"]) == ({}, 3)


def test_what_wget_got_in_chunks_and_through_a_redirect_is_read(command: CommandLine, server: ListingServer) -> None:
    body = server.site[LISTING]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:100], body[100:])) + b"0\r\n\r\n"
    head = "HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked"
    server.faults[LISTING] = lambda handler: handler.reply_raw(head, chunks)
    server.faults["/column"] = redirect(server.origin + LISTING)
    wget(command.folder, "old", f"{server.origin}/column")
    report = run_import(command, "old.warc.gz", "--source", f"{server.origin}/column")
    assert (report["captures"], report["new_entries"]) == (1, 5)


def test_a_half_page_that_wget_got_is_left_out(command: CommandLine, server: ListingServer) -> None:
    body = server.site[LISTING]
    head = f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {len(body)}"
    server.faults[LISTING] = lambda handler: handler.reply_raw(head, body[:900])
    wget(command.folder, "old", "--tries=1", server.origin + LISTING, server.origin + page_name(2))
    report = run_import(command, "old.warc.gz", "--source", server.origin + LISTING)
    assert command.rows("SELECT page FROM captures") == [{"page": 2}]
    assert report["captures"] == 1


def test_older_captures_go_before_newer_crawls(command: CommandLine, server: ListingServer) -> None:
    entries = make_entries(15)
    command.crawl(server)
    before = command.rows("SELECT entry_id, tag_uri, feed_date FROM entries ORDER BY entry_id")
    changes = command.rows("SELECT change_id, at FROM changes ORDER BY at")
    warc = Warc()
    for page in (1, 2, 3):
        body = make_page([*entries[1:4], *make_entries(1, 90)], page, 3) if page == 1 else server.site[page_name(page)]
        warc.response(server.origin + page_name(page), f"2020-05-01T10:00:0{page}Z", body)
    (command.folder / "old.warc.gz").write_bytes(warc.data)
    dry = run_import(command, "old.warc.gz", "--dry-run")
    assert command.rows("SELECT count(*) AS crawls FROM crawls") == [{"crawls": 1}]
    done = run_import(command, "old.warc.gz")
    assert {**dry, "dry_run": False} == done
    assert (done["captures"], done["new_entries"], done["warnings"]) == (3, 1, [])
    after = command.rows("SELECT entry_id, tag_uri, feed_date FROM entries ORDER BY entry_id")
    assert [row for row in after if row in before] == before
    assert command.rows("SELECT change_id, at FROM changes WHERE announced = 1 ORDER BY at") == changes
    first_seen = "SELECT count(*) AS old FROM current_entries WHERE first_seen < '2021'"
    assert command.rows(first_seen) == [{"old": 14}]
    for problem_free in ("check", "status"):
        assert "no problems found" in command(problem_free).stdout


def test_a_report_in_words(command: CommandLine) -> None:
    warc = Warc()
    warc.response(f"{HOST}{LISTING}", DATE, make_page(make_entries(5), 1, 2))
    warc.response(f"{HOST}{page_name(2)}", DATE, make_page(make_entries(5), 2, 2)[:-50], length=False)
    (command.folder / "old.warc.gz").write_bytes(warc.data)
    arguments = ("import", "old.warc.gz", "--source", f"{HOST}{LISTING}")
    done = command(*arguments)
    assert done.stdout == "1 capture of 1 crawl imported (1 partial)\n  5 new entries, 5 new revisions\n"
    assert done.returncode == 65
    assert done.stderr == (
        f"warning: {HOST}{page_name(2)} of 2020-05-01T10:00:00.000000Z is not imported: it ended with the connection and"
        " before the page's end tag\n"
    )
    assert command(*arguments).stdout == "nothing new: the archive already has it (1 capture)\n"
    assert command(*arguments, "--quiet").stdout == ""


def test_a_suspect_listing_is_kept_told_with_its_reason_and_settled_when_accepted(command: CommandLine) -> None:
    warc = Warc()
    for page in (1, 2):
        warc.response(f"{HOST}{page_name(page)}", DATE, make_page(make_entries(5), page, 2))
    (command.folder / "old.warc.gz").write_bytes(warc.data)
    arguments = ("import", "old.warc.gz", "--source", f"{HOST}{LISTING}")
    told = command("--archive", "other.db", *arguments)
    assert told.returncode == 65
    assert "lists the same entries as page 1" in told.stderr
    assert "--accept" in told.stderr
    assert "\x1b[32m" not in on_a_terminal(command, "--archive", "third.db", *arguments, env={})
    report = run_import(command, "old.warc.gz", "--source", f"{HOST}{LISTING}")
    assert (report["exit_code"], report["crawls"], report["new_entries"]) == (65, {"suspect": 1}, 0)
    assert "lists the same entries as page 1" in command.rows("SELECT reason FROM crawls")[0]["reason"]
    assert "lists the same entries as page 1" in report["warnings"][0]
    again = run_import(command, "old.warc.gz", "--source", f"{HOST}{LISTING}")
    assert (again["exit_code"], again["crawls"], len(again["warnings"])) == (0, {}, 1)
    accepted = run_import(command, "old.warc.gz", "--source", f"{HOST}{LISTING}", "--accept")
    assert (accepted["exit_code"], accepted["accepted"], accepted["warnings"]) == (0, 1, [])
    assert command.rows("SELECT outcome, settled FROM crawls") == [{"outcome": "partial", "settled": 1}]
    done = command("--archive", "other.db", *arguments, "--accept")
    assert done.stdout.startswith(
        "1 crawl that looked suspect settled\n  2 were already in the archive\n  5 new entries"
    )
    assert command("check").returncode == 0


def test_a_few_of_many_warnings_are_reported(command: CommandLine) -> None:
    warc = Warc()
    warc.response(f"{HOST}{LISTING}", DATE, make_page(make_entries(5), 1, 9))
    for page in range(2, 7):
        warc.response(f"{HOST}{page_name(page)}", DATE, make_page(make_entries(5), page, 9), status="200 OK",
                      fields={"WARC-Truncated": "length"})  # fmt: skip
    (command.folder / "old.warc.gz").write_bytes(warc.data)
    arguments = ("old.warc.gz", "--source", f"{HOST}{LISTING}")
    assert len(run_import(command, *arguments, "--dry-run")["warnings"]) == 5
    lines = command("import", *arguments).stderr.splitlines()
    assert (len(lines), lines[3]) == (4, "warning: and 2 more; --json lists all")


def test_an_export_takes_the_place_of_an_export_alone_and_leaves_mode_and_link(command: CommandLine) -> None:
    command("crawl", "sample", "--quiet")
    real, link = command.folder / "real.warc.gz", command.folder / "link.warc.gz"
    link.symlink_to(real.name)
    assert command("export", "link.warc.gz").returncode == 0
    assert (link.is_symlink(), real.is_file()) == (True, True)
    whole = real.read_bytes()
    real.write_bytes(whole[:-100])
    real.chmod(0o600)
    assert command("export", "link.warc.gz").returncode == 0
    assert (link.is_symlink(), real.stat().st_mode & 0o777, real.read_bytes()) == (True, 0o600, whole)
    circle = command.folder / "a.warc.gz"
    circle.symlink_to("b.warc.gz")
    (command.folder / "b.warc.gz").symlink_to("a.warc.gz")
    assert command("export", "a.warc.gz").returncode == 73
    for other in (gzip.compress(b"a diary"), page_warc()):
        real.write_bytes(other)
        refused = command("export", "link.warc.gz")
        assert (refused.returncode, real.read_bytes()) == (73, other)
        assert "name another file, or remove it" in refused.stderr


def test_an_export_into_nothing_fails(command: CommandLine) -> None:
    command("crawl", "sample", "--quiet")
    assert "a WARC file cannot be written to a terminal" in on_a_terminal(command, "export", "-", env={})
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = exported_to(command, gone)
    assert (done.returncode, done.stderr) == (
        73, "error: standard output: cannot be written (the reader closed the pipe); the export is incomplete\n",
    )  # fmt: skip
    with Path("/dev/full").open("wb") as full:
        done = exported_to(command, full)
    assert (done.returncode, len(done.stderr.splitlines())) == (73, 1)


def exported_to(command: CommandLine, stream: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "foreign_eyes", "export", "-", "--quiet"], cwd=command.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=stream, stderr=subprocess.PIPE, text=True,
        timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", ["import x.warc.gz --source http://town.example/", "export y.warc.gz"])
def test_a_temporary_folder_that_is_full_is_named(command: CommandLine, arguments: str) -> None:
    command("crawl", "sample", "--quiet")
    (command.folder / "x.warc.gz").write_bytes(page_warc())
    # what measures the tests' coverage writes files that would not fit either
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 1; exec {sys.executable} -P -m foreign_eyes {arguments}"], cwd=command.folder,
        env={**unmeasured, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (73, 1), done.stderr
    assert "TMPDIR" in done.stderr
    assert "archive.db" not in done.stderr


def test_a_failed_import_leaves_no_archive_and_no_lock(command: CommandLine) -> None:
    (command.folder / "x.warc.gz").write_bytes(page_warc())
    command("crawl", "sample", "--quiet")
    command("export", "own.warc.gz")
    for name, options in (("x.warc.gz", ("--source", "live")), ("own.warc.gz", ("--source", "live"))):
        assert command("--archive", "new.db", "import", name, *options).returncode == 66
        assert list(command.folder.glob("new.db*")) == []


def test_a_search_holds_no_lock(command: CommandLine, server: ListingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[object] = []
    find = ForeignImport.find

    def watched(plan: ForeignImport, show: Any = None) -> Any:
        if plan._pages is None:
            held.append(holder(command.folder / "archive.db"))
        return find(plan, show)

    command.crawl(server)
    (command.folder / "x.warc.gz").write_bytes(page_warc())
    monkeypatch.setattr(ForeignImport, "find", watched)
    monkeypatch.chdir(command.folder)
    callback = import_.import_files.callback
    assert callback
    with click.Context(import_.import_files, obj=Context(None, Path("archive.db"))):
        assert callback((Path("x.warc.gz"),), f"{HOST}{LISTING}", (), False, False, True, False) == 0
    assert held == [None]


def test_the_old_address_of_a_configured_source(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        'default_source = "town"\n[sources.town]\nurl = "https://new.example/list/index.htm"\ntitle = "The column"\n'
    )
    warc = Warc()
    warc.response(f"{HOST}{page_name(3)}", DATE, make_page(make_entries(5), 3, 8))
    (command.folder / "old.warc.gz").write_bytes(warc.data)
    refused = command("import", "old.warc.gz")
    assert refused.returncode == 66
    assert f"--url {HOST}{LISTING}" in refused.stderr
    assert not (command.folder / "archive.db").exists()
    report = run_import(command, "old.warc.gz", "--url", f"{HOST}{FOLDER}/")
    assert report["captures"] == 1
    assert command.rows("SELECT name, sources.url, title, page FROM sources, captures") == [
        {"name": "town", "url": "https://new.example/list/index.htm", "title": "The column", "page": 3}
    ]


def page_warc() -> bytes:
    warc = Warc()
    warc.response(f"{HOST}{LISTING}", DATE, make_page(make_entries(5), 1, 1))
    return warc.data


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "an empty file, not a WARC"),
        (b"Dear diary", "not a WARC file"),
        (page_warc()[:-30], "the record at offset 0: the compressed file is cut"),
        (gzip.decompress(page_warc())[:-90], "the record at offset 0: it is cut: "),
        (gzip.decompress(page_warc()).replace(b"Workshop", b"Workshed"), "do not match the digest sha1:"),
    ],
    ids=["missing", "empty", "text", "cut gzip", "cut record", "other bytes"],
)
@pytest.mark.parametrize("archive", ["none", "some"])
def test_a_file_that_is_not_whole_changes_nothing(
    command: CommandLine, content: bytes | None, said: str, archive: str
) -> None:
    if archive == "some":
        command("crawl", "sample", "--quiet")
    before = {path.name: path.read_bytes() for path in command.folder.glob("*.db")}
    if content is not None:
        (command.folder / "old.warc.gz").write_bytes(content)
    (command.folder / "good.warc.gz").write_bytes(page_warc())
    done = command("import", "good.warc.gz", "old.warc.gz", "--source", f"{HOST}{LISTING}")
    assert (done.returncode, done.stdout) == (66, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: old.warc.gz: ")
    assert said in done.stderr
    assert {path.name: path.read_bytes() for path in command.folder.glob("*.db")} == before


def test_a_warc_without_the_listing_says_what_is_in_it_and_makes_no_archive(command: CommandLine) -> None:
    warc = Warc()
    warc.info()
    warc.response("http://one.example/a", DATE, b"<html>no</html>")
    warc.response("http://two.example/b", DATE, b"<html>no</html>")
    (command.folder / "x.warc.gz").write_bytes(warc.data)
    for options in ((), ("--dry-run",)):
        done = command("import", "x.warc.gz", "--source", "live", *options)
        assert done.returncode == 66
        assert "among 3 records: 2 responses, from one.example, two.example; name another source" in done.stderr
    assert list(command.folder.glob("*.db")) == []


def test_a_gzip_bomb_takes_no_memory(command: CommandLine) -> None:
    warc = Warc()
    bomb = gzip.compress(b"\0" * 300_000_000)
    warc.response(f"{HOST}{LISTING}", DATE, bomb, headers=[("Content-Encoding", "gzip"), ("Content-Type", "text/html")])
    twice = gzip.compress(warc.data + gzip.compress(b"WARC/1.0\r\n" + b"X: y\r\n" * 1000))
    (command.folder / "x.warc.gz").write_bytes(warc.data)
    (command.folder / "twice.warc.gz").write_bytes(twice)
    limited = "ulimit -v 1000000; exec"
    for name, said in (("x.warc.gz", "more than 10485760 bytes"), ("twice.warc.gz", "not a WARC")):
        done = subprocess.run(
            ["bash", "-c", f"{limited} {sys.executable} -P -m foreign_eyes import {name} --source {HOST}{LISTING}"],
            cwd=command.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode, said in done.stderr) == (66, True), done.stderr


@pytest.fixture(scope="module")
def sample_and_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of the sample, its export, and a WARC of another program."""
    command = CommandLine(tmp_path_factory.mktemp("files"))
    command("--archive", "sample.db", "crawl", "sample", "--quiet")
    command("--archive", "sample.db", "export", "own.warc.gz")
    (command.folder / "x.warc.gz").write_bytes(page_warc())
    return command.folder


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("import", 64, "Missing argument 'FILE...'"),
        ("import x.warc.gz --source nope", 64, "use one of live, sample"),
        ("import x.warc.gz --url ftp://x/ --source live", 64, "http:// or https://"),
        ("import x.warc.gz --url http://town.example/", 64, "name it with --source"),
        ("import own.warc.gz --source live", 66, "has the URL"),
        ("import own.warc.gz --source Live", 64, "is not a name for a source"),
        ("import own.warc.gz --accept", 64, "leave out --accept"),
        ("export x.warc.gz", 73, "not an export of Foreign Eyes"),
        ("import own.warc.gz x.warc.gz", 64, "import it without other files"),
        ("import x.warc.gz own.warc.gz", 64, "import it without other files"),
        ("--archive x.warc.gz import own.warc.gz", 66, "not a Foreign Eyes archive"),
        ("--archive none.db export x.warc.gz", 66, "no such archive"),
        ("export x.warc", 64, "name it x.warc.gz"),
        ("export - --json", 64, "standard output"),
        ("export sample.db", 73, "not an export of Foreign Eyes); name another file, or remove it"),
        ("export none/x.warc.gz", 73, "cannot be written"),
        ("export .", 73, "cannot be written"),
        ("export /dev/full", 73, "No space left"),
    ],
)
def test_an_impossible_command_is_reported_in_one_line(
    command: CommandLine, sample_and_files: Path, arguments: str, code: int, said: str
) -> None:
    shutil.copytree(sample_and_files, command.folder, dirs_exist_ok=True)
    before = {path.name: path.read_bytes() for path in command.folder.iterdir() if path.suffix != ".lock"}
    archive = (
        () if arguments.startswith("--archive") else ("--archive", "new.db" if "import" in arguments else "sample.db")
    )
    done = command(*archive, *arguments.split())
    assert done.returncode == code, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert {path.name: path.read_bytes() for path in command.folder.iterdir() if path.suffix != ".lock"} == before


def test_an_import_waits_for_nobody(command: CommandLine) -> None:
    (command.folder / "x.warc.gz").write_bytes(page_warc())
    holder = (
        "import pathlib, time; from foreign_eyes.archive.archive_lock import only_run\n"
        "with only_run(pathlib.Path('archive.db'), what='a test', since='now'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder],
        cwd=command.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        done = command("import", "x.warc.gz", "--source", f"{HOST}{LISTING}")
        process.kill()
    assert (done.returncode, "in use by a test" in done.stderr) == (75, True)


def test_a_terminal_shows_progress(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    assert "exporting" in on_a_terminal(command, "export", "x.warc.gz", env={})
    written = on_a_terminal(command, "--archive", "copy.db", "import", "x.warc.gz", env={})
    assert "reading" in written
    (command.folder / "old.warc.gz").write_bytes(page_warc())
    assert "searching" in on_a_terminal(command, "import", "old.warc.gz", "--source", f"{HOST}{LISTING}", env={})
    assert "settling" in written
