"""`init`: what it asks for, what it writes, and where."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT, CommandLine
from hypothesis import given
from hypothesis import strategies as st
from support.processes import on_a_terminal

from foreign_eyes.cli.init_settings_text import Answers, default_authority, settings_text, toml_string
from foreign_eyes.cli.settings_loader import ArchiveSettings, PublishSettings, checked

YEAR = datetime.now(UTC).year
CONTACT = ("--contact", "you@example.org")


@pytest.fixture
def installed(tmp_path: Path) -> CommandLine:
    """The program as it is installed, away from the checkout, and a user's home."""
    package = tmp_path / "site-packages/foreign_eyes"
    shutil.copytree(ROOT / "foreign_eyes", package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "anywhere").mkdir()
    return CommandLine(
        tmp_path / "anywhere",
        {
            "PYTHONPATH": str(tmp_path / "site-packages"),
            "XDG_CONFIG_HOME": str(tmp_path / "home/.config"),
            "XDG_DATA_HOME": str(tmp_path / "home/.local/share"),
        },
    )


def values(command: CommandLine) -> dict[str, object]:
    return {key: told["value"] for key, told in json.loads(command("config", "--json").stdout).items()}


def test_settings_are_written_with_one_answer_and_hold(command: CommandLine) -> None:
    done = command("init", *CONTACT, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"wrote {command.folder}/foreign-eyes.toml" in done.stdout
    assert "next: foreign-eyes up live\n" in done.stdout
    settings = tomllib.loads((command.folder / "foreign-eyes.toml").read_text())
    assert settings == {
        "default_source": "live",
        "contact": "you@example.org",
        "archive": {"file": "archive.db", "tag_authority": f"example.org,{YEAR}"},
        "publish": {"output": "public", "base_url": "http://127.0.0.1:8423/"},
    }
    assert values(command)["sources.live.contact"] == "you@example.org"
    assert (command.folder / "public").is_dir()


def test_all_answers_can_be_given_by_options(command: CommandLine) -> None:
    answers = ("--tag-authority", "me@example.org,2025", "--archive-file", "data/a.db", "--output", "site")
    done = command("init", *CONTACT, *answers, "--base-url", "https://example.org/eyes", "--file", "s.toml", "--yes")
    assert done.returncode == 0
    assert (command.folder / "data").is_dir()
    settings = tomllib.loads((command.folder / "s.toml").read_text())
    assert settings["archive"] == {"file": "data/a.db", "tag_authority": "me@example.org,2025"}
    assert settings["publish"]["base_url"] == "https://example.org/eyes/"
    assert f"next: foreign-eyes --config {command.folder}/s.toml up live" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--yes"], "--contact"),
        (["--contact", "a b", "--yes"], "without spaces"),
        (["--contact", "root@localhost", "--yes"], "--tag-authority"),
        ([*CONTACT, "--tag-authority", "example.org", "--yes"], "such as example.org,2026"),
        ([*CONTACT, "--archive-file", ".", "--yes"], "a folder; name a file in it"),
        ([*CONTACT, "--archive-file", "", "--yes"], "give a path"),
        ([*CONTACT, "--output", "a-file", "--yes"], "a file; name a folder"),
        ([*CONTACT, "--base-url", "example.org", "--yes"], "http:// or https://"),
        ([], "no terminal to ask at"),
        ([*CONTACT], "no terminal to ask at"),
    ],
)
def test_a_wrong_or_missing_answer_writes_nothing(command: CommandLine, arguments: list[str], said: str) -> None:
    (command.folder / "a-file").touch()
    done = command("init", *arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert said in done.stderr.splitlines()[-1]
    assert [path.name for path in command.folder.iterdir()] == ["a-file"]


def test_a_password_is_refused_and_not_repeated(command: CommandLine) -> None:
    done = command("init", *CONTACT, "--base-url", "https://me:s3cret@example.org/", "--yes")
    assert done.returncode == 64
    assert "s3cret" not in done.stderr


def test_answers_can_be_piped_in(command: CommandLine) -> None:
    done = command("init", stdin="me@example.net\n\n\nsite\nhttps://example.net/\n")
    assert done.returncode == 0, done.stderr
    told = values(command)
    assert told["contact"] == "me@example.net"
    assert told["archive.tag_authority"] == f"example.net,{YEAR}"
    assert told["publish.output"] == str(command.folder / "site")
    assert told["publish.base_url"] == "https://example.net/"


def test_piped_answers_that_end_too_early_or_are_wrong_write_nothing(command: CommandLine) -> None:
    for stdin in ("me@example.net\n\n", "me@example.net\nnope\n\n\n\n"):
        done = command("init", stdin=stdin)
        assert done.returncode == 64
        assert "nothing was written" in done.stderr
        assert list(command.folder.iterdir()) == []


def test_a_person_is_asked_again_after_a_wrong_answer(command: CommandLine) -> None:
    typed = "two words\nme@example.net\nnope\n\n\n\nexample.net\nhttps://example.net\n"
    written = on_a_terminal(command, "init", env={"NO_COLOR": "1"}, typed=typed)
    assert written.count("error: ") == 3
    assert f"Tag authority [example.net,{YEAR}]" in written
    settings = tomllib.loads((command.folder / "foreign-eyes.toml").read_text())
    assert (settings["contact"], settings["publish"]["base_url"]) == ("me@example.net", "https://example.net/")


def test_a_person_is_not_asked_for_what_an_option_says(command: CommandLine) -> None:
    options = ("--archive-file", "a.db", "--output", "site", "--base-url", "https://example.org/")
    written = on_a_terminal(command, "init", *CONTACT, *options, env={}, typed="\n")
    assert "Tag authority [" in written
    assert "Contact, " not in written
    assert (command.folder / "foreign-eyes.toml").is_file()


def test_a_person_who_leaves_has_written_nothing(command: CommandLine) -> None:
    written = on_a_terminal(command, "init", env={}, typed="me@example.net\n\x04")
    assert "nothing was written" in written
    assert list(command.folder.iterdir()) == []


def test_settings_that_exist_are_left_as_they_are(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text('default_source = "sample"\n')
    done = command("init", *CONTACT, "--yes")
    assert (done.returncode, done.stdout) == (73, "")
    assert f"{command.folder}/foreign-eyes.toml: exists" in done.stderr
    assert "--force" in done.stderr
    assert (command.folder / "foreign-eyes.toml").read_text() == 'default_source = "sample"\n'


def test_force_keeps_all_old_settings(command: CommandLine) -> None:
    for number in (1, 2):
        (command.folder / "foreign-eyes.toml").write_text(f"# settings {number}\n")
        assert command("init", *CONTACT, "--yes", "--force").returncode == 0
    assert (command.folder / "foreign-eyes.toml.bak").read_text() == "# settings 1\n"
    assert (command.folder / "foreign-eyes.toml.bak2").read_text() == "# settings 2\n"
    assert values(command)["contact"] == "you@example.org"


def test_settings_that_are_wrong_can_be_replaced(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text("colour = 1\n")
    assert command("init", *CONTACT, "--yes", "--force").returncode == 0


def test_a_folder_that_cannot_be_made_is_reported_with_the_option_that_names_another(command: CommandLine) -> None:
    (command.folder / "a-file").touch()
    for option, value in (("--file", "a-file/s.toml"), ("--archive-file", "a-file/a.db"), ("--output", "a-file/site")):
        done = command("init", *CONTACT, option, value, "--yes")
        assert done.returncode == 73
        assert option in done.stderr
        assert "Traceback" not in done.stderr
        assert [path.name for path in command.folder.iterdir() if path.is_file()] == ["a-file"]


def test_installed_it_proposes_the_users_own_folders_by_whole_paths(installed: CommandLine) -> None:
    home = installed.folder.parent / "home"
    done = installed("init", *CONTACT, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    settings = tomllib.loads((home / ".config/foreign-eyes/foreign-eyes.toml").read_text())
    assert settings["archive"]["file"] == str(home / ".local/share/foreign-eyes/archive.db")
    assert settings["publish"]["output"] == str(home / ".local/share/foreign-eyes/public")
    assert list(installed.folder.iterdir()) == []
    assert "next: foreign-eyes up live\n" in done.stdout


def test_installed_settings_hold_in_every_folder(installed: CommandLine) -> None:
    home = installed.folder.parent / "home"
    installed("init", *CONTACT, "--yes")
    done = installed("up", "sample", "--no-serve", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / ".local/share/foreign-eyes/archive.db").is_file()
    assert (home / ".local/share/foreign-eyes/public/atom.xml").is_file()
    assert list(installed.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["archive.db", "foreign-eyes.toml"])
def test_installed_it_stays_in_a_folder_that_is_in_use(installed: CommandLine, name: str) -> None:
    (installed.folder / name).touch()
    done = installed("init", *CONTACT, "--yes", "--force")
    assert f"wrote {installed.folder}/foreign-eyes.toml" in done.stdout
    settings = tomllib.loads((installed.folder / "foreign-eyes.toml").read_text())
    assert settings["archive"]["file"] == "archive.db"


def test_settings_for_another_place_hold_whole_paths(command: CommandLine) -> None:
    assert command("init", *CONTACT, "--file", "etc/s.toml", "--archive-file", "a.db", "--yes").returncode == 0
    settings = tomllib.loads((command.folder / "etc/s.toml").read_text())
    assert settings["archive"]["file"] == str(command.folder / "a.db")
    assert settings["publish"]["output"] == str(command.folder / "public")


def test_the_archive_that_is_in_force_is_proposed(command: CommandLine) -> None:
    command("--archive", "mine.db", "init", *CONTACT, "--yes")
    assert values(command)["archive.file"] == str(command.folder / "mine.db")


def test_an_archive_in_the_environment_that_takes_precedence_is_reported(command: CommandLine) -> None:
    done = command(
        "init", *CONTACT, "--archive-file", "a.db", "--yes", env={"FOREIGN_EYES_ARCHIVE": str(command.folder / "b.db")}
    )
    assert "FOREIGN_EYES_ARCHIVE is set, and takes precedence" in done.stderr


def test_every_setting_is_explained_in_the_file() -> None:
    text = settings_text(
        Answers("me@example.org", "example.org,2026", "a.db", "site", "https://e.org/"), date(2026, 5, 1)
    )
    assert "2026-05-01" in text
    all_set = tomllib.loads(re.sub(r"^# (?=\w+ = |\[)", "", text, flags=re.MULTILINE))
    checked(all_set, Path("settings.toml"))
    assert set(all_set["archive"]) == {field.name for field in msgspec.structs.fields(ArchiveSettings)}
    assert set(all_set["publish"]) == {field.name for field in msgspec.structs.fields(PublishSettings)}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"(# )?\w+ = ", line) and not lines[number - 1].startswith("# ["):
            assert re.match(r"# (?!\w+ = )", lines[number - 1]) or lines[number - 2].startswith("# ["), line


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_answer_comes_back_out_of_the_file(text: str) -> None:
    assert tomllib.loads(f"key = {toml_string(text)}") == {"key": text}


@pytest.mark.parametrize(
    ("contact", "authority"),
    [
        ("you@example.org", "example.org,2026"),
        ("mailto:you@Example.org", "example.org,2026"),
        ("https://bots.example.org/eyes?x=1", "bots.example.org,2026"),
        ("@me@social.example", "social.example,2026"),
        ("Someone@gmail.com", "someone@gmail.com,2026"),  # the domain is not theirs
        ("some+one@gmail.com", None),
        ("https://gmail.com/", None),
        ("root@localhost", None),
        ("https://192.0.2.1/", None),
        ("https://[::1/", None),
        ("+49-30-123456", None),
        ("https://", None),
    ],
)
def test_the_proposed_authority_is_one_that_the_operator_may_use(contact: str, authority: str | None) -> None:
    assert default_authority(contact, 2026) == authority
    if authority is not None:
        checked({"archive": {"tag_authority": authority}}, Path())
