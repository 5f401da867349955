"""`config`: what is in force and where it comes from; where settings are looked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, CommandLine

from foreign_eyes.cli.settings_loader import Configuration, load_configuration
from foreign_eyes.crawler.jobs import job_named
from foreign_eyes.crawler.settings_file import find_settings_file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's configuration folder with settings in it."""
    folder = tmp_path / "home"
    (folder / "foreign-eyes").mkdir(parents=True)
    (folder / "foreign-eyes/foreign-eyes.toml").write_text('contact = "home@example.org"\n')
    return folder


@pytest.fixture
def at_home(tmp_path: Path, home: Path) -> CommandLine:
    (tmp_path / "work").mkdir()
    return CommandLine(tmp_path / "work", {"XDG_CONFIG_HOME": str(home)})


def in_force(command: CommandLine, *group: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    done = command(*group, "config", "--json", env=env)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_without_settings_every_value_is_a_default(command: CommandLine) -> None:
    told = in_force(command)
    assert told.pop("settings_file") == {"value": None, "from": "none found"}
    assert {value["from"] for value in told.values()} == {"default"}
    assert told["archive.file"]["value"] == str(command.folder / "archive.db")
    assert told["sources.live.delay"]["value"] == 5.0
    assert set(told["topics"]["value"]) == set(Configuration().topics)


def test_each_value_names_the_file_that_sets_it(command: CommandLine) -> None:
    path = command.folder / "foreign-eyes.toml"
    path.write_text(
        'contact = "me@example.org"\n[publish]\noutput = "site"\n[topics]\nAI = ["AI"]\n'
        '[sources.town]\nurl = "https://town.example/"\n[sources.city]\nurl = "https://c.example/"\ncontact = "city@c.example"\n'
    )
    told = in_force(command)
    assert told["settings_file"] == {"value": str(path), "from": "working directory"}
    here = f"file {path}"
    assert told["contact"] == {"value": "me@example.org", "from": here}
    assert told["publish.output"] == {"value": str(command.folder / "site"), "from": here}
    assert told["publish.hub"] == {"value": "", "from": "default"}
    assert told["topics"] == {"value": {"AI": ["AI"]}, "from": here}
    assert told["sources.town.delay"] == {"value": 2.0, "from": "default"}
    assert told["sources.town.contact"] == {"value": "me@example.org", "from": here}
    assert told["sources.city.contact"] == {"value": "city@c.example", "from": here}


@pytest.mark.parametrize(
    ("option", "env", "file", "value", "origin"),
    [
        ("o.db", "e.db", "f.db", "o.db", "option --archive"),
        (None, "e.db", "f.db", "e.db", "environment FOREIGN_EYES_ARCHIVE"),
        (None, None, "f.db", "f.db", "file "),
        (None, "", "f.db", "f.db", "file "),
        (None, None, None, "archive.db", "default"),
    ],
)
def test_the_archive_is_named_by_option_then_environment_then_file(
    command: CommandLine, option: str | None, env: str | None, file: str | None, value: str, origin: str
) -> None:
    if file:
        (command.folder / "foreign-eyes.toml").write_text(f'[archive]\nfile = "{file}"\n')
    group = ["--archive", option] if option else []
    environment = {} if env is None else {"FOREIGN_EYES_ARCHIVE": env}
    told = in_force(command, *group, env=environment)["archive.file"]
    assert told["value"] == str(command.folder / value)
    assert told["from"].startswith(origin)
    assert command(*group, "crawl", "sample", "--quiet", env=environment).returncode == 0
    assert (command.folder / value).is_file()


def test_settings_are_looked_for_here_and_then_in_the_users_folder(at_home: CommandLine, home: Path) -> None:
    told = in_force(at_home)
    assert told["contact"]["value"] == "home@example.org"
    assert told["settings_file"]["from"] == "user's configuration folder"
    (at_home.folder / "foreign-eyes.toml").write_text('contact = "here@example.org"\n')
    assert in_force(at_home)["contact"]["value"] == "here@example.org"
    (at_home.folder / "other.toml").write_text('contact = "other@example.org"\n')
    told = in_force(at_home, "--config", "other.toml")
    assert told["contact"]["value"] == "other@example.org"
    assert told["settings_file"]["from"] == "option --config"


@pytest.mark.parametrize("kind", ["broken link", "folder"])
def test_settings_that_cannot_be_read_are_not_passed_over(at_home: CommandLine, kind: str) -> None:
    path = at_home.folder / "foreign-eyes.toml"
    path.mkdir() if kind == "folder" else path.symlink_to("nowhere")
    done = at_home("config")
    assert done.returncode == 78
    assert done.stderr.startswith("error: foreign-eyes.toml: cannot be read")


@pytest.mark.parametrize(
    ("text", "said"), [("colour = 1\n", "colour"), ("contact = 'a b'\n", "contact: give 3 to 200")]
)
def test_wrong_settings_are_refused(command: CommandLine, text: str, said: str) -> None:
    (command.folder / "foreign-eyes.toml").write_text(text)
    for arguments in (["config"], ["config", "--json"]):
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (78, "")
        assert said in done.stderr


def test_the_text_fits_80_columns_but_for_what_has_no_place_to_break(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text(f'[publish]\nhub = "https://example.org/{"x" * 80}"\n')
    lines = command("config").stdout.splitlines()
    assert lines[0] == f"settings read from {command.folder}/foreign-eyes.toml"
    assert [line for line in lines[1:] if len(line) > 80 and " " in line.strip()] == []
    assert any(
        line.startswith("topics") and f"{len(Configuration().topics)} topics  [default]" in line for line in lines
    )


def test_the_text_says_where_settings_were_looked_for(command: CommandLine, home: Path) -> None:
    (home / "foreign-eyes/foreign-eyes.toml").unlink()
    text = command("config", env={"XDG_CONFIG_HOME": str(home)}).stdout
    assert "no settings file was read" in text
    assert str(command.folder / "foreign-eyes.toml") in text
    assert str(home / "foreign-eyes/foreign-eyes.toml") in text
    assert "foreign-eyes init" in text


def test_topics_are_printed_as_a_table_that_means_the_same(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "topics.toml").write_text(command("config", "--topics").stdout, encoding="utf-8")
    loaded = load_configuration(tmp_path / "topics.toml")
    assert loaded.topics == Configuration().topics
    assert list(loaded.topics) == list(Configuration().topics)


def test_a_name_in_the_settings_cannot_steer_the_terminal(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text('[publish]\noutput = "\\u001b[31mred"\n')
    assert "\x1b" not in command("config").stdout
    assert "\x1b" not in command("config", "--json").stdout


def test_scrapy_finds_the_same_settings(at_home: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(at_home.folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    own = home / "foreign-eyes/foreign-eyes.toml"
    own.write_text(
        'contact = "home@example.org"\n[archive]\nfile = "f.db"\ntag_authority = "example.org,2026"\n'
        '[sources.city]\nurl = "https://c.example/"\ncontact = "city@c.example"\n'
    )
    assert find_settings_file() == own
    job = job_named("live", None, find_settings_file())
    assert (job.archive, job.authority, job.source.contact) == (Path("f.db"), "example.org,2026", "home@example.org")
    job = job_named("city", Path("named.db"), find_settings_file())
    assert (job.archive, job.source.contact) == (Path("named.db"), "city@c.example")
    Path("foreign-eyes.toml").touch()
    assert find_settings_file() == Path("foreign-eyes.toml")
    assert job_named("live", None, find_settings_file()).archive == Path("archive.db")


def test_scrapy_crawls_into_the_archive_of_the_settings(at_home: CommandLine, home: Path) -> None:
    archive = at_home.folder / "mine.db"
    (home / "foreign-eyes/foreign-eyes.toml").write_text(f'[archive]\nfile = "{archive}"\n')
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "listing", "-a", "source=sample"],
        cwd=at_home.folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "XDG_CONFIG_HOME": str(home),
            "SCRAPY_SETTINGS_MODULE": "foreign_eyes.crawler.settings",
        },
        check=True,
        capture_output=True,
        timeout=300,
    )
    assert archive.is_file()
