"""Output folders on the command line: whose they are, before anything is crawled or written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site

RECORD = ".foreign-eyes.jsonl"


@pytest.fixture
def town(command: CommandLine, server: ListingServer) -> CommandLine:
    """A crawled and published listing, and settings that name it."""
    (command.folder / "foreign-eyes.toml").write_text(
        f'default_source = "town"\n[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
    )
    assert command("up", "--no-serve", "--quiet").returncode == 0
    return command


def test_rounds_of_two_sources_in_turn_keep_apart(town: CommandLine, server: ListingServer) -> None:
    """The lines that `schedule cron` prints for each of them."""
    settings = town.folder / "foreign-eyes.toml"
    with ListingServer(make_site(make_entries(8, 50))) as second:
        table = f'[sources.village]\nurl = "{second.origin}{LISTING}"\ndelay = 0\n'
        settings.write_text(settings.read_text() + table)
        before = tree(town.folder / "public")
        first = town("up", "village", "--no-serve", "--quiet")
        assert first.returncode == 0
        assert "village is published in" in first.stderr
        after = tree(town.folder / "public")
        assert {name: after[name] for name in before} == before
        server.site = dict(make_site(make_entries(17)))
        for name in ("town", "village", "town", "village"):
            done = town("up", name, "--no-serve", "--quiet")
            assert (done.returncode, done.stderr) == (0, ""), name
    last = tree(town.folder / "public")
    of_village = {name for name in after if name.startswith("village/")}
    assert {name: last[name] for name in of_village} == {name: after[name] for name in of_village}
    assert last["atom.xml"] != before["atom.xml"]
    assert town("publish", "--quiet").returncode == 0  # the page over all sources
    assert town("check").returncode == 0


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lose(archive: Path, how: str) -> None:
    if how == "deleted":
        archive.unlink()
    else:
        archive.write_bytes(b"")


@pytest.mark.parametrize("how", ["deleted", "truncated"])
@pytest.mark.parametrize("arguments", ["up --no-serve", "up", "watch --every 1s"])
def test_a_lost_archive_stops_a_round_before_it_crawls(
    town: CommandLine, server: ListingServer, how: str, arguments: str
) -> None:
    lose(town.folder / "archive.db", how)
    server.asked.clear()
    before = tree(town.folder)
    done = town(*arguments.split())
    assert done.returncode == 66
    assert "foreign-eyes restore FILE" in done.stderr
    assert server.asked == []
    assert tree(town.folder) == before
    assert (town.folder / "archive.db").exists() == (how == "truncated")


def test_a_refused_folder_is_taken_only_by_taking_it_over(town: CommandLine) -> None:
    (town.folder / "archive.db").unlink()
    assert town("crawl", "--quiet").returncode == 0
    before = tree(town.folder / "public")
    for arguments in ("publish", "publish --all", "publish --source town", "up town --no-serve"):
        done = town(*arguments.split())
        assert (done.returncode, "shows another archive" in done.stderr) == (66, True), arguments
    assert tree(town.folder / "public") == before
    done = town("publish", "--take-over", "--json")
    assert (done.returncode, json.loads(done.stdout)["written"] > 15) == (0, True)
    assert town("up", "--no-serve").returncode == 0


def test_a_copy_from_before_the_last_crawls_is_refused(town: CommandLine, server: ListingServer) -> None:
    shutil.copy(town.folder / "archive.db", town.folder / "copy.db")
    server.site = dict(make_site(make_entries(17)))
    assert town("up", "--no-serve", "--quiet").returncode == 0
    newer = (town.folder / "archive.db").read_bytes()
    shutil.copy(town.folder / "copy.db", town.folder / "archive.db")
    server.asked.clear()
    before = tree(town.folder)
    done = town("up", "--no-serve")
    assert (done.returncode, "older copy" in done.stderr) == (66, True)
    assert (server.asked, tree(town.folder)) == ([], before)
    (town.folder / "archive.db").write_bytes(newer)
    assert town("up", "--no-serve").returncode == 0


def test_an_archive_made_of_an_export_takes_over_the_folder_without_another_word_to_readers(town: CommandLine) -> None:
    assert town("export", "all.warc.gz", "--quiet").returncode == 0
    (town.folder / "archive.db").unlink()
    assert town("import", "all.warc.gz", "--quiet").returncode == 0
    before = tree(town.folder / "public")
    assert town("publish").returncode == 66  # seals are not exported: it could be an older state
    assert town("publish", "--take-over").returncode == 0
    after = tree(town.folder / "public")
    assert {name for name in before if before[name] != after.get(name)} <= {".foreign-eyes.jsonl"}


def test_a_sample_that_was_never_published_does_not_take_a_folder(town: CommandLine) -> None:
    before = tree(town.folder / "public")
    done = town("--archive", "new.db", "up", "sample", "--no-serve")
    assert (done.returncode, "shows another archive" in done.stderr) == (66, True)
    assert town("--archive", "new.db", "crawl", "sample", "--quiet").returncode == 0
    assert town("--archive", "new.db", "publish").returncode == 66
    assert tree(town.folder / "public") == before


@pytest.mark.parametrize("arguments", ["publish", "up --no-serve"])
def test_files_of_others_are_named_and_kept(town: CommandLine, arguments: str) -> None:
    shutil.rmtree(town.folder / "public")
    site = {"index.html": b"my home", "robots.txt": b"my robots", "style.css": b"my style", "mine.html": b"mine"}
    (town.folder / "public").mkdir()
    for name, content in site.items():
        (town.folder / "public" / name).write_bytes(content)
    done = town(*arguments.split())
    assert done.returncode == 73
    assert "index.html, robots.txt, style.css;" in done.stderr
    assert "mine.html" not in done.stderr
    assert tree(town.folder / "public") == site
    assert town("publish", "--take-over").returncode == 0
    after = tree(town.folder / "public")
    assert after["mine.html"] == b"mine"
    assert after["index.html"] != b"my home"
    assert town("publish", "--all").returncode == 0


def problems(command: CommandLine, name: str) -> list[dict[str, str]]:
    done = command(name, "--json")
    report = json.loads(done.stdout)
    assert report["ok"] == (report["problems"] == []), done.stderr
    found: list[dict[str, str]] = report["problems"]
    return found


def test_feeds_that_lack_what_the_archive_holds_are_a_problem(town: CommandLine, server: ListingServer) -> None:
    town("publish", "--output", "second", "--base-url", "https://b.example/")
    assert problems(town, "status") == problems(town, "check") == []
    server.site = dict(make_site(make_entries(17)))
    assert town("crawl", "--quiet").returncode == 0
    found = problems(town, "status")
    assert found == problems(town, "check")
    first, second = found
    assert "lack 2 new changes" in first["what"]
    assert first["remedy"] == "foreign-eyes publish"
    remedy, _, forget = second["remedy"].partition("; ")
    assert "publish --forget" in forget
    for command in (first["remedy"], remedy):
        assert town(*command.split()[1:]).returncode == 0
    assert problems(town, "status") == []
    assert "https://b.example/" in (town.folder / "second/atom.xml").read_text()


def test_an_archive_that_was_never_published_is_a_problem(command: CommandLine, server: ListingServer) -> None:
    """Where an operator has set how to publish: the first publish may have failed, and nobody been told."""
    command.crawl(server)
    assert problems(command, "status") == []
    (command.folder / "foreign-eyes.toml").write_text("[publish]\n")
    (problem,) = problems(command, "status")
    assert problem == {
        "what": "nothing was published of 15 entries",
        "where": "archive",
        "remedy": "foreign-eyes publish",
    }
    assert command("publish").returncode == 0
    assert problems(command, "status") == []


def test_an_output_that_is_gone_is_dropped_with_one_notice(town: CommandLine) -> None:
    town("publish", "--output", "second")
    shutil.rmtree(town.folder / "second")
    assert problems(town, "status") == []
    assert f"{town.folder}/second: no longer exists" in town("publish").stderr
    assert town("publish").stderr == ""

    shutil.rmtree(town.folder / "public")
    (problem,) = problems(town, "status")
    assert (problem["what"], problem["remedy"]) == ("the output folder no longer exists", "foreign-eyes publish")


def test_an_output_is_ended_by_forgetting_it(town: CommandLine, server: ListingServer) -> None:
    town("publish", "--output", "second")
    before = tree(town.folder / "second")
    assert town("publish", "--forget", "second").returncode == 0
    assert tree(town.folder / "second") == before
    server.site = dict(make_site(make_entries(17)))
    town("up", "--no-serve", "--quiet")
    assert problems(town, "status") == []
    again = town("publish", "--forget", "second")
    assert (again.returncode, f"{town.folder}/public" in again.stderr) == (64, True)
    assert town("publish", "--forget", "public", "--all").returncode == 64
    assert json.loads(town("publish", "--output", "second", "--json").stdout)["written"] > 0


@pytest.mark.parametrize("setting", ["0644", "0640"])
def test_files_that_others_cannot_read_are_reported_and_repaired(town: CommandLine, setting: str) -> None:
    settings = town.folder / "foreign-eyes.toml"
    settings.write_text(f'{settings.read_text()}[publish]\nfile_mode = "{setting}"\n')
    assert town("publish", "--all").returncode == 0
    assert problems(town, "check") == []
    (town.folder / "public/publications/index.html").chmod(0o600)
    (town.folder / "public/entries").chmod(0o700)
    (problem,) = problems(town, "check")
    assert "read entries/, publications/index.html (" in problem["what"]
    assert "publish --all" in problem["remedy"]
    assert town("publish").returncode == 0
    assert problems(town, "check") == [problem]
    assert town("publish", "--all").returncode == 0
    assert problems(town, "check") == []
    (town.folder / "public").chmod(0o700)
    assert len(problems(town, "status")) == 1


def test_permissions_that_make_no_sense_are_refused(town: CommandLine) -> None:
    settings = town.folder / "foreign-eyes.toml"
    before = settings.read_text()
    for setting in ("0755", "0666", "0444", "644", "rw-r--r--", ""):
        settings.write_text(f'{before}[publish]\nfile_mode = "{setting}"\n')
        done = town("publish")
        assert (done.returncode, "0644" in done.stderr) == (78, True)


def test_check_names_what_a_killed_publish_left_and_no_file_of_others(town: CommandLine) -> None:
    public = town.folder / "public"
    (public / "entries/.index.html.foreign-eyes").write_text("half a fi")
    (public / "mine.html").write_text("mine")
    (public / "publications/gone").mkdir()
    (public / "publications/gone/atom.xml").write_text("written, and then the publish was killed")
    with (public / RECORD).open("a") as file:
        file.write('{"file":"publications/gone/atom.xml"}\n')
    found = {problem["where"].removeprefix("public/") for problem in problems(town, "check")}
    assert found == {"entries/.index.html.foreign-eyes", "publications/gone/atom.xml"}
    assert town("publish").returncode == 0
    assert problems(town, "check") == []
    assert (public / "mine.html").exists()
