"""Commands in the background: start them, wait for their output, stop them by signals."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conftest import ROOT, CommandLine

from support.listing_server import Handler

PATIENCE = 30.0


@dataclass
class Running:
    """A running process and the file with its output."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the output matches `pattern`; return the first match."""
        until = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.output)):
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.output}"
            assert time.monotonic() < until, f"no {pattern!r} in:\n{self.output}"
            time.sleep(0.02)
        return found

    def stop(self, number: int, *, group: bool = False) -> int:
        """Send a signal to the process, or to its group as a terminal does; return the exit code."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def signals_by_default() -> Iterator[None]:
    """Start processes that do not ignore SIGINT and SIGHUP, even if this process does.

    A shell starts `make test &` with SIGINT ignored, and nohup ignores SIGHUP. Children inherit an ignored signal, but not a
    handler.
    """
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, disposition in before.items():
            signal.signal(number, disposition)


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def running(command: CommandLine, *arguments: str) -> Iterator[Running]:
    """Start a command in a new session; kill the whole session at the end."""
    log = command.folder.parent / f"{command.folder.name}.log"
    with log.open("wb") as file, signals_by_default():
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "foreign_eyes", *arguments],
            cwd=command.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield Running(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def runs_in(folder: Path) -> list[str]:
    """Return the command lines of the processes that have `folder` as their working directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [line for line in found if line]


@dataclass
class Gate:
    """A response that waits until `opened` is set; `asked` is set when a client requests it."""

    body: bytes
    asked: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, handler: Handler) -> None:
        self.asked.set()
        self.opened.wait(PATIENCE)
        with contextlib.suppress(OSError):
            handler.reply(200, self.body, Content_Type="text/html")
        handler.close_connection = True

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.set()


def on_a_terminal(command: CommandLine, *arguments: str, env: dict[str, str], typed: str = "") -> str:
    """Run a command on a terminal with `typed` as input; return the output."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "foreign_eyes", *arguments],
        cwd=command.folder,
        env={**environment, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "80", **env},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        written = b""
        try:
            while piece := os.read(ours, 4096):
                written += piece
        except OSError:  # on Linux, EIO means that the other end is closed
            pass
        finally:
            os.close(ours)
        process.wait(60)
    return written.decode()
