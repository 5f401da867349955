"""The process that commands are forked from.

    python -P fork_server.py SOCKET TEMPLATE [MODULE...]

listens on a Unix socket until stdin is closed. It imports the modules, too. New archives are copied from
TEMPLATE, unless it is empty.
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
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

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


def send_request(
    connection: socket.socket,
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: Sequence[int | None],
) -> None:
    """Ask for a command: send its length, the standard streams that are open, and the command."""
    numbers = [number for number, stream in enumerate(streams) if stream is not None]
    request = json.dumps([list(arguments), str(folder), dict(environment), numbers]).encode()
    opened = [stream for stream in streams if stream is not None]
    size = [len(request).to_bytes(4, "big")]
    if opened:
        socket.send_fds(connection, size, opened)
    else:
        connection.sendall(size[0])
    connection.sendall(request)


def main(path: str, template: str, *modules: str) -> None:
    """Fork a process for each connection until stdin is closed."""
    for name in (*MODULES, *modules):
        import_module(name)
    # else each command that publishes would compile them again
    pages = import_module("foreign_eyes.feeds.render.html_pages")._environment()
    for name in pages.list_templates():
        pages.get_template(name)
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
    arguments, folder, environment, numbers = json.loads(request)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ForkedChild.socket_path = path
    ForkedChild.times, written = os.pipe()
    pid = os.fork()
    if pid == 0:
        connection.close()
        os.close(ForkedChild.times)
        ForkedChild.times = written
        _become(arguments, folder, environment, dict(zip(numbers, files, strict=True)))
    with contextlib.suppress(OSError):  # it may have ended, or changed its group itself
        os.setpgid(pid, pid)
    for number in (written, *files):
        os.close(number)
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
        send_request(self._connection, command[4:], Path.cwd(), env, [0, 1, 2])
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


def _become(arguments: list[str], folder: str, environment: dict[str, str], streams: Mapping[int, int]) -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if number in streams:
            os.dup2(streams[number], number)
            os.close(streams[number])
        else:
            os.close(number)
            # as the interpreter does at its start
            setattr(sys, name, None)
            setattr(sys, f"__{name}__", None)
    os.setpgid(0, 0)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it
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
