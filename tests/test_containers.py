"""The Containerfile and compose.yaml: their commands exist, and the image gets all that the package is built from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from foreign_eyes.cli.main import main
from foreign_eyes.cli.parameter_types import DEFAULT_PORT

CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def in_context() -> set[str]:
    """Return the names that the build gets."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    return {line[1:] for line in lines if line.startswith("!")}


def test_the_image_gets_every_package_and_lock() -> None:
    packages = {path.name for path in (ROOT / "foreign_eyes").iterdir() if path.is_symlink()}
    given = {"foreign_eyes", "pyproject.toml", "README.md", "LICENSE", "requirements.lock", "requirements-build.lock"}
    assert packages | given <= in_context()
    assert all((ROOT / name).exists() for name in in_context())
    targets = {
        Path(line.split()[1]).name for line in CONTAINERFILE.splitlines() if line.startswith("COPY requirements")
    }
    assert targets <= in_context()


def test_packages_are_checked_by_their_hashes_and_the_program_is_not_root() -> None:
    installs = re.findall(r"pip install ([^\\\n]*)", CONTAINERFILE)
    pinned = [one for one in installs if "--require-hashes" in one or "--no-deps" in one]
    assert len(pinned) == 3
    assert [one for one in installs if one not in pinned] == ["--no-cache-dir $PACKAGES; fi "]
    assert re.findall(r"^USER (.+)$", CONTAINERFILE, re.MULTILINE) == ["10001:10001"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_write_nothing_but_its_volume(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert (service["volumes"], service["tmpfs"]) == (["data:/data"], ["/tmp"])  # noqa: S108 - in the container


def commands() -> list[list[str]]:
    """Return the commands of all services and health checks, without the program's name."""
    found = [service["command"] for service in SERVICES.values() if "entrypoint" not in service]
    script = SERVICES["checks"]["command"][0]
    found += [line.split() for line in re.findall(r"foreign-eyes (.+)", script)]
    found.append(SERVICES["rounds"]["healthcheck"]["test"][2:])
    return [[re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in words] for words in found]


def test_the_services_run_rounds_checks_backups_a_server_and_status() -> None:
    assert sorted(words[0] for words in commands()) == ["backup", "check", "serve", "status", "watch"]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_commands_of_the_services_are_understood(words: list[str]) -> None:
    command = main.commands[words[0]]
    assert command.make_context(words[0], words[1:]).params


def test_the_server_listens_on_the_port_that_compose_opens() -> None:
    server = SERVICES["server"]
    assert server["command"][-1] == str(DEFAULT_PORT)
    assert server["ports"] == [f"127.0.0.1:${{FOREIGN_EYES_PORT:-{DEFAULT_PORT}}}:{DEFAULT_PORT}"]
    assert f"EXPOSE {DEFAULT_PORT}" in CONTAINERFILE
    assert f"http://127.0.0.1:{DEFAULT_PORT}/" in server["healthcheck"]["test"][-1]
