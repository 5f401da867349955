"""`alerts`: the channels of the settings, a test message through each, and settings that cannot be used."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import feedparser
import pytest
from conftest import CommandLine
from support.monitor import Monitor
from support.programs import run

from foreign_eyes.alerts.state_file import read_state

ALL = """[alerts]
command = ["sh", "-c", "cat > got"]
feed = "operator.xml"
ping = { file = "ping-url" }
apprise = { env = "URLS" }
"""


def configure(command: CommandLine, text: str = ALL) -> None:
    (command.folder / "foreign-eyes.toml").write_text(text)


def channels(stdout: str) -> dict[str, str | None]:
    return {one["name"]: one["error"] for one in json.loads(stdout)["channels"]}


def test_without_the_table_nobody_is_told_and_the_command_says_so(command: CommandLine) -> None:
    done = command("alerts")
    assert (done.returncode, done.stdout) == (
        0,
        "no channel is configured, so nobody is told what goes wrong: add [alerts] to the settings\n",
    )
    assert command("alerts", "--test").returncode == 78
    assert not list(command.folder.iterdir())


def test_a_test_message_goes_through_every_channel(command: CommandLine) -> None:
    configure(command)
    with Monitor() as monitor:
        (command.folder / "ping-url").write_text(f"http://{monitor.address}/uuid\n")
        urls = {"URLS": f"# two services\njson://{monitor.address}/a\n\njson://{monitor.address}/b\n"}
        shown = command("alerts", env=urls)
        assert (shown.returncode, monitor.paths) == (0, [])
        done = command("alerts", "--test", "--json", env=urls)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ok"] is True
    assert channels(done.stdout) == dict.fromkeys(["command", "feed", "apprise 1", "apprise 2", "ping"])
    assert monitor.paths == ["/a", "/b", "/uuid/log"]
    assert (command.folder / "got").read_text().startswith("Foreign Eyes: test: check, channels\n")
    (entry,) = feedparser.parse((command.folder / "operator.xml").read_bytes()).entries
    assert "Nothing is wrong." in entry.content[0].value


def test_a_channel_that_refuses_makes_the_test_fail_and_the_others_get_the_message(command: CommandLine) -> None:
    configure(command, ALL.replace("cat > got", "exit 1"))
    with Monitor(statuses=[500]) as monitor:
        (command.folder / "ping-url").write_text(f"http://{monitor.address}/uuid\n")
        urls = {"URLS": f"json://{monitor.address}/a\njson://{monitor.address}/b\n"}
        done = command("alerts", "--test", "--json", env=urls)
    assert done.returncode == 69
    failed = channels(done.stdout)
    assert [name for name, error in failed.items() if error] == ["command", "apprise 1"]
    assert (command.folder / "operator.xml").exists()
    assert {problem["where"] for problem in json.loads(done.stdout)["problems"]} == {"settings"}


UNUSABLE: list[tuple[str, dict[str, str], str, str]] = [
    ("ping = { env = 'PING' }", {}, "ping", "[alerts] ping: the environment variable PING is not set"),
    ("ping = { file = 'none' }", {}, "ping", "[alerts] ping: the file none cannot be read (No such file"),
    ("ping = { env = 'PING' }", {"PING": ""}, "ping", "the environment variable PING has no URL in one line"),
    ("ping = { env = 'PING' }", {"PING": "ftp://x/hidden"}, "ping", "the environment variable PING is not a URL"),
    ("ping = { env = 'PING' }", {"PING": "http://hidden:hidden/"}, "ping", "PING is not a URL"),
    ("ping = { env = 'PING' }", {"PING": "https://a/hidden\nhttps://b/"}, "ping", "has no URL in one line"),
    (
        "ping = { env = 'PING' }",
        {"PING": "https://\u2064hidden\u0301..x/"},
        "ping",
        "ping: the URL cannot be requested",
    ),
    ("apprise = { env = 'URLS' }", {}, "apprise 1", "[alerts] apprise: the environment variable URLS is not set"),
    ("apprise = { env = 'URLS' }", {"URLS": "# hidden\n"}, "apprise 1", "the environment variable URLS has no URL"),
    (
        "apprise = { env = 'URLS' }",
        {"URLS": "json://x\nhidden://y"},
        "apprise 2",
        "URLS, URL 2 is not a notification URL",
    ),
    ("feed = 'none/operator.xml'", {}, "feed", "a folder that does not exist: mkdir -p "),
    ("feed = 'site/sub/operator.xml'", {}, "feed", "which readers get: name a file elsewhere"),
    ("feed = 'archive.db'", {}, "feed", "is the archive: name another file"),
]


@pytest.mark.parametrize(("line", "env", "name", "why"), UNUSABLE)
def test_a_channel_that_cannot_be_used_is_78_and_a_problem_of_check(
    command: CommandLine, line: str, env: dict[str, str], name: str, why: str
) -> None:
    assert command("up", "sample", "--no-serve", "--quiet").returncode == 0
    (command.folder / "site/sub").mkdir(parents=True)
    assert command("publish", "--output", "site", "--base-url", "https://x.example/", "--quiet").returncode == 0
    configure(command, f"[alerts]\n{line}\n")
    for arguments in (["alerts", "--json"], ["alerts", "--test", "--json"]):
        done = command(*arguments, env=env)
        error = channels(done.stdout)[name]
        assert done.returncode == 78
        assert error is not None
        assert why in error
        assert "hidden" not in error
    found = command("check", "--json", env=env)
    problems = [one for one in json.loads(found.stdout)["problems"] if one["where"] == "settings"]
    assert found.returncode == 1
    assert [f"{one['what']}: {one['remedy']}" for one in problems] == [error]


WRONG = [
    ('command = "hidden --word"', ["[alerts] command", "a list of words"]),
    ('command = [""]', ["[alerts] command", "a list of words"]),
    ('command = ["a", 1]', ["[alerts] command", "a list of words"]),
    ('command = ["a\\u0000"]', ["[alerts]", "NUL"]),
    ('ping = "https://hidden.example/"', ["[alerts] ping", '{ env = "NAME" }']),
    ("ping = { env = 'A', file = 'hidden' }", ["[alerts] ping", '{ env = "NAME" }']),
    ('apprise = ["slack://hidden"]', ["[alerts] apprise", "one per line", '{ file = "PATH" }']),
    ("mail = 'hidden'", ["[alerts]", "unknown key 'mail'", "command, feed, ping, apprise"]),
    ("feed = 'public/operator.xml'", ["[alerts]", "lies in the output folder public", "name a file elsewhere"]),
    ("feed = 'public/../x/../public/a'", ["lies in the output folder public"]),
    ("feed = 'public'", ["lies in the output folder public"]),
    ("feed = 'link/operator.xml'", ["lies in the output folder public"]),
    ("feed = 'town/operator.xml'", ["lies in the output folder town"]),
    ("feed = './'", ["name a file"]),
    ("feed = 1", ["[alerts]", "feed"]),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_wrong_settings_end_with_78_and_do_not_show_what_can_be_a_secret(
    command: CommandLine, line: str, said: list[str]
) -> None:
    (command.folder / "public").mkdir()
    (command.folder / "link").symlink_to("public")
    town = '[sources.town]\nurl = "https://town.example/"\noutput = "town"\n'
    configure(command, f"[alerts]\n{line}\n{town}")
    done = command("alerts")
    assert (done.returncode, done.stdout) == (78, "")
    assert [words for words in said if words not in done.stderr] == []
    assert "hidden" not in done.stderr


def test_config_shows_where_secrets_are_and_not_what_they_are(command: CommandLine) -> None:
    configure(command, ALL.replace('"cat > got"', '"hidden"'))
    (command.folder / "ping-url").write_text("https://hidden.example/")
    done = command("config", "--json", env={"URLS": "json://hidden"})
    told: dict[str, Any] = {key: one["value"] for key, one in json.loads(done.stdout).items() if key[:6] == "alerts"}
    assert told == {
        "alerts.command": "sh (2 arguments hidden)",
        "alerts.feed": str(command.folder / "operator.xml"),
        "alerts.ping": "file ping-url",
        "alerts.apprise": "variable URLS",
    }
    assert "hidden.example" not in done.stdout + command("config").stdout


def test_without_apprise_the_command_says_how_to_install_it(command: CommandLine, tmp_path: Path) -> None:
    configure(command, "[alerts]\napprise = { env = 'URLS' }\n")
    (command.folder / "without").mkdir()
    (command.folder / "without/sitecustomize.py").write_text("import sys\nsys.modules['apprise'] = None\n")
    environment = {
        "URLS": "json://127.0.0.1:1/hidden",
        "PYTHONPATH": f"{tmp_path}/without:{Path(__file__).parent.parent}",
    }
    done = command("alerts", env=environment)
    assert done.returncode == 78
    reason = 'apprise 1: [alerts] apprise needs a package that is not installed: pip install "foreign-eyes[notify]"'
    assert done.stdout.splitlines()[0] == reason


def test_a_monitor_that_hangs_does_not_hang_the_test(command: CommandLine) -> None:
    configure(command, "[alerts]\nping = { env = 'PING' }\n")
    with Monitor(hangs=threading.Event()) as monitor:
        done = command("alerts", "--test", env={"PING": f"http://{monitor.address}/uuid"})
    assert done.returncode == 69
    assert "no answer within" in done.stdout


def test_another_program_gets_the_folder_of_the_command(command: CommandLine) -> None:
    (command.folder / "tell-me").write_text("#!/bin/sh\ncat > told\n")
    run("chmod", "+x", "tell-me", folder=command.folder)
    configure(command, '[alerts]\ncommand = ["./tell-me"]\n')
    assert command("alerts", "--test").returncode == 0
    assert (command.folder / "told").exists()


def test_messages_for_a_notification_url_that_cannot_be_read_for_a_while_are_kept(command: CommandLine) -> None:
    configure(command, "[alerts]\napprise = { env = 'URLS' }\n[sources.town]\nurl = 'http://127.0.0.1:9/'\n")
    with Monitor() as takes, Monitor(statuses=[404] * 100) as refuses:
        urls = {"URLS": f"json://{takes.address}/a\njson://{refuses.address}/b\n"}
        for environment in (urls, {}):
            assert command("crawl", "town", env=environment).returncode == 69
        outbox = read_state(command.folder / "archive.db").outbox
    assert {name: len(kept) for name, kept in outbox.items()} == {"apprise 2": 1}
