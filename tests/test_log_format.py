"""`--log-format json`: every line on standard error is one JSON object; progress bars are drawn on a terminal only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import ListingServer, status
from support.listings import LISTING

from foreign_eyes.archive.times import from_text
from foreign_eyes.cli.log_lines import JsonLines, level_and_event, wants_json

HIDDEN = "the-token-nobody-may-see"


def events(text: str) -> list[dict[str, Any]]:
    """Return the objects of a log, each checked."""
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        assert from_text(event["time"]).year >= 2000
        assert event["level"] in ("debug", "info", "notice", "warning", "error", "critical")
        assert event["event"]
    return found


def configure(command: CommandLine, server: ListingServer) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        f'[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\ncontact = "you@town.example"\n'
        '[sources.town.headers]\nAuthorization = { env = "TOWN_TOKEN" }\n'
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("crawl", "town"), 0),
        (("crawl", "town", "--verbose"), 0),
        (("up", "town", "--no-serve"), 0),
        (("up", "town", "sample", "--no-serve"), 64),
        (("watch", "town", "--rounds", "1", "--every", "10s"), 0),
        (("--log-format=json", "nonsense"), 64),
        (("--nonsense",), 64),
        (("crawl", "town", "--nonsense"), 64),
        (("crawl", "https://127.0.0.1:1/", "--name", "nobody", "--delay", "0"), 69),
        (("history", "nothing"), 66),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_each_line_on_standard_error_is_one_object_without_secrets(
    command: CommandLine, server: ListingServer, words: tuple[str, ...], code: int
) -> None:
    configure(command, server)
    done = command("--log-format", "json", *words, env={"TOWN_TOKEN": HIDDEN})
    assert done.returncode == code, done.stderr
    found = events(done.stderr)
    assert HIDDEN not in done.stdout + done.stderr
    assert bool([event for event in found if event["level"] == "error"]) == (code != 0)
    if "--verbose" in words:
        assert any(event.get("logger", "").startswith("scrapy") for event in found)


def test_the_variable_chooses_the_format_and_the_option_takes_precedence(
    command: CommandLine, server: ListingServer
) -> None:
    configure(command, server)
    environment = {"TOWN_TOKEN": HIDDEN, "FOREIGN_EYES_LOG_FORMAT": "json"}
    server.faults[LISTING] = status(412)
    blocked = events(command("crawl", "town", env=environment).stderr)
    assert any(event["level"] in ("warning", "error") and "blocked" in event["event"] for event in blocked)
    text = command("--log-format", "text", "crawl", "town", env=environment).stderr
    assert not text.startswith("{")


def test_results_on_standard_output_stay_as_they_are(command: CommandLine, server: ListingServer) -> None:
    configure(command, server)
    done = command("--log-format", "json", "crawl", "town", "--json", env={"TOWN_TOKEN": HIDDEN})
    assert json.loads(done.stdout)["outcome"] == "complete"


def on_terminal(folder: Path, *words: str) -> str:
    """Run a command whose standard error is a terminal; return what it wrote there."""
    master, slave = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "foreign_eyes", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "TOWN_TOKEN": HIDDEN},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=slave,
    ) as process:
        os.close(slave)
        written = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the terminal's last writer has ended
                break
            if not part:
                break
            written += part
    os.close(master)
    assert process.returncode == 0, written
    return written.decode()


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(command: CommandLine, server: ListingServer) -> None:
    configure(command, server)
    assert "\x1b[" in on_terminal(command.folder, "crawl", "town")
    elsewhere = command("crawl", "town", env={"TOWN_TOKEN": HIDDEN}).stderr
    assert "\x1b" not in elsewhere
    assert "town: page 1 of 3" in elsewhere


def test_a_log_as_json_on_a_terminal_has_no_bar(command: CommandLine, server: ListingServer) -> None:
    configure(command, server)
    found = events(on_terminal(command.folder, "--log-format", "json", "up", "town", "--no-serve"))
    assert any("page 1 of 3" in event["event"] for event in found)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("warning: the hub is down", ("warning", "the hub is down")),
        ("error: no such file", ("error", "no such file")),
        ("notice: moved", ("notice", "moved")),
        ("note: the feeds link elsewhere", ("info", "the feeds link elsewhere")),
        ("town: page 1 of 3", ("info", "town: page 1 of 3")),
        ("warning:", ("info", "warning:")),
    ],
)
def test_the_level_is_the_first_word_of_a_message(line: str, expected: tuple[str, str]) -> None:
    assert level_and_event(line) == expected


@pytest.mark.parametrize(
    ("words", "variable", "wanted"),
    [
        (("--log-format", "json", "status"), None, True),
        (("--log-format=json",), None, True),
        (("status",), "json", True),
        (("--log-format", "text", "status"), "json", False),
        (("status", "--json"), None, False),
        (("--log-format",), None, False),
    ],
)
def test_the_format_is_known_before_the_arguments_are_parsed(
    words: tuple[str, ...], variable: str | None, wanted: bool
) -> None:
    assert wants_json(words, {} if variable is None else {"FOREIGN_EYES_LOG_FORMAT": variable}) == wanted


def test_parts_of_a_line_and_hostile_characters_are_one_object(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file:
        stream = JsonLines(file)
        for part in ("warning: a", ' "b"\u2028\x1b[2J', "\n\n", "error: the last, without an end"):
            stream.write(part)
        stream.end()
    assert [(event["level"], event["event"]) for event in events(path.read_text())] == [
        ("warning", 'a "b"\u2028\x1b[2J'),
        ("error", "the last, without an end"),
    ]
