"""Connections that fail: each system error has a message, and none is reported as a bug."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from faults import strace
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from support.listings import LISTING
from twisted.internet import error as twisted_errors
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError, ResponseNeverReceived

from foreign_eyes.crawler.download_errors import fault_of

HINDRANCE = strace.hindrance()
WORDS = {
    "ENETUNREACH": "no route to the host's network",
    "EHOSTUNREACH": "there is no route to the host",
    "EACCES": "this machine may not connect to the host",
    "EPERM": "this machine may not connect to the host",
    "ECONNRESET": "the connection was reset while connecting",
    "ECONNREFUSED": "the connection was refused",
    "ETIMEDOUT": "connecting timed out",
    "ENOBUFS": "no memory left",
}


@pytest.mark.skipif(HINDRANCE is not None, reason=str(HINDRANCE))
@pytest.mark.parametrize("name", WORDS)
def test_a_connection_that_the_system_refuses_is_unreachable_and_says_why(command: CommandLine, name: str) -> None:
    injected = ["-o", os.devnull, "-e", "trace=connect", "-e", f"inject=connect:error={name}"]
    done = strace.run(
        [
            *(*strace.STRACE, *injected, sys.executable, "-m", "foreign_eyes", "crawl", f"http://127.0.0.1:9{LISTING}"),
            *("--name", "town", "--delay", "0", "--json"),
        ],
        command.folder,
        {**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 69, done.stderr
    row = json.loads(done.stdout)
    assert row["outcome"] == "unreachable"
    assert WORDS[name] in row["reason"]
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(HINDRANCE is not None, reason=str(HINDRANCE))
@pytest.mark.parametrize(("name", "words"), [("EMFILE", "no file descriptor left"), ("ENOMEM", "no memory left")])
def test_a_machine_without_free_sockets_or_memory_is_explained(command: CommandLine, name: str, words: str) -> None:
    """The reactor makes sockets, too, so only later ones are refused."""
    code = (
        "import errno, socket, twisted.internet.tcp as tcp\n"
        "def none_left(*_):\n"
        f"    raise OSError(errno.{name}, 'none left')\n"
        "tcp.Client.createInternetSocket = none_left\n"
        "from foreign_eyes.cli.main import run\n"
        "run()"
    )
    done = subprocess.run(
        [*(sys.executable, "-c", code, "crawl", f"http://127.0.0.1:9{LISTING}", "--name", "town", "--delay", "0", "--json")],
        cwd=command.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 69, done.stderr
    assert words in json.loads(done.stdout)["reason"]


def test_a_host_name_without_an_address_is_explained(command: CommandLine) -> None:
    done = command("crawl", f"http://no-such-host.invalid.{LISTING}", "--name", "town", "--delay", "0", "--json")
    assert done.returncode == 69, done.stderr
    assert "the host name has no address" in json.loads(done.stdout)["reason"]


def unanswered(*reasons: Exception) -> DownloadFailedError:
    error = DownloadFailedError("it failed")
    error.__cause__ = ResponseNeverReceived([Failure(reason) for reason in reasons])
    return error


@pytest.mark.parametrize(
    ("error", "words", "transient"),
    [
        (twisted_errors.ConnectError(errno.EHOSTUNREACH, "No route to host"), "no route to the host", True),
        (twisted_errors.NoRouteError(errno.ENETUNREACH, "Network is unreachable"), "no route to the host's network", True),
        (twisted_errors.ConnectError(errno.EACCES, "Permission denied"), "firewall", False),
        (twisted_errors.ConnectError(errno.EPROTO, "Protocol error"), "connecting failed (Protocol error)", True),
        (twisted_errors.ConnectError(string="odd\n\x1b[31m"), "odd", True),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n", False),
        (CannotResolveHostError("x"), "the host name has no address", True),
        (DownloadConnectionRefusedError("x"), "the connection was refused", True),
        (DownloadTimeoutError("x"), "no whole response in time", True),
        (unanswered(twisted_errors.ConnectionLost()), "closed the connection without a response", True),
        (unanswered(twisted_errors.ConnectionDone()), "closed the connection without a response", True),
        (unanswered(ParseError("odd", b"data")), "the response is not HTTP", True),
        (unanswered(RuntimeError("odd")), "the connection broke (odd)", True),
    ],
)  # fmt: skip
def test_each_network_error_has_a_message(error: Exception, words: str, *, transient: bool) -> None:
    fault = fault_of(error)
    assert fault is not None
    assert fault.fault == "unreachable"
    assert words in fault.detail
    assert fault.detail.isprintable()
    assert fault.transient is transient


@pytest.mark.parametrize("error", [KeyError("x"), ZeroDivisionError(), AssertionError()])
def test_a_bug_is_not_reported_as_a_fault_of_the_source(error: Exception) -> None:
    assert fault_of(error) is None


def test_settings_named_in_messages_are_in_docs_network() -> None:
    page = (Path(ROOT) / "docs" / "network.md").read_text(encoding="utf-8")
    assert all(name in page for name in ("SSL_CERT_FILE", "OPENSSL_CONF", "UnsafeLegacyServerConnect"))
