"""Fork commands from a process that has imported the program, to save the imports.

A forked command is an ordinary process with its own working directory, files and archive. `REAL_STARTS=1` starts a new
interpreter for every command instead.

    python -P command_forks.py SOCKET TEMPLATE

listens on a Unix socket until stdin is closed. New archives are copied from TEMPLATE, unless it is empty.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
# modules that commands import when they run, except the Twisted reactor: each crawl installs its own
MODULES = (
    "foreign_eyes.cli.main",
    "foreign_eyes.cli.settings_loader",
    "foreign_eyes.cli.archive_problems",
    "foreign_eyes.cli.base_url",
    "foreign_eyes.cli.output_problems",
    "foreign_eyes.cli.history_screen",
    "foreign_eyes.web.server",
    "foreign_eyes.archive.rebuilding.rebuild",
    "foreign_eyes.archive.integrity",
    "foreign_eyes.crawler.run",
    "foreign_eyes.crawler.retrying",
    "foreign_eyes.crawler.robots_txt",
    "foreign_eyes.crawler.tls_errors",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.downloadermiddlewares.cookies",
    "scrapy.downloadermiddlewares.httpcompression",
    "scrapy.downloadermiddlewares.httpproxy",
    "scrapy.downloadermiddlewares.offsite",
    "scrapy.extensions.memusage",
    "scrapy.extensions.throttle",
    "scrapy.pqueues",
    "scrapy.spidermiddlewares.referer",
    "scrapy.squeues",
    "foreign_eyes.warc.import_exports",
    "foreign_eyes.warc.import_captures",
    "foreign_eyes.feeds.publish",
)
LONGEST_REQUEST = 1 << 20
# variables that the interpreter, its libraries or a module read at start-up
READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "OPENSSL_", "COVERAGE_", "SCRAPY_")


def is_forkable(environment: Mapping[str, str]) -> bool:
    """Return whether a process that has already started can still adopt these variables."""
    return not any(name.startswith(READ_AT_START) for name in environment)


class CommandForks:
    """Runs forked commands; the process to fork from starts with the first one."""

    # of all commands that have ended, including their children
    processor_seconds = 0.0

    def __init__(self, template: Path | None, environment: Mapping[str, str] | None = None) -> None:
        self._template = template
        self._environment = environment or {}
        self._folder = tempfile.TemporaryDirectory(prefix="fe-")
        self._path = str(Path(self._folder.name) / "s")
        self._parent: subprocess.Popen[bytes] | None = None

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and return its result.

        Raises:
            subprocess.TimeoutExpired: after `timeout` seconds; the command is killed.
        """
        self._start()
        request = _request(arguments, folder, environment)
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as stdout,
            tempfile.TemporaryFile() as stderr,
            socket.socket(socket.AF_UNIX) as connection,
        ):
            given.write(stdin.encode())
            given.seek(0)
            files = [given.fileno(), stdout.fileno(), stderr.fileno()]
            connection.settimeout(timeout)
            connection.connect(self._path)
            socket.send_fds(connection, [len(request).to_bytes(4, "big")], files)
            connection.sendall(request)
            answers = connection.makefile("r")
            pid = int(answers.readline())
            try:
                code, seconds = answers.readline().split()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(arguments), timeout) from None
            CommandForks.processor_seconds += float(seconds)
            return subprocess.CompletedProcess(list(arguments), int(code), _text(stdout), _text(stderr))

    def _start(self) -> None:
        if self._parent is None:
            self._parent = subprocess.Popen(
                [sys.executable, "-P", __file__, self._path, str(self._template or "")],
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


def main(path: str, template: str) -> None:
    """Fork a process for each connection until stdin is closed."""
    for name in MODULES:
        import_module(name)
    if template:
        import_module("support.newborn_archives").copy_births(Path(template))
    assert "twisted.internet.reactor" not in sys.modules
    gc.freeze()  # else the first garbage collection in each child would copy all pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the processes of `_serve`
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(16)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            ready, _, _ = select.select([listener, 0], [], [])
            if 0 in ready:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _serve(connection, path)
            connection.close()


def _serve(connection: socket.socket, path: str) -> None:
    """Fork the command; send its pid, then its exit code and processor time."""
    size, files, _, _ = socket.recv_fds(connection, 4, 3)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += connection.recv(LONGEST_REQUEST)
    arguments, folder, environment = json.loads(request)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ForkedChild.socket_path = path
    ForkedChild.times, written = os.pipe()
    pid = os.fork()
    if pid == 0:
        connection.close()
        os.close(ForkedChild.times)
        ForkedChild.times = written
        _become(arguments, folder, environment, files)
    os.close(written)
    connection.sendall(f"{pid}\n".encode())
    _, status, usage = os.wait4(pid, 0)
    of_children = os.read(ForkedChild.times, LONGEST_REQUEST).split()
    seconds = usage.ru_utime + usage.ru_stime + sum(map(float, of_children))
    connection.sendall(f"{os.waitstatus_to_exitcode(status)} {seconds}\n".encode())
    os._exit(0)


class ForkedChild:
    """Replaces the module `subprocess` in a forked command: its own commands are forked, too.

    The parent of such a child is the process that the command was forked from. Each has its own process group.
    """

    socket_path = ""
    times = -1  # file descriptor to which the processor time of each child is written

    def __init__(self, command: list[str], *, process_group: int, env: dict[str, str]) -> None:
        assert command[1:4] == ["-P", "-m", "foreign_eyes"]
        assert process_group == 0
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(self.socket_path)
        request = _request(command[4:], Path.cwd(), env)
        socket.send_fds(self._connection, [len(request).to_bytes(4, "big")], [0, 1, 2])
        self._connection.sendall(request)
        self._answers = self._connection.makefile("r")
        self.pid = int(self._answers.readline())

    Popen = classmethod(lambda cls, *arguments, **options: cls(*arguments, **options))

    def __enter__(self) -> ForkedChild:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def wait(self) -> int:
        """Wait for the child and return its exit code."""
        code, seconds = self._answers.readline().split()
        os.write(self.times, f"{seconds}\n".encode())
        return int(code)

    def send_signal(self, number: int) -> None:
        """Send the child a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _request(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> bytes:
    return json.dumps([list(arguments), str(folder), dict(environment)]).encode()


def _become(arguments: list[str], folder: str, environment: dict[str, str], files: Sequence[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.setpgid(0, 0)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [str(ROOT / "foreign_eyes" / "__main__.py"), *arguments]
    import_module("foreign_eyes.cli.subprocesses").subprocess = ForkedChild
    entry = import_module("foreign_eyes.cli.entry_point")
    code = 0
    try:
        entry.run()
    except SystemExit as ending:
        code = ending.code
    # skip the interpreter's finalization, which takes longer than most commands
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
