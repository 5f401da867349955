"""The project as it is handed over: the pinned requirements, the documents."""

from __future__ import annotations

import re
import tomllib

import pytest
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("lock", ["requirements-build.lock", "requirements.lock", "requirements-test.lock"])
def test_every_pinned_requirement_has_hashes_and_no_download_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = re.findall(r"^[a-z0-9][a-z0-9._-]*==\S+.*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(pins) == len(re.findall(r"^[^#\s].*==", text, re.MULTILINE)) > 5
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert "://" not in text


def test_every_dependency_is_pinned() -> None:
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    names = {re.split(r"[\[<>=~]", wanted)[0] for wanted in PROJECT["project"]["dependencies"]}
    assert names <= pinned


def test_the_readme_names_every_command() -> None:
    from foreign_eyes.cli.main import main  # noqa: PLC0415 - the command line is under test here, not imported for its use

    missing = [name for name in main.commands if not re.search(rf"\b{name}\b", README)]
    assert missing == []


def test_the_readme_names_every_exit_code() -> None:
    from foreign_eyes.cli import exit_codes  # noqa: PLC0415

    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert {int(row) for row in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)} == codes


def test_the_house_of_the_architecture_page_is_the_one_that_stands() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    packages = [link.name for link in (ROOT / "foreign_eyes").iterdir() if link.is_symlink()]
    assert [name for name in packages if f"{name}/" not in page] == []
    named = re.findall(r"`((?:archive|crawler|feeds|browse|cli|sample)/[\w/]+\.py)", page)
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []
