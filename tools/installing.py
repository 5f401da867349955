"""Make the virtual environment, and install pinned packages with pip.

pip checks the hash of every file.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.environment import BUILD_LOCK, ROOT, RUN, RUN_LOCK, STAMP, TEST, TEST_LOCK, Plan, Stamp, plan, read_stamp
from tools.pins import pinned

LOCKS = {RUN: (BUILD_LOCK, RUN_LOCK), "project": (), TEST: (TEST_LOCK,)}
# pip settings of the user that would install elsewhere or change versions
IGNORED_SETTINGS = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_CONSTRAINT")
UNREACHABLE = re.compile(
    r"connection broken by|ConnectionError|ProxyError|ConnectTimeout|ReadTimeout|Temporary failure in name resolution"
)


class Failed(Exception):
    """The environment could not be made; the text is shown to the user."""


def install(folder: Path, wanted: Stamp) -> int:
    """Run the steps of `plan`; return the exit code: 0 complete, 1 failed, 130 interrupted."""
    try:
        with _locked(folder):
            stamp = read_stamp(folder)
            missing = plan(stamp, wanted, exists=folder.exists())
            if missing.steps:
                _run_steps(folder, missing, {**({} if missing.from_scratch else stamp or {}), **wanted})
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; the next make starts {folder} from scratch", file=sys.stderr)
        return 130
    return 0


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock, so that only one process at a time changes the environment.

    The lock is on the file of this module.
    """
    with Path(__file__).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _print(f"another make is changing {folder}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run_steps(folder: Path, work: Plan, stamp: Stamp) -> None:
    if work.from_scratch and importlib.util.find_spec("ensurepip") is None:
        raise Failed(
            f"{sys.executable} has no venv module; install it, on Debian and Ubuntu: sudo apt-get install python3-venv"
            f" (or python{stamp['python']}-venv, if this is not the default Python)"
        )
    names = set().union(*(pinned((ROOT / lock).read_text()) for step in work.steps for lock in LOCKS[step]))
    _announce(folder, work, stamp["python"], len(names - installed(folder) if not work.from_scratch else names))
    (folder / STAMP).unlink(missing_ok=True)
    if work.from_scratch:
        # --clear removes the Python of the environment, so the base interpreter runs this
        _run([getattr(sys, "_base_executable", sys.executable), "-I", "-m", "venv", "--clear", str(folder)])
    for step in work.steps:
        for lock in LOCKS[step]:
            _pip(folder, names, "--no-deps", "--require-hashes", "-r", str(ROOT / lock))
        if step == "project":
            _pip(folder, names, "--no-deps", "-e", str(ROOT))
    _compile(folder)
    _write_stamp(folder, stamp)


def _announce(folder: Path, work: Plan, python: str, count: int) -> None:
    if work.from_scratch:
        again = f" again, because {work.reason}" if work.reason else ""
        _print(f"making {folder}{again}: Python {python} and {count} pinned packages; later runs start at once")
    elif count:
        _print(f"installing what the tests need into {folder}: {count} pinned packages, once")
    else:
        _print(f"installing the checkout into {folder}, because pyproject.toml has changed")


def _write_stamp(folder: Path, stamp: Stamp) -> None:
    """Write the stamp atomically."""
    temporary = folder / f"{STAMP}.tmp"
    temporary.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / STAMP)


def _pip(folder: Path, names: set[str], *arguments: str) -> None:
    # the pinned build tools are installed by then; without --no-build-isolation pip would fetch unpinned ones
    options = ("--no-compile", "--no-build-isolation", "--no-input", "--retries", "3", "--disable-pip-version-check")
    command = [str(folder / "bin" / "python"), "-I", "-m", "pip", "install", *options, *arguments]
    try:
        _run(command, env={name: value for name, value in os.environ.items() if name not in IGNORED_SETTINGS})
    except Failed as failure:
        if UNREACHABLE.search(str(failure)):
            raise Failed(_missing(names - installed(folder))) from None
        raise


def _compile(folder: Path) -> None:
    """Compile all modules on all cores, because pip would use only one.

    Failures are ignored: a few files are templates, not Python.
    """
    command = [str(folder / "bin" / "python"), "-I", "-m", "compileall", "-q", "-j", "0", str(folder / "lib")]
    subprocess.run(command, capture_output=True, check=False)


def _run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Run a command without output; raise `Failed` with its output if it fails."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise Failed(f"{done.stdout}{done.stderr}{' '.join(command)}: exit code {done.returncode}")


def installed(folder: Path) -> set[str]:
    """Return the names of the packages in the environment."""
    places = [str(place) for place in folder.glob("lib/python*/site-packages")]
    return {re.sub(r"[-_.]+", "-", found.name).lower() for found in importlib.metadata.distributions(path=places)}


def _missing(names: set[str]) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    known = {re.split(r"[\[<>=~ ]", wanted)[0] for wanted in project["project"]["dependencies"]}
    # name direct dependencies first, because users know them
    *rest, last = sorted(names, key=lambda name: (name not in known, name))[:3]
    examples = f"{', '.join(rest)} and {last}" if rest else last
    count = "1 package is" if len(names) == 1 else f"{len(names)} packages are"
    return (
        f"{count} missing, such as {examples}, and the package index cannot be reached:"
        " connect this machine to the network once, and run the same command again"
    )


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
