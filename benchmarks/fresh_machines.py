"""`make run` and `make test` on fresh Debian machines, each a chroot made by debootstrap: what the README promises there.

    sudo python3 benchmarks/fresh_machines.py /srv/fresh                          # Debian 12 and 13, run and test
    sudo python3 benchmarks/fresh_machines.py /srv/fresh --suite sid --bare       # one suite, without optional programs

In each, an ordinary user clones this checkout (what is committed) and runs both commands, first with what the README names
for Debian, then with the programs of .ci/apt-packages, which more tests need. A table goes to stdout, what the commands
write to FOLDER/SUITE-bare.log and FOLDER/SUITE-full.log. Needs root, debootstrap and the network; a chroot that is there
already is used again. What this host needs to reach the network (resolv.conf, certificates, proxy variables) it carries over.
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
    """A machine, and what the commands gave there."""

    suite: str
    equipment: str
    python: str = ""
    cells: list[str] = field(default_factory=list)
    tests: str = ""
    skipped: list[str] = field(default_factory=list)
    is_good: bool = True


@dataclass
class Machine:
    """A chroot with an ordinary user."""

    root: Path

    def call(self, *command: str, log: Path | None = None) -> tuple[int, str]:
        """Run as root in the chroot; return exit code and what was written."""
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
        """Run as root what must succeed; return what was written."""
        code, said = self.call(*command)
        if code:
            sys.exit(f"{self.root}: {' '.join(command)} ended with {code}:\n{said}")
        return said

    def user_does(self, line: str, log: Path) -> tuple[int, float, str]:
        """Run a shell line in the user's clone; return exit code, seconds and what was written."""
        begun = time.monotonic()
        code, said = self.call("su", USER, "-c", f"cd ~/foreign-eyes && {line}", log=log)
        return code, time.monotonic() - begun, said


def main() -> None:
    """Make the machines one after another, try both commands on each, and print the table."""
    options = read_options()
    if os.geteuid() != 0 or not shutil.which("debootstrap", path="/usr/sbin:/usr/bin"):
        sys.exit("this makes chroots: run it as root, on a machine with debootstrap (apt-get install debootstrap)")
    rows = []
    for suite in options.suite or ["bookworm", "trixie"]:
        with machine(options.folder, suite, options.mirror) as fresh:
            for equipment in ("bare", "full")[: 1 if options.bare else 2]:
                rows.append(try_out(fresh, suite, equipment, options))
                print(f"{suite}, {equipment}: {' | '.join(rows[-1].cells)} | {rows[-1].tests}", file=sys.stderr)
    print_table(rows)
    sys.exit(0 if all(row.is_good for row in rows) else 1)


def read_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the chroots and logs go; about 3 GB a suite")
    parser.add_argument("--suite", action="append", help="a release of Debian [default: bookworm and trixie]")
    parser.add_argument("--mirror", help="where debootstrap and apt get packages [default: debootstrap's own]")
    parser.add_argument("--bare", action="store_true", help="leave out the run with the optional programs")
    parser.add_argument("--tests", default="", help="what make test gets as TESTS [default: all]")
    return parser.parse_args()


@contextmanager
def machine(folder: Path, suite: str, mirror: str | None) -> Iterator[Machine]:
    """Make a chroot, or take the one that is there; what every machine has in /proc and /dev is mounted as long as it is used."""
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
    """Mount, unless it is mounted already; return whether it is ours to unmount."""
    return not place.is_mount() and not subprocess.run(["mount", "-t", kind, kind, str(place)], check=True).returncode


def install(fresh: Machine, packages: tuple[str, ...]) -> None:
    """Install Debian packages."""
    fresh.root_does("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)


def try_out(fresh: Machine, suite: str, equipment: str, options: argparse.Namespace) -> Row:
    """Clone and run both commands as the user."""
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
        code, seconds, said = fresh.user_does(command, log)
        row.is_good &= code == 0
        row.cells.append(f"{seconds:.0f} s" if code == 0 else f"exit code {code}")
        if command != "make run ARGS=--no-serve" or len(row.cells) == 1:
            row.cells.append(fresh.user_does("du -sm .venv | cut -f1", log)[2].strip() + " MB")
    row.tests = found[1] if (found := PASSED.search(said)) else "no result"
    row.skipped = SKIPPED.findall(said)
    left = fresh.user_does("git status --porcelain", log)[2].strip()
    if left:
        row.is_good, row.tests = False, f"{row.tests}; left in the checkout: {left}"
    return row


def print_table(rows: list[Row]) -> None:
    """Print a row for each machine, then why tests were skipped there."""
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
