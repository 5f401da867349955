"""A real squid on a free port, with the names, the forbidden hosts and the login that a test wants."""

from __future__ import annotations

import base64
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from support.programs import needs

LOGIN = ("eyes", "s3cret:word")
# the login helper: reads `USER PASSWORD` and answers OK or ERR
_HELPER = """#!/bin/sh
while read -r login; do
  case $login in
    "eyes s3cret%3Aword" | "eyes s3cret:word") echo OK ;;
    *) echo ERR ;;
  esac
done
"""


@dataclass
class Squid:
    """A running squid."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url_with_login(self) -> str:
        """The URL with user and password, at ::1."""
        return f"http://{LOGIN[0]}:s3cret%3Aword@[::1]:{self.port}"

    def asked(self) -> list[str]:
        """Return the requests as `METHOD URL STATUS`."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [line for line in lines if not line.startswith("- error:")]  # connections without a request

    def has_asked(self, line: str) -> bool:
        """Return whether squid logs a request; it does so after it has answered."""
        for _ in range(200):
            if line in self.asked():
                return True
            time.sleep(0.05)
        return False

    def forget(self) -> None:
        """Empty the list of requests."""
        self.log.write_text("", encoding="utf-8")


@contextmanager
def squid(*, hosts: str = "", login: bool = False, forbidden: str = "") -> Iterator[Squid]:
    """Run squid; it resolves `hosts` (lines of a hosts file), and forbids the domain `forbidden`."""
    with tempfile.TemporaryDirectory(prefix="foreign-eyes-squid-") as folder:  # pytest's folders are for one user only
        yield from _run(Path(folder), hosts, forbidden, login=login)


def _run(folder: Path, hosts: str, forbidden: str, *, login: bool) -> Iterator[Squid]:
    program = needs("squid")
    port = _free_port()
    (folder / "hosts").write_text(hosts, encoding="ascii")
    (folder / "login").write_text(_HELPER, encoding="ascii")
    (folder / "login").chmod(0o755)
    access = ["acl all_logins proxy_auth REQUIRED", "http_access deny !all_logins"] if login else []
    helpers = "auth_param basic children 2 startup=2 idle=1 queue-size=50"
    auth = [f"auth_param basic program {folder}/login", helpers] if login else []
    denied = [f"acl forbidden dstdomain {forbidden}", "http_access deny forbidden"] if forbidden else []
    lines = [
        *auth,
        f"http_port 127.0.0.1:{port}",
        f"http_port [::1]:{port}",
        f"hosts_file {folder}/hosts",
        "dns_nameservers none",
        *access,
        *denied,
        "http_access allow all",
        "cache deny all",
        "logformat eyes %rm %ru %>Hs",
        f"access_log stdio:{folder}/requests.log logformat=eyes",
        f"cache_log {folder}/cache.log",
        f"pid_filename {folder}/squid.pid",
        f"coredump_dir {folder}",
        "shutdown_lifetime 0 seconds",
        "connect_timeout 2 seconds",
        "pinger_enable off",
        "buffered_logs off",
        "visible_hostname proxy.test",
    ]
    (folder / "squid.conf").write_text("\n".join(lines) + "\n", encoding="ascii")
    if os.getuid() == 0:  # squid gives up root's rights
        _give_away(folder)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([program, "-N", "-f", str(folder / "squid.conf")], stdout=output, stderr=output)
    try:
        _wait_for(port, process, folder)
        running = Squid(port, folder / "requests.log")
        if login:
            _wait_for_logins(running)
        running.forget()
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for_logins(running: Squid) -> None:
    """Wait until squid's helper, which starts with it, accepts the login."""
    token = base64.b64encode(":".join(LOGIN).encode()).decode()
    for _ in range(200):
        connection = HTTPConnection("127.0.0.1", running.port, timeout=30)
        connection.request("GET", "http://127.0.0.1:1/", headers={"Proxy-Authorization": f"Basic {token}"})
        status = connection.getresponse().status
        connection.close()
        if status != 407:
            return
        time.sleep(0.05)
    raise AssertionError("squid refuses the login")


def _give_away(folder: Path) -> None:
    owner = next((name for name in ("proxy", "squid", "nobody") if _has_user(name)), None)
    if owner is None:
        return
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, owner)


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(600):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, (folder / "output").read_text()
        time.sleep(0.05)
    raise AssertionError((folder / "cache.log").read_text())
