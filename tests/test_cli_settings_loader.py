"""The configuration file: what is refused, in which words, and what the shipped one says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT, CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING

from foreign_eyes.cli.alert_settings import AlertSettings
from foreign_eyes.cli.settings_loader import (
    ArchiveSettings,
    BrowseSettings,
    Configuration,
    ConfigurationError,
    PublishSettings,
    load_configuration,
)
from foreign_eyes.crawler.jobs import job_named
from foreign_eyes.crawler.sources import BUILT_IN, SourceSettings

SHIPPED = ROOT / "foreign-eyes.example.toml"
URL = 'url = "https://example.org/index.htm"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("default_source = ", ["not TOML"]),
        ("[publish\n", ["not TOML", "line 1"]),
        (
            "colour = 1\n",
            ["'colour'", "default_source, contact, archive, publish, browse, topics, publications, sources"],
        ),
        ("[publish]\nfolder = 'x'\n", ["[publish]", "folder", "base_url, output"]),
        ("[browse]\nsql = 'no'\n", ["[browse]", "sql", "bool"]),
        ("[archive]\nauthority = 'x'\n", ["[archive]", "authority", "file, tag_authority"]),
        ("[archive]\nfile = ''\n", ["[archive]", "file"]),
        ("contact = 'a b'\n", ["contact", "without spaces"]),
        ("contact = 1\n", ["contact", "without spaces"]),
        (f"[sources.x]\n{URL}\nspeed = 1\n", ["[sources.x]", "speed", "url, title, language, heading, delay, contact"]),
        ("[sources.x]\ntitle = 't'\n", ["[sources.x]", "url"]),
        ("sources = 1\n", ["sources must be a table"]),
        ("publish = []\n", ["publish must be a table"]),
        ("[sources]\nx = 1\n", ["[sources.x]"]),
        ("default_source = 1\n", ["default_source", "live, sample"]),
        ("default_source = ['live']\n", ["default_source", "live, sample"]),
        ("default_source = 'nope'\n", ["default_source", "'nope'", "live, sample"]),
        ("[publish]\noutput = 1\n", ["[publish]", "output"]),
        ("[publish]\noutput = ''\n", ["[publish]", "output"]),
        (f"[sources.x]\n{URL}\ndelay = -1.0\n", ["[sources.x]", "delay", ">= 0"]),
        (f"[sources.x]\n{URL}\ndelay = nan\n", ["[sources.x]", "delay"]),
        (f"[sources.x]\n{URL}\ndelay = 'slow'\n", ["[sources.x]", "delay"]),
        (f"[sources.x]\n{URL}\nfresh_days = -1\n", ["[sources.x]", "fresh_days", ">= 0"]),
        (f"[sources.x]\n{URL}\nfresh_days = inf\n", ["[sources.x]", "fresh_days", "<= 366"]),
        ("fresh_days = 367\n", ["fresh_days", "from 0 to 366"]),
        ("fresh_days = nan\n", ["fresh_days", "from 0 to 366"]),
        ("fresh_days = 'weekly'\n", ["fresh_days", "from 0 to 366"]),
        (f"[sources.x]\n{URL}\ncontact = 'a b'\n", ["[sources.x]", "contact", "without spaces"]),
        (f"[sources.x]\n{URL}\nlanguage = '!'\n", ["[sources.x]", "language", "such as en"]),
        (f"[sources.x]\n{URL}\nbase_url = 'https://x.example/'\n", ["[sources.x] base_url", "add output"]),
        (
            f"[sources.x]\n{URL}\noutput = 'x'\nbase_url = 'x.example'\n",
            ["[sources.x] base_url", "http:// or https://"],
        ),
        (f"[sources.x]\n{URL}\noutput = ''\n", ["[sources.x] output"]),
        (f"[sources.'A b']\n{URL}\n", ["[sources.A b]", "lower-case letters"]),
        (f"[sources.-x]\n{URL}\n", ["[sources.-x]", "letter or digit"]),
        ("[sources.x]\nurl = 'example.org'\n", ["[sources.x] url", "http:// or https://"]),
        ("[sources.x]\nurl = 'file:///etc/passwd'\n", ["[sources.x] url", "http:// or https://"]),
        ("[sources.x]\nurl = 'http://e.org:x/'\n", ["[sources.x] url"]),
        ("[publish]\nbase_url = 'example.org'\n", ["[publish] base_url", "http:// or https://"]),
        ("[publish]\nbase_url = 'https://example.org/?a'\n", ["[publish] base_url"]),
        ("[publish]\nbase_url = 'http://[::1'\n", ["[publish] base_url"]),
        ("[publish]\nbase_url = 'http://e.org:99999/'\n", ["[publish] base_url"]),
        ("[publish]\nbrowse_url = '/browse/'\n", ["[publish] browse_url", "path below the base URL"]),
        ("[publish]\nbrowse_url = 'ftp://e.org/'\n", ["[publish] browse_url", "http:// or https://"]),
        ("[publish]\nbrowse_url = '../browse/'\n", ["[publish] browse_url", "path below the base URL"]),
        ("[publish]\nbrowse_url = 'https://e.org/?a'\n", ["[publish] browse_url", "no query"]),
        (
            "[publish]\nbrowse_url = false\n",
            ["[publish] browse_url = False", "Expected `str`, got `bool`"],
        ),
        ("[publish]\nhub = 'example.org'\n", ["[publish] hub", "http:// or https://"]),
        ("[publish]\nhub = 'javascript:alert(1)'\n", ["[publish] hub", "http:// or https://"]),
        ("[publish]\nhub = 'https://e.org/?a#b'\n", ["[publish] hub", "no fragment"]),
        ("[publish]\nhub = ['https://e.org/']\n", ["[publish]", "hub", "`str`"]),
        ("[publish]\ntombstones = 'yes'\n", ["[publish]", "tombstones"]),
        ("topics = []\n", ["topics must be a table"]),
        ("[topics]\nHuawei = 'Huawei'\n", ["[topics]", "'Huawei'", "list of patterns"]),
        ("[topics]\nHuawei = [1]\n", ["[topics]", "'Huawei'", "list of patterns"]),
        ("[topics]\nHuawei = []\n", ["[topics]", "'Huawei'", "at least one pattern"]),
        ("[topics]\n'…' = ['x']\n", ["[topics]", "'…'", "letters or digits"]),
        ("[topics]\nHuawei = ['*wei']\n", ["[topics]", "'*wei'", "end of a word"]),
        ("[topics]\nHuawei = ['Huawei', '...']\n", ["[topics]", "'Huawei'", "'...'", "no letter and no digit"]),
        (f"[topics]\n{'x' * 101} = ['x']\n", ["[topics]", "at most 100 characters"]),
        ('[topics]\n"a\\nb" = ["x"]\n', ["[topics]", "on one line"]),
        ("[topics]\n[topics.Huawei]\nwords = ['x']\n", ["[topics]", "'Huawei'", "list of patterns"]),
        ("[topics]\nAI = ['AI']\nai = ['Ai']\n", ["[topics]", "'AI' and 'ai'", "letter case"]),
        ("[archive]\ntag_authority = 'example.org'\n", ["[archive]", "tag_authority", "example.org,2026"]),
        ('[archive]\ntag_authority = "e.org,2026\\n"\n', ["[archive]", "tag_authority", "example.org,2026"]),
        ("[archive]\ntag_authority = 'a b,2026'\n", ["[archive]", "tag_authority", "example.org,2026"]),
    ],
)
def test_a_wrong_setting_is_reported_with_file_key_and_allowed_values(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(path)
    told = str(refused.value)
    assert len(told.splitlines()) == 1
    for words in [f"{path}: ", *said]:
        assert words in told


@pytest.mark.parametrize("name", ["crawl", "status", "up --no-serve"])
@pytest.mark.parametrize("text", ["default_source = ", "default_source = ['live']", "[publish]\nfolder = 'x'"])
def test_a_wrong_setting_ends_a_command_before_it_begins(command: CommandLine, name: str, text: str) -> None:
    (command.folder / "settings.toml").write_text(text)
    done = command("--config", "settings.toml", *name.split())
    assert (done.returncode, done.stdout) == (78, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: settings.toml: ")
    assert [path.name for path in command.folder.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize(
    "place", ["[publish]\nbase_url", "[publish]\nbrowse_url", "[publish]\nhub", "[sources.x]\nurl"]
)
def test_a_password_in_a_url_is_refused_and_not_repeated(command: CommandLine, place: str) -> None:
    (command.folder / "foreign-eyes.toml").write_text(f"{place} = 'https://me:s3cret@example.org/'\n")
    done = command("crawl")
    assert done.returncode == 78
    assert "user name or password" in done.stderr
    assert "s3cret" not in done.stderr


def test_a_password_on_the_command_line_is_refused_and_not_repeated(command: CommandLine) -> None:
    for arguments in (
        ["crawl", "https://me:s3cret@127.0.0.1/"],
        ["up", "https://me:s3cret@127.0.0.1/", "--no-serve"],
        ["publish", "--base-url", "https://me:s3cret@127.0.0.1/"],
    ):
        done = command(*arguments)
        assert done.returncode == 64
        assert "s3cret" not in done.stderr + done.stdout


@pytest.mark.parametrize("name", ["up", "crawl", "publish", "serve", "status", "check", "schedule cron", "watch"])
def test_a_missing_settings_file_is_reported_by_every_command(command: CommandLine, name: str) -> None:
    done = command("--config", "none.toml", *name.split())
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == "error: none.toml: cannot be read (No such file or directory)\n"
    assert list(command.folder.iterdir()) == []


@pytest.mark.parametrize(("content", "said"), [(b"\xff\xfe", "not UTF-8"), (None, "Is a directory")])
def test_a_settings_file_that_is_not_text_is_reported(command: CommandLine, content: bytes | None, said: str) -> None:
    path = command.folder / "foreign-eyes.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    done = command("--config", str(path), "status")
    assert done.returncode == 78
    assert said in done.stderr


def test_a_wrong_setting_does_not_change_the_archive(command: CommandLine) -> None:
    command("crawl", "sample")
    before = (command.folder / "archive.db").read_bytes()
    (command.folder / "foreign-eyes.toml").write_text("colour = 1\n")
    for name in ("crawl", "publish", "up", "status", "check"):
        assert command(name).returncode == 78
    assert (command.folder / "archive.db").read_bytes() == before


def test_the_shipped_file_says_what_holds_without_it() -> None:
    shipped, built_in = load_configuration(SHIPPED), Configuration()
    assert (
        shipped.default_source,
        shipped.contact,
        shipped.archive,
        shipped.publish,
        shipped.browse,
        shipped.topics,
    ) == (
        built_in.default_source,
        built_in.contact,
        built_in.archive,
        built_in.publish,
        built_in.browse,
        built_in.topics,
    )
    assert list(shipped.topics) == list(built_in.topics)
    assert set(shipped.sources) == set(BUILT_IN)
    for name, source in shipped.sources.items():
        expected = BUILT_IN[name]
        delay = source.seconds_between_requests, expected.seconds_between_requests
        assert delay[0] == delay[1]
        assert msgspec.structs.replace(source, delay=None) == msgspec.structs.replace(expected, delay=None)


def test_every_setting_is_documented_in_the_shipped_file() -> None:
    text = re.sub(r"^# (?=\w+ = )", "", SHIPPED.read_text(encoding="utf-8"), flags=re.MULTILINE)
    tables = tomllib.loads(text)
    assert set(tables) == {
        "default_source",
        "contact",
        "fresh_days",
        "archive",
        "publish",
        "browse",
        "alerts",
        "topics",
        "publications",
        "sources",
    }
    for kind, table in (
        (ArchiveSettings, tables["archive"]),
        (PublishSettings, tables["publish"]),
        (BrowseSettings, tables["browse"]),
        (AlertSettings, tables["alerts"]),
        (SourceSettings, tables["sources"]["live"]),
    ):
        assert set(table) == {setting.name for setting in msgspec.structs.fields(kind)}


def test_a_configured_source_is_crawled_by_its_name(command: CommandLine, server: ListingServer) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        f'default_source = "town"\n[sources.town]\nurl = "{server.origin}{LISTING}"\n'
    )
    assert command("crawl").returncode == 0
    assert command.rows("SELECT source, entries FROM crawl_log") == [{"source": "town", "entries": 15}]


def test_what_a_file_does_not_set_is_as_it_is_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[publish]\noutput = "elsewhere"\n')
    loaded, built_in = load_configuration(tmp_path / "settings.toml"), Configuration()

    assert loaded.topics == built_in.topics
    assert loaded.publish == msgspec.structs.replace(built_in.publish, output="elsewhere")
    assert (loaded.default_source, loaded.archive, loaded.sources) == (
        built_in.default_source,
        built_in.archive,
        built_in.sources,
    )


def test_topics_of_ones_own_take_the_place_of_those_built_in(command: CommandLine, server: ListingServer) -> None:
    (command.folder / "foreign-eyes.toml").write_text('[topics]\n"Town & country" = ["town number"]\n')
    command.crawl(server)
    assert command("publish").returncode == 0
    folders = [path.name for path in (command.folder / "public/topics").iterdir() if path.is_dir()]
    assert [name.rpartition("-")[0] for name in folders] == ["town-country"]


def test_an_empty_table_of_topics_means_none(command: CommandLine, server: ListingServer) -> None:
    (command.folder / "foreign-eyes.toml").write_text("[topics]\n")
    command.crawl(server)
    assert command("publish").returncode == 0
    assert [path.name for path in (command.folder / "public/topics").iterdir()] == ["index.html"]


def test_without_datasette_no_page_leads_to_it(command: CommandLine, server: ListingServer) -> None:
    (command.folder / "foreign-eyes.toml").write_text('[publish]\nbrowse_url = ""\n')
    command.crawl(server)
    command("publish")
    for page in (command.folder / "public").rglob("*.html"):
        assert "browse/" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_table_of_a_built_in_source_may_leave_out_its_url(tmp_path: Path, name: str) -> None:
    path = tmp_path / "foreign-eyes.toml"
    path.write_text(f'[sources.{name}]\noutput = "there"\ncontact = "me@example.org"\n')
    expected = msgspec.structs.replace(BUILT_IN[name], output="there", contact="me@example.org")
    assert load_configuration(path).sources[name] == expected
    assert job_named(name, None, path).source == expected


def test_a_built_in_source_with_another_url_has_only_the_values_of_its_table(tmp_path: Path) -> None:
    path = tmp_path / "foreign-eyes.toml"
    path.write_text(f"[sources.live]\n{URL}\n")
    assert load_configuration(path).sources["live"] == SourceSettings(url="https://example.org/index.htm")
