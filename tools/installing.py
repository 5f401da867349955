"""The slow half of environment.py: make the virtual environment and let pip install into it, with every file's hash checked."""

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
# an operator's pip settings that name other places than the environment
ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_CONSTRAINT")
UNREACHABLE = re.compile(
    r"connection broken by|ConnectionError|ProxyError|ConnectTimeout|ReadTimeout|Temporary failure in name resolution"
)


class Failed(Exception):
    """The environment could not be made; the text is for the user."""


def install(folder: Path, wanted: Stamp) -> int:
    """Carry out what `plan` finds missing; return the exit code: 0 ready, 1 not, 130 interrupted."""
    try:
        with _alone(folder):
            stamp = read_stamp(folder)
            work = plan(stamp, wanted, exists=folder.exists())
            if work.steps:
                _carry_out(folder, work, {**({} if work.anew else stamp or {}), **wanted})
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; {folder} will be made anew next time", file=sys.stderr)
        return 130
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time work on the environment; the lock is on this file, so that no file is left by it."""
    with Path(__file__).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say(f"another make is at work on {folder}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _carry_out(folder: Path, work: Plan, stamp: Stamp) -> None:
    if work.anew and importlib.util.find_spec("ensurepip") is None:
        raise Failed(
            f"{sys.executable} has no venv module; on Debian and Ubuntu: sudo apt-get install python3-venv"
            f" (or python{stamp['python']}-venv, for a Python that is not Debian's usual one)"
        )
    names = set().union(*(pinned((ROOT / lock).read_text()) for step in work.steps for lock in LOCKS[step]))
    _announce(folder, work, stamp["python"], len(names - installed(folder) if not work.anew else names))
    (folder / STAMP).unlink(missing_ok=True)
    if work.anew:
        # not the environment's own python, which --clear removes
        _run([getattr(sys, "_base_executable", sys.executable), "-I", "-m", "venv", "--clear", str(folder)])
    for step in work.steps:
        for lock in LOCKS[step]:
            _pip(folder, names, "--no-deps", "--require-hashes", "-r", str(ROOT / lock))
        if step == "project":
            _pip(folder, names, "--no-deps", "-e", str(ROOT))
    _compile(folder)
    _write_stamp(folder, stamp)


def _announce(folder: Path, work: Plan, python: str, count: int) -> None:
    if work.anew:
        again = f" again, because {work.because}" if work.because else ""
        _say(f"making {folder}{again}: Python {python} and {count} pinned packages; later runs start at once")
    elif count:
        _say(f"installing what the tests need into {folder}: {count} pinned packages, once")
    else:
        _say(f"installing the checkout into {folder}, because pyproject.toml has changed")


def _write_stamp(folder: Path, stamp: Stamp) -> None:
    """Write it whole or not at all."""
    unfinished = folder / f"{STAMP}.tmp"
    unfinished.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(folder / STAMP)


def _pip(folder: Path, names: set[str], *arguments: str) -> None:
    # what builds a package that comes as source alone is installed by then, pinned; pip must not fetch it unpinned
    options = ("--no-compile", "--no-build-isolation", "--no-input", "--retries", "3", "--disable-pip-version-check")
    command = [str(folder / "bin" / "python"), "-I", "-m", "pip", "install", *options, *arguments]
    try:
        _run(command, env={name: value for name, value in os.environ.items() if name not in ELSEWHERE})
    except Failed as failure:
        if UNREACHABLE.search(str(failure)):
            raise Failed(_missing(names - installed(folder))) from None
        raise


def _compile(folder: Path) -> None:
    """Compile all modules: on all cores, where pip would do it on one; a few hold templates that no Python can compile."""
    command = [str(folder / "bin" / "python"), "-I", "-m", "compileall", "-q", "-j", "0", str(folder / "lib")]
    subprocess.run(command, capture_output=True, check=False)


def _run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Run without output; if the command fails, its output is in the error."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise Failed(f"{done.stdout}{done.stderr}{' '.join(command)}: exit code {done.returncode}")


def installed(folder: Path) -> set[str]:
    """Return the names of the packages that are in the environment."""
    places = [str(place) for place in folder.glob("lib/python*/site-packages")]
    return {re.sub(r"[-_.]+", "-", found.name).lower() for found in importlib.metadata.distributions(path=places)}


def _missing(names: set[str]) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    known = {re.split(r"[\[<>=~ ]", wanted)[0] for wanted in project["project"]["dependencies"]}
    # the project's own dependencies say more to a reader than theirs
    *rest, last = sorted(names, key=lambda name: (name not in known, name))[:3]
    examples = f"{', '.join(rest)} and {last}" if rest else last
    count = "1 package is" if len(names) == 1 else f"{len(names)} packages are"
    return (
        f"{count} missing, such as {examples}, and the package index cannot be reached:"
        " connect this machine to the network once, and run the same command again"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
