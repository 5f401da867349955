"""The set-up of `make run` and `make test`, with real makes in a tiny checkout, and `make help` and `make clean`."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from support.processes import signals_by_default

from tools.environment import RUN, STAMP, TEST, Plan, plan, read_stamp
from tools.pins import fits, pinned

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "foreign-eyes"
version = "1"
dependencies = ["click>=8", "warcio"]
"""
# builds, without a network, a wheel whose foreign-eyes prints its arguments
BACKEND = """
import pathlib, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "foreign_eyes-1-py3-none-any.whl"
    here = pathlib.Path(__file__).parent
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for path, text in {
            "foreign_eyes.pth": str(here),
            "foreign_eyes-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: foreign-eyes\\nVersion: 1\\n",
            "foreign_eyes-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
            "foreign_eyes-1.dist-info/entry_points.txt": "[console_scripts]\\nforeign-eyes = backend:main\\n",
            "foreign_eyes-1.dist-info/RECORD": "",
        }.items():
            wheel.writestr(path, text)
    return name
def main():
    import sys
    print("ran", *sys.argv[1:])
"""
PIN = "warcio==1.8.1 \\\n    --hash=sha256:" + "0" * 64 + "\n"


def lay_out(folder: Path) -> Path:
    """Put there what a set-up reads: the real Makefile and tools, and a project that needs nothing."""
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    for name in ("requirements-build.lock", "requirements.lock", "requirements-test.lock"):
        (folder / name).write_text("# nothing\n")
    return folder


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # as if from a shell, though these tests are run by a make
    of_make = ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "TESTS", "VENV")
    inherited = {name: value for name, value in os.environ.items() if name not in of_make}
    return subprocess.run(
        ["make", "run", f"PYTHON={sys.executable}", *arguments],
        cwd=folder,
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def interrupt(folder: Path, number: int) -> tuple[int, str]:
    """Begin a set-up, send it a signal in the midst of it as a terminal would; return exit code and what it said."""
    command = ["sh", "tools/set_up.sh", ".venv", "run", sys.executable]
    with signals_by_default():
        process = subprocess.Popen(command, cwd=folder, start_new_session=True, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.readline()
    until = time.monotonic() + 300
    while not (folder / ".venv" / "bin" / "python").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, number)
    said += process.communicate(timeout=300)[1]
    return process.returncode, said


@pytest.fixture
def unreachable() -> Iterator[dict[str, str]]:
    """Settings of pip for a package index on a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        yield {"PIP_INDEX_URL": address, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}


def test_a_set_up_is_done_or_made_again_whatever_became_of_it(tmp_path: Path, unreachable: dict[str, str]) -> None:
    """One long story, for each environment that is made takes seconds."""
    folder = lay_out(tmp_path / "with a space" / "checkout")
    laid_out = {path.name for path in folder.iterdir()}

    code, said = interrupt(folder, signal.SIGINT)
    assert (code, "Traceback" in said) == (130, False)
    assert said.endswith("interrupted; the next make starts .venv from scratch\n")
    code, said = interrupt(folder, signal.SIGKILL)
    assert "making .venv again, because its set-up was interrupted: Python 3." in said
    done = make(folder, "ARGS=--no-serve")
    assert (done.returncode, done.stdout) == (0, "ran up --no-serve\n"), done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "making .venv again, because its set-up was interrupted"
    ]

    done = make(folder, "PYTHON=")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran up\n", "")
    assert {path.name for path in folder.iterdir()} - {"__pycache__"} == laid_out | {".venv"}

    copied = shutil.copytree(folder, tmp_path / "copied", symlinks=True)
    (copied / "requirements.lock").write_text(PIN + PIN.replace("warcio", "afar"))
    done = make(copied, "PYTHON=", **unreachable)
    assert (done.returncode != 0, done.stdout) == (True, "")
    making, missing = [line for line in done.stderr.splitlines() if not line.startswith("make:")]
    assert making.startswith(
        f"making .venv again, because it was made in {folder}, and this checkout is in {copied}: Python 3."
    )
    assert missing == (
        "2 packages are missing, such as warcio and afar, and the package index cannot be reached:"
        " connect this machine to the network once, and run the same command again"
    )


def test_a_stamp_tells_of_the_interpreter_that_is_there_now(tmp_path: Path) -> None:
    (tmp_path / STAMP).write_text(json.dumps(GOOD))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/no/such/python3.10")
    assert read_stamp(tmp_path) == {**GOOD, "interpreter": "/no/such/python3.10"}


def test_a_python_that_is_missing_or_too_old_is_named(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "checkout")
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2\nexit 1\n")
    old.chmod(0o755)
    for name, said in [
        ("/nowhere/python3", "/nowhere/python3: not found; use another Python: make run "),
        (
            str(old),
            f"{old} is Python 3.9.2, and foreign-eyes needs Python 3.11 or later; use another Python: make run ",
        ),
    ]:
        done = make(folder, f"PYTHON={name}")
        assert done.returncode != 0
        assert done.stderr.startswith(f"{said}PYTHON=/path/to/python3\n")
    assert not (folder / ".venv").exists()


def test_help_lists_every_target_with_its_description(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "checkout")
    done = subprocess.run(
        ["make", "--silent", "help"], cwd=folder, capture_output=True, text=True, check=True, timeout=300
    )
    phony = re.search(r"^\.PHONY: (.*)$", (folder / "Makefile").read_text(), re.MULTILINE)
    assert phony
    listed = re.findall(r"^  ([a-z-]+)  +\S", done.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(phony[1].split())
    assert not (folder / ".venv").exists()


def test_clean_removes_what_tools_made_and_keeps_the_archive(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "checkout")
    made = [
        ".venv/bin/python",
        ".venv-3.13/x",
        ".mypy_cache/x",
        ".pytest_cache/x",
        ".ruff_cache/x",
        "cli/__pycache__/x",
    ]
    kept = ["archive.db", "public/atom.xml", "tools/set_up.sh", "foreign-eyes.toml"]
    for name in (*made, *kept):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    subprocess.run(["make", "--silent", "clean"], cwd=folder, check=True, timeout=300)
    assert [name for name in made if (folder / name).exists()] == []
    assert [name for name in kept if not (folder / name).exists()] == []


# --- the decision

GOOD = {"checkout": "/here", "python": "3.13", "interpreter": "/usr/bin/python3.13", RUN: "1", "project": "1"}
TESTED = {**GOOD, TEST: "1"}
TO_USE = "the Python to use is /usr/bin/python3.13 (3.13)"


@pytest.mark.parametrize(
    ("stamp", "wanted", "expected"),
    [
        (GOOD, GOOD, Plan(())),
        (TESTED, GOOD, Plan(())),
        (GOOD, TESTED, Plan((TEST,))),
        ({**GOOD, "project": "0"}, GOOD, Plan(("project",))),
        ({**GOOD, "project": "0"}, TESTED, Plan(("project", TEST))),
    ],
)
def test_what_is_missing_is_added(stamp: dict[str, str], wanted: dict[str, str], expected: Plan) -> None:
    assert plan(stamp, wanted, exists=True) == expected


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        (None, "its set-up was interrupted"),
        ({}, "its set-up was interrupted"),
        ({**TESTED, "checkout": "/there"}, "it was made in /there, and this checkout is in /here"),
        ({**TESTED, "python": "3.11"}, f"it was made for /usr/bin/python3.13 (3.11), and {TO_USE}"),
        ({**TESTED, "interpreter": "/opt/python"}, f"it was made for /opt/python (3.13), and {TO_USE}"),
        ({**TESTED, RUN: "0"}, "the pinned requirements have changed"),
        ({**TESTED, TEST: "0"}, "the pinned requirements have changed"),
    ],
)
def test_what_does_not_fit_is_made_again(stamp: dict[str, str] | None, reason: str) -> None:
    assert plan(stamp, TESTED, exists=True) == Plan((RUN, "project", TEST), from_scratch=True, reason=reason)


def test_a_run_keeps_what_only_tests_need_until_they_are_run() -> None:
    assert plan({**TESTED, TEST: "0"}, GOOD, exists=True) == Plan(())


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("python_full_version < '3.14'", True),
        ("python_full_version < '3.9'", False),
        ("python_full_version >= '3.11.5'", True),
        ("implementation_name == 'pypy' or platform_python_implementation != 'PyPy'", True),
        ("implementation_name == 'pypy' or (implementation_name != 'PyPy' and sys_platform == 'win32')", False),
    ],
)
def test_a_pins_marker_is_evaluated_as_pip_does(marker: str, expected: bool) -> None:
    here = {
        "python_full_version": "3.13.5",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
    }
    assert fits(marker, here) is expected


@pytest.mark.parametrize("lock", ["requirements-build.lock", "requirements.lock", "requirements-test.lock"])
def test_the_markers_of_every_lock_are_understood(lock: str) -> None:
    assert {"packaging"} <= pinned((ROOT / lock).read_text())


def test_every_version_of_what_one_lock_pins_is_the_others_too() -> None:
    texts = [
        (ROOT / name).read_text() for name in ("requirements-build.lock", "requirements.lock", "requirements-test.lock")
    ]
    lines = [{line.rstrip(" \\") for line in text.splitlines() if "==" in line and line[0].isalnum()} for text in texts]
    assert lines[0] <= lines[1] <= lines[2]
