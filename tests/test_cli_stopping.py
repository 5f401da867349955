"""Ctrl-C pressed twice: whenever it comes, the run ends quietly, nothing of it is left, and the next one works."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site, page_name
from support.processes import PATIENCE, Gate, Running, running, runs_in

from foreign_eyes.cli import exit_codes, signals

TOWN = ["--name", "town", "--delay", "0"]


@pytest.fixture(autouse=True)
def interruptible() -> None:
    """Whoever runs the tests in the background ignores SIGINT, and what they start inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def listing() -> Iterator[ListingServer]:
    with ListingServer(make_site(make_entries(15))) as server:
        yield server


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, listing: ListingServer) -> Path:
    """A folder with an archive that is published."""
    command = CommandLine(tmp_path_factory.mktemp("published"))
    assert command("up", listing.origin + LISTING, *TOWN, "--no-serve").returncode == 0
    return command.folder


def wait_until_it_answers_signals(run: Running) -> None:
    """Wait until the program has taken the signals over from Python, which takes some 20 ms to start.

    Python does not handle SIGTERM by itself, so the mask of handled signals tells.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if mask(run, "SigCgt") & 1 << signal.SIGTERM - 1:
            return
        time.sleep(0.002)
    raise AssertionError(run.output)


def mask(run: Running, name: str) -> int:
    """Return a mask of signals from the state of the process."""
    status = Path(f"/proc/{run.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition(f"{name}:")[2].split()[0], 16)


def press_twice(run: Running, seconds: float, number: int = signal.SIGINT) -> int:
    """Do what a terminal does on Ctrl-C, twice; return the exit code."""
    for pause in (seconds, 0):
        if run.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may end before the signal
                os.killpg(run.process.pid, number)
            time.sleep(pause)
    return run.process.wait(PATIENCE)


# what is run, and what is waited for: seconds after the program has begun to answer signals, or what it says
MOMENTS = [
    *[("up", moment) for moment in (0.0, 0.1, 0.3, "page 2 of 3", "new, ", "pages +http", "Ctrl-C stops it")],
    *[("crawl", moment) for moment in (0.02, 0.2, 0.6, "page 1 of 3", "complete|unchanged")],
    *[("publish", moment) for moment in (0.05, 0.3, 0.7)],
    *[("serve", moment) for moment in (0.15, 0.5, "Ctrl-C stops it")],
    *[("watch", moment) for moment in (0.1, 0.5, "round 1")],
]


@pytest.mark.parametrize(
    ("name", "moment", "seconds"),
    [(*moment, (0.02, 0.1)[number % 2]) for number, moment in enumerate(MOMENTS)],
)
def test_two_interrupts_end_a_run_quietly(
    tmp_path: Path, listing: ListingServer, published: Path, name: str, moment: float | str, seconds: float
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(published, folder)
    options = {"up": ["--port", "0"], "serve": ["--port", "0"], "publish": ["--all"]}.get(name, [])
    source = [listing.origin + LISTING] if name in ("up", "crawl", "watch") else []
    town = TOWN if name in ("up", "crawl") else []
    # what has printed a line has imported the program
    anew = not isinstance(moment, str)
    with running(CommandLine(folder), name, *source, *town, *options, anew=anew) as run:
        wait_until_it_answers_signals(run)
        if isinstance(moment, str):
            run.wait_for(moment)
        else:
            time.sleep(moment)
        code = press_twice(run, seconds)
        for sign in ("Traceback", "Exception", "KeyboardInterrupt", "internal error"):
            assert sign not in run.output
        assert code in (0, 130), run.output
        assert runs_in(folder) == []
    assert [path.name for path in folder.rglob("*.tmp")] == []


@pytest.mark.parametrize("name", ["up", "crawl"])
def test_a_crawl_that_is_interrupted_twice_closes_its_row_and_the_next_one_works(
    command: CommandLine, server: ListingServer, name: str
) -> None:
    options = ["--port", "0"] if name == "up" else []
    with Gate(server.site[page_name(2)]) as gate:
        server.faults[page_name(2)] = gate
        with running(command, name, server.origin + LISTING, *TOWN, *options) as run:
            assert gate.asked.wait(PATIENCE)
            assert press_twice(run, 0.05) == 130
            assert "Traceback" not in run.output
    assert command.rows("SELECT outcome, reason, new FROM crawl_log") == [
        {"outcome": "failed", "reason": "the run was interrupted", "new": 0}
    ]
    del server.faults[page_name(2)]
    assert command.crawl(server)["new"] == 15


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_that_ask_a_run_to_stop_are_as_quiet(published: Path, tmp_path: Path, number: int) -> None:
    folder = tmp_path / "run"
    shutil.copytree(published, folder)
    with running(CommandLine(folder), "serve", "--port", "0") as run:
        run.wait_for("Ctrl-C stops it")
        assert press_twice(run, 0.02, number) == 0
        assert "Traceback" not in run.output


def test_a_server_that_was_started_with_interrupts_ignored_goes_on_ignoring_them(
    published: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(published, folder)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with running(CommandLine(folder), "serve", "--port", "0", anew=True, signals=()) as run:
            run.wait_for("Ctrl-C stops it")
            assert mask(run, "SigIgn") & 1 << signal.SIGINT - 1
            run.process.send_signal(signal.SIGINT)
            assert run.stop(signal.SIGTERM) == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_comes_later_ends_a_run_that_does_not_heed_the_first(tmp_path: Path) -> None:
    code = (
        "import time; from foreign_eyes.cli import signals; signals.install(); signals.raise_on_signal()\n"
        "line = 'ready'\n"
        "while True:\n"
        "    try:\n"
        "        print(line, flush=True)\n"
        "        time.sleep(60)\n"
        "    except KeyboardInterrupt: line = 'heedless'\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "heedless\n"
        time.sleep(signals.REPEAT_SECONDS + 0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (exit_codes.INTERRUPTED, "")
    assert exit_codes.INTERRUPTED == 130


def test_an_interrupt_while_a_dataclass_is_made_leaves_the_exit_code_as_it_is(tmp_path: Path) -> None:
    """After `python -m`, CPython ends by SIGINT if a KeyboardInterrupt has passed through `exec`, as dataclasses use it."""
    (tmp_path / "interrupted.py").write_text(
        "import os, signal, sys; from foreign_eyes.cli import signals; signals.install(); signals.raise_on_signal()\n"
        "try: exec('os.kill(os.getpid(), signal.SIGINT)\\nwhile True: pass')\n"
        "except KeyboardInterrupt: sys.exit(130)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (exit_codes.INTERRUPTED, "")
