"""The face of the command line: usage errors, help, colours, JSON, pipes."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, CommandLine, forks_for
from support import listing_server
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_page, page_name
from support.processes import on_a_terminal, start

COMMANDS = {
    "init": ["--contact", "--tag-authority", "--archive-file", "--output", "--base-url", "--file", "--yes", "--force"],
    "config": ["--json", "--topics"],
    "up": ["--no-serve", "--port", "--host", "--name", "--contact", "--delay"],
    "crawl": ["--name", "--full", "--quick", "--delay", "--accept", "--dry-run", "--json"],
    "publish": ["--output", "--base-url", "--source", "--all", "--json"],
    "serve": ["--host", "--port", "--output"],
    "status": ["--json", "--prometheus", "--prometheus-file"],
    "check": ["--json", "--output", "--deep", "--url"],
    "history": ["--json"],
    "sql": ["--json", "--csv", "--param", "--time-limit"],
    "doubts": ["--all", "--json"],
    "confirm": ["--json"],
    "merge": ["--dry-run", "--json"],
    "split": ["--dry-run", "--json"],
    "redate": ["--dry-run", "--json"],
    "rename": ["--dry-run", "--json"],
    "forget": ["--files", "--yes", "--json"],
    "redact": ["--purge", "--undo", "--json"],
    "reparse": ["--check", "--json"],
    "import": ["--source", "--url", "--dry-run", "--json"],
    "export": ["--json"],
    "schedule": ["cron", "systemd"],
    "schedule cron": ["--every", "--contact"],
    "schedule systemd": ["--every", "--contact", "--unit"],
    "backup": ["--force", "--json", "--quiet"],
    "restore": ["--output", "--force", "--json", "--quiet"],
    "set-aside": [],
    "watch": ["--every", "--rounds", "--contact"],
}
ESCAPE = "\x1b["


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--nope", "--nope"),
        ("nope", "nope"),
        ("crawl --nope", "foreign-eyes crawl --help"),
        ("probe sample sample", "unexpected extra argument"),
        ("crawl nope", "use one of live, sample"),
        ("crawl --delay x", "0 to 3600 seconds"),
        ("crawl --delay -1", "0 to 3600 seconds"),
        ("crawl --delay 3601", "0 to 3600 seconds"),
        ("crawl --delay nan", "0 to 3600 seconds"),
        ("crawl --name x", "--name is for a URL"),
        ("crawl http://127.0.0.1/ --name A/B", "lower-case letters"),
        ("crawl http://127.0.0.1/ --name live", "configured source"),
        ("crawl ftp://example.org/", "http:// or https://"),
        ("crawl http://", "a host"),
        ("crawl http://[::1", "not a URL"),
        ("up --port x", "0 (any free port) to 65535"),
        ("up --port 65536", "0 (any free port) to 65535"),
        ("serve --port -1", "0 (any free port) to 65535"),
        ("up nope --no-serve", "use one of live, sample"),
        ("history", "Missing argument 'ENTRY'"),
        ("history two words", "unexpected extra argument"),
        ("watch --every 0s", "90s, 30m, 6h or 1d"),
        ("watch --every soon", "90s, 30m, 6h or 1d"),
        ("watch --rounds 0", "x>=1"),
        ("schedule cron --every 7h", "divides an hour or a day"),
        ("schedule cron --every 90s", "divides an hour or a day"),
        ("schedule nope", "nope"),
    ],
)
def test_wrong_usage_is_reported_in_one_line(command: CommandLine, arguments: str, said: str) -> None:
    done = command(*arguments.split())
    assert (done.returncode, done.stdout) == (64, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert list(command.folder.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("schedule",)])
def test_a_group_without_a_command_shows_what_there_is(command: CommandLine, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 64
    assert "Commands:" in done.stderr


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_has_examples_and_fits_a_terminal_of_80_columns(command: CommandLine, name: str) -> None:
    done = command(*name.split(), "--help", env={"COLUMNS": "80"})
    assert (done.returncode, done.stderr) == (0, "")
    assert f"foreign-eyes {name}".rstrip() in done.stdout.partition("Examples:")[2]
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []
    assert "..." not in done.stdout.partition("Options:")[2], "a short help text is cut off"


@pytest.mark.parametrize(("name", "options"), COMMANDS.items())
def test_every_option_of_the_contract_is_there_and_explained(
    command: CommandLine, name: str, options: list[str]
) -> None:
    text = command(*name.split(), "--help", env={"COLUMNS": "80"}).stdout
    for option in options:
        assert re.search(rf"^ +(-\w, |--full / )?{option}( / --quick)?( [A-Z,]+)?\s+\S+", text, re.MULTILINE), option


def test_the_commands_are_those_of_the_contract(command: CommandLine) -> None:
    listed = command("--help").stdout.partition("Commands:")[2].partition("Examples:")[0]
    names = {line.split()[0] for line in listed.splitlines() if line.strip()}
    assert names >= {name for name in COMMANDS if " " not in name}


def test_help_needs_neither_settings_nor_archive(command: CommandLine) -> None:
    assert command("--config", "none.toml", "--archive", ".", "crawl", "--help").returncode == 0


def test_version_is_one_line(command: CommandLine) -> None:
    done = command("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"foreign-eyes \S.*\n", done.stdout)


def test_no_escape_codes_are_written_where_nobody_watches(command: CommandLine) -> None:
    for arguments in (["crawl", "sample"], ["status"], ["check"], ["publish"], ["crawl", "nope"]):
        done = command(*arguments, env={"TERM": "xterm-256color"})
        assert ESCAPE not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_a_terminal_is_given_colours_unless_it_refuses(
    command: CommandLine, env: dict[str, str], coloured: bool
) -> None:
    command("crawl", "sample")
    for arguments in (["status"], ["crawl", "nope"]):
        written = on_a_terminal(command, *arguments, env=env)
        assert (ESCAPE in written) is coloured, written


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}])
def test_a_terminal_is_shown_a_bar_while_pages_are_read(command: CommandLine, env: dict[str, str]) -> None:
    written = on_a_terminal(command, "crawl", "sample", env=env)
    assert "sample: reading" in written
    assert "40 entries on 8 pages" in written


@pytest.mark.parametrize(
    ("fault", "code", "outcome"),
    [
        (None, 0, "complete"),
        (listing_server.status(404), 75, "partial"),
        (listing_server.page(make_page([], 1, 1)), 65, "suspect"),
        (listing_server.status(412), 69, "blocked"),
        (listing_server.silence, 69, "unreachable"),
    ],
)
def test_crawl_prints_one_object_of_the_same_keys_whatever_the_outcome(
    command: CommandLine, server: ListingServer, fault: listing_server.Answer | None, code: int, outcome: str
) -> None:
    if fault is not None:
        server.faults[page_name(2) if outcome == "partial" else LISTING] = fault
    done = command("crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--json")
    row = json.loads(done.stdout)
    assert (done.returncode, row["outcome"]) == (code, outcome)
    assert list(row) == [
        *("crawl_id", "source", "mode", "started_at", "finished_at", "outcome", "reason", "pages", "entries", "new"),
        *("revised", "withdrawn", "returned", "requests", "not_modified", "bytes"),
    ]


def test_an_unchanged_crawl_prints_its_row_too(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    assert command.crawl(server)["outcome"] == "unchanged"


@pytest.mark.parametrize("name", ["status", "check"])
@pytest.mark.parametrize("blocked", [False, True])
def test_health_is_one_object_with_ok_and_problems(
    command: CommandLine, server: ListingServer, name: str, blocked: bool
) -> None:
    if blocked:
        server.faults[LISTING] = listing_server.status(412)
    command.crawl(server)
    report: dict[str, Any] = json.loads(command(name, "--json").stdout)
    assert report["ok"] is not blocked
    assert [set(problem) for problem in report["problems"]] == [{"what", "where", "remedy"}] * blocked


@pytest.mark.parametrize(
    "arguments",
    ["status", "status --json", "check", "publish --json", "--help", "crawl sample", "schedule systemd", "--version"],
)
def test_a_reader_that_has_gone_is_no_fault(command: CommandLine, arguments: str) -> None:
    command("crawl", "sample")
    code, errors = into_a_closed_pipe(command, *arguments.split())
    assert code == 0
    assert "Traceback" not in errors
    assert "error" not in errors


def test_a_crawl_goes_on_when_nobody_reads_its_progress(command: CommandLine) -> None:
    assert into_a_closed_pipe(command, "crawl", "sample", both=True)[0] == 0
    assert command.rows("SELECT outcome FROM crawl_log") == [{"outcome": "complete"}]


def test_several_entries_of_the_listing_are_counted_in_words(command: CommandLine, server: ListingServer) -> None:
    server.site[LISTING] = make_page(make_entries(5), 1, 3)
    done = command("crawl", server.origin + LISTING, "--name", "town", "--delay", "0")
    assert "15 entries on 3 pages: 15 new, 0 revised, 0 withdrawn, 0 returned" in done.stdout
    assert "town: page 1 of 3: 5 entries" in done.stderr


def test_quiet_is_silent_unless_something_goes_wrong(command: CommandLine, server: ListingServer) -> None:
    arguments = ["crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--quiet"]
    assert command(*arguments).stdout == ""  # a new archive is told on standard error
    done = command(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    server.faults[LISTING] = listing_server.status(412)
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (69, "")
    assert len(done.stderr.splitlines()) == 1


def into_a_closed_pipe(command: CommandLine, *arguments: str, both: bool = False) -> tuple[int, str]:
    """Run a command whose output goes to a pipe that nobody reads, with `both` its errors, too; return exit code and errors."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    reading, writing = os.pipe()
    os.close(reading)
    with tempfile.TemporaryFile() as errors, Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno(), writing, writing if both else errors.fileno()]
        process = start(command.folder, arguments, environment, streams, forks_for({}))
        os.close(writing)
        code = process.wait(300)
        errors.seek(0)
        return code, errors.read().decode()


@pytest.mark.parametrize("contact", ["you@example.org\r\nX-Header: 1", "two words", ""])
def test_a_contact_that_cannot_stand_in_a_header_is_refused(command: CommandLine, contact: str) -> None:
    done = command("crawl", "sample", "--contact", contact)
    assert done.returncode == 64
    assert "give an address without spaces" in done.stderr
    assert not (command.folder / "archive.db").exists()
