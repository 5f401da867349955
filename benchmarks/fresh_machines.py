"""Run `make run` and `make test` on fresh Debian systems, each a chroot made by debootstrap.

    sudo python3 benchmarks/fresh_machines.py /srv/fresh                          # Debian 12 and 13, run and test
    sudo python3 benchmarks/fresh_machines.py /srv/fresh --suite sid --bare       # one suite, without optional programs

In each system, an unprivileged user clones the last commit of this checkout and runs both commands: first with the packages
that the README names for Debian, then also with those of .ci/apt-packages, which further tests need. The script prints a
table on stdout, and writes the output of the commands to FOLDER/SUITE-bare.log and FOLDER/SUITE-full.log. It needs root,
debootstrap and the network, and uses existing chroots again. It copies the network settings of this host into the chroot:
resolv.conf, certificates and proxy variables.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README_PACKAGES = ("git", "make", "python3", "python3-venv")
USER = "reader"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CARRIED = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL")
PASSED = re.compile(r"^(?:=+ )?(\d+ (?:passed|failed).*?) in [\d.]+s", re.MULTILINE)
SKIPPED = re.compile(r"^(\d+ skipped: .+)$", re.MULTILINE)


@dataclass
class Row:
    """The results of one system."""

    suite: str
    equipment: str
    python: str = ""
    cells: list[str] = field(default_factory=list)
    tests: str = ""
    skipped: list[str] = field(default_factory=list)
    is_good: bool = True


@dataclass
class Machine:
    """A chroot with an unprivileged user."""

    root: Path

    def call(self, *command: str, log: Path | None = None) -> tuple[int, str]:
        """Run a command as root in the chroot; return its exit code and output."""
        kept = {name: os.environ[name] for name in CARRIED if name in os.environ}
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", **kept}
        if CERTIFICATES.exists():
            environment |= {"PIP_CERT": str(CERTIFICATES), "SSL_CERT_FILE": str(CERTIFICATES)}
        done = subprocess.run(
            ["chroot", str(self.root), *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if log:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"$ {' '.join(command)}\n{done.stdout}")
        return done.returncode, done.stdout

    def root_does(self, *command: str) -> str:
        """Run a command as root, which must succeed; return its output."""
        code, output = self.call(*command)
        if code:
            sys.exit(f"{self.root}: {' '.join(command)}: exit code {code}:\n{output}")
        return output

    def user_does(self, line: str, log: Path) -> tuple[int, float, str]:
        """Run a shell command in the user's clone; return its exit code, seconds and output."""
        begun = time.monotonic()
        code, output = self.call("su", USER, "-c", f"cd ~/foreign-eyes && {line}", log=log)
        return code, time.monotonic() - begun, output


def main() -> None:
    """Make the systems one after another, run both commands in each, and print the table."""
    options = read_options()
    if os.geteuid() != 0 or not shutil.which("debootstrap", path="/usr/sbin:/usr/bin"):
        sys.exit("this script makes chroots: install debootstrap (apt-get install debootstrap) and run it as root")
    rows = []
    for suite in options.suite or ["bookworm", "trixie"]:
        with machine(options.folder, suite, options.mirror) as fresh:
            for equipment in ("bare", "full")[: 1 if options.bare else 2]:
                rows.append(try_out(fresh, suite, equipment, options))
                print(f"{suite}, {equipment}: {' | '.join(rows[-1].cells)} | {rows[-1].tests}", file=sys.stderr)
    print_table(rows)
    sys.exit(0 if all(row.is_good for row in rows) else 1)


def read_options() -> argparse.Namespace:
    """Return the command-line options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder for chroots and logs; about 3 GB per suite")
    parser.add_argument(
        "--suite", action="append", help="Debian release; can be repeated [default: bookworm and trixie]"
    )
    parser.add_argument("--mirror", help="Debian mirror [default: that of debootstrap]")
    parser.add_argument("--bare", action="store_true", help="skip the run with the optional programs")
    parser.add_argument("--tests", default="", help="value of TESTS for make test [default: all tests]")
    return parser.parse_args()


@contextmanager
def machine(folder: Path, suite: str, mirror: str | None) -> Iterator[Machine]:
    """Make the chroot if it is missing, and mount its file systems inside the context.

    These are /proc, /dev/pts and /dev/shm.
    """
    root = folder / suite
    if not (root / "etc" / "debian_version").exists():
        root.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", suite, str(root), *([mirror] if mirror else [])]
        subprocess.run(command, check=True, stdout=sys.stderr)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    mounts = [("proc", root / "proc"), ("devpts", root / "dev" / "pts"), ("tmpfs", root / "dev" / "shm")]
    mounted = [place for kind, place in mounts if _mount(kind, place)]
    try:
        fresh = Machine(root)
        fresh.root_does("apt-get", "update", "-qq")
        install(fresh, (*README_PACKAGES, "ca-certificates"))
        if CERTIFICATES.exists():
            shutil.copy(CERTIFICATES, root / str(CERTIFICATES).lstrip("/"))
        if fresh.call("id", USER)[0]:
            fresh.root_does("useradd", "--create-home", "--shell", "/bin/bash", USER)
        yield fresh
    finally:
        for place in reversed(mounted):
            subprocess.run(["umount", "--lazy", str(place)], check=False)


def _mount(kind: str, place: Path) -> bool:
    """Mount a file system unless it is mounted; return whether the caller must unmount it."""
    return not place.is_mount() and not subprocess.run(["mount", "-t", kind, kind, str(place)], check=True).returncode


def install(fresh: Machine, packages: tuple[str, ...]) -> None:
    """Install Debian packages."""
    fresh.root_does("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)


def try_out(fresh: Machine, suite: str, equipment: str, options: argparse.Namespace) -> Row:
    """Clone the checkout and run both commands as the user."""
    log = (options.folder / f"{suite}-{equipment}.log").resolve()
    log.write_text("")
    if equipment == "full":
        install(fresh, tuple((ROOT / ".ci" / "apt-packages").read_text().split()))
    home = fresh.root / "home" / USER
    shutil.rmtree(home / ".cache", ignore_errors=True)
    shutil.rmtree(home / "foreign-eyes", ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(home / "foreign-eyes")], check=True)
    fresh.root_does("chown", "-R", f"{USER}:", f"/home/{USER}/foreign-eyes")
    row = Row(suite, equipment, python=fresh.user_does("python3 --version", log)[2].split()[1])
    for command in ("make run ARGS=--no-serve", "make run ARGS=--no-serve", f"make test TESTS='{options.tests}'"):
        code, seconds, output = fresh.user_does(command, log)
        row.is_good &= code == 0
        row.cells.append(f"{seconds:.0f} s" if code == 0 else f"exit code {code}")
        if command != "make run ARGS=--no-serve" or len(row.cells) == 1:
            row.cells.append(fresh.user_does("du -sm .venv | cut -f1", log)[2].strip() + " MB")
    row.tests = found[1] if (found := PASSED.search(output)) else "no result"
    row.skipped = SKIPPED.findall(output)
    left = fresh.user_does("git status --porcelain", log)[2].strip()
    if left:
        row.is_good, row.tests = False, f"{row.tests}; left in the checkout: {left}"
    return row


def print_table(rows: list[Row]) -> None:
    """Print a row per system, then the reasons for skipped tests."""
    print("| Debian | programs | Python | first `make run` | `.venv` | next | `make test` | `.venv` | tests |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print("|", " | ".join([row.suite, row.equipment, row.python, *row.cells, row.tests]), "|")
    print(f"\n{os.cpu_count()} cores; load over the last 15 minutes {os.getloadavg()[2]:.1f}")
    for row in rows:
        for reason in row.skipped:
            print(f"{row.suite}, {row.equipment}: {reason}")


if __name__ == "__main__":
    main()
