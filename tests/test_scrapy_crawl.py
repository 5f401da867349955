"""`scrapy crawl listing`: its arguments, where the archive lies, and its exit codes, which are those of `crawl`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.settings import Settings

from foreign_eyes.archive import errors
from foreign_eyes.cli import exit_codes
from foreign_eyes.crawler import exit_status
from foreign_eyes.crawler.scrapy_arguments import job_of_arguments
from foreign_eyes.crawler.settings_file import SettingsError
from foreign_eyes.crawler.sources import SourceError

TOWN = '[sources.town]\nurl = "http://town.example/list/"\n'


def settings_with(**values: str) -> Settings:
    settings = Settings()
    settings.setmodule("foreign_eyes.crawler.settings", priority="project")
    settings.setdict(values, priority="cmdline")
    return settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_archive_of_the_settings_of_scrapy_hides_that_of_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "foreign-eyes.toml").write_text(f'[archive]\nfile = "/srv/file.db"\n{TOWN}')
    assert job_of_arguments({"source": "town"}, settings_with()).archive == Path("/srv/file.db")
    assert job_of_arguments({"source": "town"}, settings_with(ARCHIVE="/srv/job.db")).archive == Path("/srv/job.db")


def test_a_job_reads_the_settings_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(f'default_source = "town"\n{TOWN}')
    job = job_of_arguments({}, settings_with(SETTINGS_FILE=str(tmp_path / "other.toml")))
    assert (job.name, job.source.url) == ("town", "http://town.example/list/")


@pytest.mark.parametrize("archive", ["archive.db", "~/archive.db", "./data/archive.db"])
def test_a_job_of_scrapyd_refuses_an_archive_in_the_folder_of_scrapyd(tmp_path: Path, archive: str) -> None:
    with pytest.raises(SettingsError, match=r"relative path.*give the whole path.*FOREIGN_EYES_ARCHIVE") as raised:
        job_of_arguments({"_job": "6487ec79"}, settings_with(ARCHIVE=archive))
    assert str(tmp_path) in str(raised.value)
    assert job_of_arguments({}, settings_with(ARCHIVE=archive)).archive == Path(archive)


def test_an_unknown_argument_is_refused_instead_of_crawling_the_default_source() -> None:
    with pytest.raises(SourceError, match=r"'sorce'.*-a source=NAME"):
        job_of_arguments({"sorce": "live"}, settings_with())


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "cannot be read"), (b"[", "foreign-eyes config"), (b"\xff", "utf-8"), (b"contact = 1", "str")],
)
def test_a_settings_file_that_cannot_be_used_is_named(tmp_path: Path, text: bytes | None, said: str) -> None:
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(SettingsError, match=said) as raised:
        job_of_arguments({}, settings_with(SETTINGS_FILE=str(file)))
    assert str(raised.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    "error",
    [
        errors.NoArchive(Path("a.db")),
        errors.ArchiveUnwritable(Path("a.db"), "no space"),
        errors.MixedSources(Path("a.db"), "mixed"),
        SourceError("no source"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_has_one_exit_code_in_both_commands(error: Exception) -> None:
    assert exit_status.of_error(error) == exit_codes.of_error(error) != exit_codes.INTERNAL


def test_a_programming_error_has_no_exit_code_of_its_own() -> None:
    assert exit_status.of_error(KeyError("a bug")) is None


def scrapy_crawl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "listing", *arguments],
        cwd=folder,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "foreign_eyes.crawler.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_failed_crawl_ends_with_its_exit_code_and_logs_the_reason(tmp_path: Path) -> None:
    done = scrapy_crawl("-a", "source=http://127.0.0.1:9/", "-s", "LOG_FILE=job.log", folder=tmp_path)
    assert (done.returncode, done.stderr) == (exit_codes.UNAVAILABLE, "")
    assert done.stdout.startswith("crawl_id=1 source=127.0.0.1-9 outcome=unreachable pages=0 ")
    assert "ERROR: 127.0.0.1-9: unreachable: page 1 (http://127.0.0.1:9/)" in (tmp_path / "job.log").read_text()


def test_a_crawl_that_cannot_begin_ends_with_its_exit_code_and_says_why(tmp_path: Path) -> None:
    done = scrapy_crawl("-a", "source=town", folder=tmp_path)
    assert (done.returncode, done.stdout) == (exit_codes.USAGE, "")
    assert "ERROR: no source 'town'; use one of live, sample, or a URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
