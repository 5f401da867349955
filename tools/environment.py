"""Make or repair the virtual environment for `make run` and `make test`.

    python -ISB tools/environment.py FOLDER run|test

The last step writes a stamp into FOLDER: the absolute path of the checkout, the interpreter, and digests of the lock
files and of pyproject.toml. If the stamp is missing, because a set-up was interrupted, or differs, because the checkout
was moved or the interpreter or a lock changed, the environment is made again without asking.

This module runs before anything is installed, so it imports only the standard library.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
STAMP = "foreign-eyes.json"
# the interpreter's pip installs the first, which has the pinned pip and the build tools; the pinned pip installs the rest
BUILD_LOCK, RUN_LOCK, TEST_LOCK = "requirements-build.lock", "requirements.lock", "requirements-test.lock"
RUN, TEST = "run", "test"

Stamp = dict[str, str]


class Plan(NamedTuple):
    """The steps to run, whether to empty the folder before, and the reason for the user."""

    steps: tuple[str, ...]
    from_scratch: bool = False
    reason: str = ""


def main(arguments: list[str]) -> int:
    """Make the environment; return the exit code: 0 complete, 1 failed, 130 interrupted."""
    folder, purpose = Path(arguments[0]), arguments[1]
    wanted = describe(ROOT, purpose)
    if not plan(read_stamp(folder), wanted, exists=folder.exists()).steps:
        return 0
    # loaded only if there is work, so that later runs start at once
    sys.path.append(str(ROOT))
    from tools.installing import install

    return install(folder, wanted)


def describe(root: Path, purpose: str) -> Stamp:
    """Return the stamp of a complete environment for `purpose` and the checkout at `root`.

    The interpreter is the one that runs this module.
    """
    stamp = {
        "checkout": str(root),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}{getattr(sys, 'abiflags', '')}",
        "interpreter": os.path.realpath(sys.executable),
        RUN: digest(root / BUILD_LOCK, root / RUN_LOCK),
        "project": digest(root / "pyproject.toml"),
    }
    return {**stamp, TEST: digest(root / TEST_LOCK)} if purpose == TEST else stamp


def digest(*files: Path) -> str:
    """Return the SHA-256 of the contents of `files`."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read_stamp(folder: Path) -> Stamp | None:
    """Return the stamp in `folder` with the current interpreter of the environment.

    Return None if there is no readable stamp.
    """
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # after an upgrade of the system the link can be dangling, or lead to another interpreter
    return {**stamp, "interpreter": os.path.realpath(folder / "bin" / "python")} if isinstance(stamp, dict) else None


def plan(stamp: Stamp | None, wanted: Stamp, *, exists: bool) -> Plan:
    """Return the steps that turn an environment with `stamp` into one with `wanted`.

    Pure.
    """
    every_step = (RUN, "project", TEST) if TEST in wanted else (RUN, "project")
    reason = _why_from_scratch(stamp, wanted)
    if stamp is None or reason:
        return Plan(every_step, from_scratch=True, reason=reason if exists else "")
    steps = () if stamp["project"] == wanted["project"] else ("project",)
    return Plan((*steps, TEST) if TEST in wanted and TEST not in stamp else steps)


def _why_from_scratch(stamp: Stamp | None, wanted: Stamp) -> str:
    """Return why the whole environment must be made again, or "" if it need not."""
    if stamp is None or not {"project", RUN} <= stamp.keys():
        return "its set-up was interrupted"
    if stamp.get("checkout") != wanted["checkout"]:
        return f"it was made in {stamp.get('checkout')}, and this checkout is in {wanted['checkout']}"
    if (stamp.get("python"), stamp.get("interpreter")) != (wanted["python"], wanted["interpreter"]):
        return f"it was made for {_interpreter(stamp)}, and the Python to use is {_interpreter(wanted)}"
    if stamp.get(RUN) != wanted[RUN] or stamp.get(TEST) not in (None, wanted.get(TEST, stamp.get(TEST))):
        return "the pinned requirements have changed"
    return ""


def _interpreter(stamp: Stamp) -> str:
    return f"{stamp.get('interpreter')} ({stamp.get('python')})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
