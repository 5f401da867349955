"""Make the virtual environment that `make run` and `make test` use: an incomplete one is made again.

    python -ISB tools/environment.py FOLDER run|test

The last step writes a stamp into FOLDER: the checkout's absolute path, the interpreter, and digests of the pinned
requirements and pyproject.toml. A set-up that was interrupted leaves no stamp; a checkout that was moved, another
interpreter or other pins do not fit it. Either way the environment is made anew, without a question.

Runs on the bare interpreter before anything is installed, so it imports the standard library only.
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
# pip from the interpreter installs the first: the pinned pip and what builds packages; the pinned pip installs the rest
BUILD_LOCK, RUN_LOCK, TEST_LOCK = "requirements-build.lock", "requirements.lock", "requirements-test.lock"
RUN, TEST = "run", "test"

Stamp = dict[str, str]


class Plan(NamedTuple):
    """What is to be done: nothing, some steps, or all of them on an emptied folder; and why, in words for the user."""

    steps: tuple[str, ...]
    anew: bool = False
    because: str = ""


def main(arguments: list[str]) -> int:
    """Make the folder ready; return the exit code: 0 ready, 1 not, 130 interrupted."""
    folder, purpose = Path(arguments[0]), arguments[1]
    wanted = describe(ROOT, purpose)
    if not plan(read_stamp(folder), wanted, exists=folder.exists()).steps:
        return 0
    # the slow way: its modules are loaded only here, so that a later run starts at once
    sys.path.append(str(ROOT))
    from tools.installing import install

    return install(folder, wanted)


def describe(root: Path, purpose: str) -> Stamp:
    """Return the stamp of a complete environment for `purpose`, made by this interpreter for the checkout at `root`."""
    stamp = {
        "checkout": str(root),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}{getattr(sys, 'abiflags', '')}",
        "interpreter": os.path.realpath(sys.executable),
        RUN: digest(root / BUILD_LOCK, root / RUN_LOCK),
        "project": digest(root / "pyproject.toml"),
    }
    return {**stamp, TEST: digest(root / TEST_LOCK)} if purpose == TEST else stamp


def digest(*files: Path) -> str:
    """Return a SHA-256 over the contents of `files`."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read_stamp(folder: Path) -> Stamp | None:
    """Return the stamp in `folder`, with the interpreter that is there now; None where there is no readable stamp."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # an upgrade of the system can leave a link to an interpreter that is gone, or to another
    return {**stamp, "interpreter": os.path.realpath(folder / "bin" / "python")} if isinstance(stamp, dict) else None


def plan(stamp: Stamp | None, wanted: Stamp, *, exists: bool) -> Plan:
    """Decide what an environment with `stamp` lacks of what is `wanted`."""
    every_step = (RUN, "project", TEST) if TEST in wanted else (RUN, "project")
    because = _unfit(stamp, wanted)
    if stamp is None or because:
        return Plan(every_step, anew=True, because=because if exists else "")
    steps = () if stamp["project"] == wanted["project"] else ("project",)
    return Plan((*steps, TEST) if TEST in wanted and TEST not in stamp else steps)


def _unfit(stamp: Stamp | None, wanted: Stamp) -> str:
    """Say why the whole environment must be made again; "" where it need not."""
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
