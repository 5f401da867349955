"""Fork commands from a process that has imported the program, to save the imports.

A forked command is an ordinary process with its own working directory, files and archive. `REAL_STARTS=1` starts a new
interpreter for every command instead.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from support import fork_server
from support.fork_server import ROOT, send_request

# variables that the interpreter, its libraries or a module read at start-up
READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "OPENSSL_", "COVERAGE_", "SCRAPY_")


def is_forkable(environment: Mapping[str, str]) -> bool:
    """Return whether a process that has already started can still adopt these variables."""
    return not any(name.startswith(READ_AT_START) for name in environment)


class ForkedCommand:
    """A running command, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, connection: socket.socket, arguments: Sequence[str]) -> None:
        self.args = list(arguments)
        self.returncode: int | None = None
        self._answers = connection.makefile("rb", buffering=0)  # so that `select` sees what was not read
        self.pid = int(self._answers.readline())
        self._connection = connection

    def poll(self) -> int | None:
        """Return the exit code, or None while the command runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: the command still runs after `timeout` seconds.
        """
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            code, seconds = self._answers.readline().split()
            CommandForks.processor_seconds += float(seconds)
            self.returncode = int(code)
            self._answers.close()
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send the command a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class CommandForks:
    """Runs forked commands; the process to fork from starts with the first one."""

    # of all commands that have ended, including their children
    processor_seconds = 0.0

    def __init__(
        self, template: Path | None, environment: Mapping[str, str] | None = None, *, serves: bool = False
    ) -> None:
        self._template = template
        self._modules = ["foreign_eyes.web.browse.app"] if serves else []  # takes more than a second to import
        self._environment = environment or {}
        self._folder = tempfile.TemporaryDirectory(prefix="fe-")
        self._path = str(Path(self._folder.name) / "s")
        self._parent: subprocess.Popen[bytes] | None = None

    def start(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], streams: Sequence[int | None]
    ) -> ForkedCommand:
        """Start a command with these file descriptors as standard streams; None is a closed stream."""
        self._start()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._path)
        send_request(connection, arguments, folder, environment, streams)
        return ForkedCommand(connection, arguments)

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and return its result.

        Raises:
            subprocess.TimeoutExpired: after `timeout` seconds; the command is killed.
        """
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            given.write(stdin.encode())
            given.seek(0)
            command = self.start(arguments, folder, environment, [file.fileno() for file in (given, stdout, stderr)])
            try:
                code = command.wait(timeout)
            except subprocess.TimeoutExpired:
                command.kill()
                command.wait()
                raise
            return subprocess.CompletedProcess(list(arguments), code, _text(stdout), _text(stderr))

    def _start(self) -> None:
        if self._parent is None:
            self._parent = subprocess.Popen(
                [sys.executable, "-P", fork_server.__file__, self._path, str(self._template or ""), *self._modules],
                env={
                    **os.environ,
                    **self._environment,
                    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert self._parent.stdout is not None
            assert self._parent.stdout.readline() == b"ready\n"


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
