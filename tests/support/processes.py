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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conftest import ROOT, CommandLine, forks_for

from support.command_forks import CommandForks, ForkedCommand
from support.listing_server import Handler

PATIENCE = 240.0
BY_DEFAULT = (signal.SIGINT, signal.SIGHUP)


@dataclass
class Running:
    """A running process and the file with its output."""

    process: subprocess.Popen[bytes] | ForkedCommand
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


def start(
    folder: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    streams: Sequence[int],
    forks: CommandForks | None,
    signals: Sequence[signal.Signals] = BY_DEFAULT,
) -> subprocess.Popen[bytes] | ForkedCommand:
    """Start a command in its own process group, forked if there is something to fork from."""
    if forks:
        return forks.start(arguments, folder, environment, streams)
    with signals_by_default(signals):
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "foreign_eyes", *arguments],
            cwd=folder,
            env=environment,
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            process_group=0,
        )


@contextmanager
def signals_by_default(signals: Sequence[signal.Signals] = BY_DEFAULT) -> Iterator[None]:
    """Start processes that do not ignore `signals`, even if this process does.

    A shell starts `make test &` with SIGINT ignored, and nohup ignores SIGHUP. Children inherit an ignored signal, but not a
    handler.
    """
    before = {number: signal.signal(number, _stop) for number in signals}
    try:
        yield
    finally:
        for number, disposition in before.items():
            signal.signal(number, disposition)


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def running(
    command: CommandLine, *arguments: str, anew: bool = False, signals: Sequence[signal.Signals] = BY_DEFAULT
) -> Iterator[Running]:
    """Start a command in its own process group; kill the whole group at the end.

    With `anew` a new interpreter starts, for tests of what happens while it imports the program, or of its memory. It does not
    ignore `signals`.
    """
    log = command.folder.parent / f"{command.folder.name}.log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno(), file.fileno(), file.fileno()]
        process = start(command.folder, arguments, environment, streams, None if anew else forks_for({}), signals)
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
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment = {**inherited, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "80", **env}
    process = start(command.folder, arguments, environment, [theirs, theirs, theirs], forks_for(env))
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
