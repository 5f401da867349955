"""Run the units of `schedule systemd` under a real systemd: rounds by HTTPS, checks, backups, the server, failures.

    sudo python3 benchmarks/real_systemd.py /srv/systemd

It makes a Debian 12 with debootstrap in FOLDER/root, installs a wheel of this checkout there, boots it in a container
(systemd-nspawn, cgroup v2, this machine's network) and prints a line for each thing that was tried. It needs root,
debootstrap, systemd-nspawn (package systemd-container), openssl, the network, and port 8423 to be free. An existing root
is used again. The tests cannot do this: they run without a booted systemd.
"""

from __future__ import annotations

import argparse
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from fresh_machines import Machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.listings import LISTING, make_entries, make_site  # noqa: E402

EYES = "/srv/eyes"
PROGRAM = "/opt/eyes/bin/foreign-eyes"
PACKAGES = "python3,python3-venv,ca-certificates,systemd,systemd-sysv,dbus"
SERVICES = ("foreign-eyes.service", "foreign-eyes-check.service", "foreign-eyes-serve.service")
BOOT = """
umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir -p /sys/fs/cgroup/eyes-boot
echo $$ >/sys/fs/cgroup/eyes-boot/cgroup.procs
exec systemd-nspawn --quiet --directory "$0" --machine eyes-boot --register=no --keep-unit --boot
"""
good = True


def tell(what: str, seen: object, expected: object) -> None:
    """Print what was tried and whether the result is as expected."""
    global good  # noqa: PLW0603 - a script
    is_good = seen == expected
    good = good and is_good
    print(f"{'ok ' if is_good else 'BAD'} {what}: {seen}{'' if is_good else f', expected {expected}'}", flush=True)


@contextmanager
def served(folder: Path) -> Iterator[tuple[dict[str, bytes], str]]:
    """Serve a listing by HTTPS with a certificate of our own; give the site by path, and its origin."""
    key, certificate = folder / "key.pem", folder / "root/etc/ssl/eyes.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate), *name], check=True, capture_output=True)
    site = make_site(make_entries(15))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/plain" if self.path.endswith(".txt") else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site, f"https://127.0.0.1:{server.server_port}"
    server.shutdown()


def install(folder: Path, mirror: str) -> Machine:
    """Make the system, unless it exists, and install this checkout into it."""
    root = folder / "root"
    if not root.exists():
        subprocess.run(["debootstrap", f"--include={PACKAGES}", "bookworm", str(root), mirror], check=True)
    (root / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text(encoding="utf-8"), encoding="utf-8")
    wheels = root / "wheels"
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels), str(ROOT)], check=True)
    machine = Machine(root)
    machine.root_does("python3", "-m", "venv", "/opt/eyes")
    pip = ["/opt/eyes/bin/pip", "install", "-q", "--find-links", "/wheels"]
    machine.root_does(*pip, "foreign-eyes")
    machine.root_does(*pip, "--force-reinstall", "--no-deps", "--no-index", "foreign-eyes")
    machine.root_does("sh", "-c", f"id foreign-eyes || useradd --system --no-create-home foreign-eyes; rm -rf {EYES}")
    machine.root_does("install", "-d", "-o", "foreign-eyes", EYES)
    return machine


class Booted:
    """The booted system: commands run in it, as root."""

    def __init__(self, root: Path) -> None:
        self._nspawn = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", BOOT, str(root)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 60
        while self.does("systemctl is-system-running --wait")[0] not in (0, 1) or not self._leader():
            if time.monotonic() > until:
                sys.exit("the container does not boot")
            time.sleep(1)

    def _leader(self) -> str:
        found = subprocess.run(["pgrep", "-P", str(self._nspawn.pid)], capture_output=True, text=True, check=False)
        return found.stdout.split()[0] if found.stdout else ""

    def does(self, line: str) -> tuple[int, str]:
        """Run a shell command; return its exit code and output."""
        if not (leader := self._leader()):
            return -1, ""
        enter = [
            "nsenter",
            "-t",
            leader,
            "-m",
            "-u",
            "-i",
            "-p",
            "-C",
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        done = subprocess.run([*enter, "sh", "-c", line], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    def result(self, unit: str) -> tuple[str, str]:
        """Start a service and wait; return systemd's result and the exit code."""
        self.does(f"systemctl start {unit}")
        lines = self.does(f"systemctl show {unit} -p Result -p ExecMainStatus")[1].splitlines()
        found = dict(line.split("=") for line in lines)
        return found["Result"], found["ExecMainStatus"]

    def stop(self) -> None:
        """Shut the system down."""
        self.does("systemctl poweroff")
        self._nspawn.wait(60)


def answer(url: str) -> int:
    """Return the status of a page, as soon as the server listens; 0 if it does not within 20 s."""
    direct = build_opener(ProxyHandler({}))
    for _ in range(40):
        try:
            with direct.open(url, timeout=10) as found:
                return int(found.status)
        except URLError:
            time.sleep(0.5)
    return 0


def try_units(system: Booted, root: Path, site: dict[str, bytes]) -> None:
    """Start each service when all is in order, and when something is wrong."""
    eyes = root / EYES.removeprefix("/")
    tell("round by HTTPS", system.result("foreign-eyes.service"), ("success", "0"))
    tell("feed", (eyes / "public/atom.xml").exists(), True)
    tell("check and backup", system.result("foreign-eyes-check.service"), ("success", "0"))
    tell("backups", len(list((eyes / "backups").glob("*.db"))), 1)
    system.does("systemctl enable --now foreign-eyes.timer foreign-eyes-check.timer foreign-eyes-serve.service")
    tell("feed from the server", answer("http://127.0.0.1:8423/atom.xml"), 200)
    tell("Datasette", answer("http://127.0.0.1:8423/browse/archive/current_entries.json"), 200)
    timers = system.does("systemctl list-timers --no-legend foreign-eyes*")[1].splitlines()
    tell("timers that wait", len(timers), 2)
    (eyes / "public/atom.xml").write_text("overwritten", encoding="utf-8")
    tell("check of an overwritten feed", system.result("foreign-eyes-check.service"), ("exit-code", "1"))
    tell("backups", len(list((eyes / "backups").glob("*.db"))), 2)
    site.clear()
    code = system.result("foreign-eyes.service")
    tell("round without a listing", (code[0], code[1] in ("65", "69")), ("exit-code", True))
    failed = system.does("systemctl --failed --no-legend --plain")[1].splitlines()
    tell("failed units", sorted(line.split()[0] for line in failed), sorted(SERVICES[:2]))
    for path, allowed in ((f"{EYES}/x", True), ("/etc/x", False), ("/srv/x", False), ("/home/x", False)):
        unit = (root / "etc/systemd/system/foreign-eyes.service").read_text(encoding="utf-8")
        probe = re.sub("^ExecStart=.*$", f"ExecStart=touch {path}", unit, flags=re.MULTILINE)
        (root / "etc/systemd/system/probe.service").write_text(probe, encoding="utf-8")
        system.does("systemctl daemon-reload")
        tell(f"a service writes {path}", system.result("probe.service")[0] == "success", allowed)


def main() -> None:
    """Make the system, boot it, try the units, and shut it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder for the system; about 700 MB")
    parser.add_argument("--mirror", default="http://deb.debian.org/debian", help="a Debian mirror")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("this script makes and boots a system: run it as root")
    options.folder.mkdir(parents=True, exist_ok=True)
    machine = install(options.folder.resolve(), options.mirror)
    with served(options.folder.resolve()) as (site, origin):
        (machine.root / f"{EYES}/foreign-eyes.toml".removeprefix("/")).write_text(
            f'contact = "me@example.org"\n[sources.town]\nurl = "{origin}{LISTING}"\ndelay = 0\nca_file = "/etc/ssl/eyes.pem"\n',
            encoding="utf-8",
        )
        for unit in (*SERVICES, "foreign-eyes.timer", "foreign-eyes-check.timer"):
            text = machine.root_does(
                "sh", "-c", f"cd {EYES} && {PROGRAM} schedule systemd town --unit {unit} 2>/dev/null"
            )
            (machine.root / "etc/systemd/system" / unit).write_text(text, encoding="utf-8")
        system = Booted(machine.root)
        try:
            try_units(system, machine.root, site)
        finally:
            system.stop()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
