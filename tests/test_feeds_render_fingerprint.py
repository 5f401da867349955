"""The render fingerprint changes with everything besides the archive that decides the bytes of files."""

from __future__ import annotations

import compileall
import os
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.published_urls import normal_browse_url, normal_hub
from foreign_eyes.feeds.render_fingerprint import render_fingerprint
from foreign_eyes.feeds.topic_matching import Topics

ROOT = Path(__file__).parents[1]
EDITION: PublicationTarget = runpy.run_path(str(Path(__file__).parent / "data/feeds/column.py"))["EDITION"]
TOPICS = Topics({"Kites": ["kite*"]})


def test_the_same_settings_have_the_same_fingerprint() -> None:
    assert render_fingerprint(EDITION, TOPICS) == render_fingerprint(replace(EDITION), Topics({"Kites": ["kite*"]}))


@pytest.mark.parametrize(
    "other",
    [
        replace(EDITION, browse=None),
        replace(EDITION, hub="https://hub.example/"),
        replace(EDITION, tombstones=True),
        replace(EDITION, tag="tag:else.example,2026:made-up"),
        replace(EDITION, source=replace(EDITION.source, title="Else")),
        replace(EDITION, source=replace(EDITION.source, language="fr")),
        replace(EDITION, source=replace(EDITION.source, url="https://else.example/")),
    ],
    ids=lambda edition: "",
)
def test_another_setting_changes_the_fingerprint(other: PublicationTarget) -> None:
    assert render_fingerprint(other, TOPICS) != render_fingerprint(EDITION, TOPICS)


@pytest.mark.parametrize("topics", [{}, {"Kites": ["kites"]}, {"Kite": ["kite*"]}])
def test_another_topic_changes_the_fingerprint(topics: dict[str, list[str]]) -> None:
    assert render_fingerprint(EDITION, Topics(topics)) != render_fingerprint(EDITION, TOPICS)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of this program that can be changed, as another version changes it."""
    shutil.copytree(ROOT / "foreign_eyes", tmp_path / "foreign_eyes", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def shape_by(program: Path) -> str:
    script = """
from foreign_eyes.archive.values import (Source)
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.render_fingerprint import render_fingerprint
from foreign_eyes.feeds.topic_matching import Topics
source = Source("a", "https://a.example/", "A", "en")
print(render_fingerprint(PublicationTarget(source, "https://a.example/", "tag:a.example,2026:a"), Topics({})))
"""
    environment = {**os.environ, "PYTHONPATH": str(program)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=program, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    "part", ["templates/entry.html", "static/style.css", "static/icon.png", "slugs.py", "render/xml.py"]
)
def test_another_template_file_or_module_changes_the_fingerprint(program: Path, part: str) -> None:
    before = shape_by(program)
    with (program / "foreign_eyes/feeds" / part).open("ab") as file:
        file.write(b"\n")

    assert shape_by(program) != before


def test_compiled_python_files_do_not_change_the_fingerprint(program: Path) -> None:
    before = shape_by(program)
    compileall.compile_dir(program / "foreign_eyes/feeds", quiet=2)

    assert shape_by(program) == before
    assert list((program / "foreign_eyes/feeds").rglob("*.pyc"))


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("", None),
        ("  ", None),
        ("browse/", "browse/"),
        ("data/browse", "data/browse/"),
        ("data/my browse", "data/my%20browse/"),
        ('"><script>', "%22%3E%3Cscript%3E/"),
        ("https://data.example/x", "https://data.example/x/"),
        (" https://data.example ", "https://data.example/"),
    ],
)
def test_the_url_of_datasette_is_relative_absolute_or_empty(given: str, normal: str | None) -> None:
    assert normal_browse_url(given) == normal


@pytest.mark.parametrize(
    "url",
    ["/browse/", "../browse/", "a/../../b", "javascript:alert(1)", "ftp://a.example/", "a?b", "a#b", "//a.example/"],
)
def test_an_invalid_url_of_datasette_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        normal_browse_url(url)


@pytest.mark.parametrize(
    "url", ["https://hub.example/", "https://hub.example/publish", "http://127.0.0.1:8080/hub?a=1&b=2"]
)
def test_a_hub_is_an_http_url(url: str) -> None:
    assert normal_hub(url) == url


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://hub.example", "https://hub.example"),
        (" https://hub.example/? ", "https://hub.example/?"),
        ("https://hub.example/?for=me@a.example&x=<\u4e2d>", "https://hub.example/?for=me@a.example&x=%3C%E4%B8%AD%3E"),
    ],
)
def test_a_hub_is_quoted_and_otherwise_unchanged(given: str, normal: str) -> None:
    assert normal_hub(given) == normal


@pytest.mark.parametrize(
    "url",
    [
        *("hub.example", "ftp://hub.example/", "https://", "https://me:s3cret@hub.example/", "javascript:alert(1)"),
        *("https://hub.example/#a", "https://hub.example/?a#b", "https://hub.example:port/", "http://["),
    ],
)
def test_an_invalid_hub_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(the )?hub ") as refused:
        normal_hub(url)
    assert "s3cret" not in str(refused.value)
