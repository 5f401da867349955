"""The project as it is handed over: the pinned requirements, the documents."""

from __future__ import annotations

import re
import tomllib

import pytest
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


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
