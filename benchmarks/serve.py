"""Requests per second for a feed, compared with nginx: `python benchmarks/serve.py`.

Each server has one process on 127.0.0.1 and serves one feed of about 60 KB. wrk (Debian's package of that name) requests
it on 16 connections, first without conditions (200), then with its ETag (304). The servers take turns:

    bare      an ASGI app on uvicorn, uvloop and httptools with the response in memory and three header fields
    serve     the server of `foreign-eyes serve`, which checks the published file on every request
    nginx     one worker of nginx over the same folder, configured as in docs/serving.md (skipped if not installed)
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from test_web_nginx import configuration, documented, free_port, nginx  # noqa: E402 - the paths come first

SERVE = """
import sys
from pathlib import Path
from foreign_eyes.cli import signals
from foreign_eyes.web.server import make_app, open_socket, serve_on

listener = open_socket("127.0.0.1", int(sys.argv[2]))
signals.install()
serve_on(listener, make_app(Path(sys.argv[1]), Path(sys.argv[1], "no-archive.db")), signals.calling)
"""
BARE = """
import sys
from pathlib import Path
import uvicorn

BODY = Path(sys.argv[1], "atom.xml").read_bytes()
FIELDS = [(b"content-type", b"application/atom+xml"), (b"etag", b'"bare"')]
WHOLE = [*FIELDS, (b"content-length", str(len(BODY)).encode())]

async def app(scope, receive, send):
    if (b"if-none-match", b'"bare"') in scope["headers"]:
        await send({"type": "http.response.start", "status": 304, "headers": FIELDS})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": WHOLE})
        await send({"type": "http.response.body", "body": BODY})

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), loop="uvloop", http="httptools", ws="none", lifespan="off",
            log_config=None, access_log=False, server_header=False)
"""
TIMEOUT = 20.0  # seconds


def main() -> None:
    """Run the servers in turn and print medians and ratios."""
    options = read_options()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed; install it, on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        output = write_feed(folder)
        ports = {"bare": free_port(), "serve": free_port()}
        for server, program in (("bare", BARE), ("serve", SERVE)):
            stack.enter_context(running(program, output, ports[server]))
        if program := shutil.which("nginx"):
            ports["nginx"] = free_port()
            (folder / "nginx.conf").write_text(configuration(documented(), output, ports["nginx"], ports["serve"]))
            stack.enter_context(nginx(program, folder, ports["nginx"]))
        figures = measure(ports, options.rounds, options.seconds)
    report(figures)


def read_options() -> argparse.Namespace:
    """Return the command-line options."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each server")
    parser.add_argument("--seconds", type=int, default=2, help="duration of a turn")
    return parser.parse_args()


def write_feed(folder: Path) -> Path:
    """Return a published folder with one feed of about 60 KB.

    The feed is old enough for the server to send its Last-Modified.
    """
    output = folder / "public"
    output.mkdir()
    entry = "<entry><title>Moon landing number {0}</title><summary>{1}</summary></entry>\n"
    entries = [entry.format(number, f"The office counted {number * 7919} filings. " * 28) for number in range(50)]
    (output / "atom.xml").write_text(f"<feed>\n{''.join(entries)}</feed>\n")
    time.sleep(1.1)
    return output


@contextmanager
def running(program: str, output: Path, port: int) -> Iterator[None]:
    """Run a server written in Python inside the context."""
    command = [sys.executable, "-c", program, str(output), str(port)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + TIMEOUT
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"a server on port {port} did not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def answers(port: int) -> bool:
    """Return whether a server answers at the port."""
    try:
        return bool(etag_at(port))
    except ConnectionRefusedError:
        return False


def etag_at(port: int) -> str:
    """Return the ETag of the feed."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    connection.request("GET", "/atom.xml")
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 200
    return response.headers["ETag"]


def measure(ports: dict[str, int], rounds: int, seconds: int) -> dict[tuple[str, int], list[float]]:
    """Return requests per second by server and status, one figure per round."""
    figures: dict[tuple[str, int], list[float]] = {(name, status): [] for status in (200, 304) for name in ports}
    etags = {name: etag_at(port) for name, port in ports.items()}
    for _ in range(rounds):
        for (name, status), taken in figures.items():
            fields = ["-H", f"If-None-Match: {etags[name]}"] if status == 304 else []
            taken.append(requests_a_second(ports[name], seconds, fields))
    return figures


def requests_a_second(port: int, seconds: int, fields: list[str]) -> float:
    """Return the requests per second that wrk counts."""
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", *fields, f"http://127.0.0.1:{port}/atom.xml"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + TIMEOUT, check=True)
    found = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(done.stdout)
    return float(found[1])


def report(figures: dict[tuple[str, int], list[float]]) -> None:
    """Print medians and ratios."""
    middle = {key: statistics.median(values) for key, values in figures.items()}
    for (name, status), values in figures.items():
        print(f"{name:<6} {status}: {middle[name, status]:8,.0f} per second ({min(values):,.0f} to {max(values):,.0f})")
    for (name, status), requests in middle.items():
        if name != "serve":
            print(f"serve / {name:<6} {status}: {middle['serve', status] / requests:.2f}")


if __name__ == "__main__":
    main()
