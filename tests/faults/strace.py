"""Kill a command at its Nth system call of a kind; list the calls that it makes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
# how long strace delays a call (longer than PATIENCE), and how often the log is read (seconds)
HELD = "100s"
GLANCE = 0.005
# --seccomp-bpf: only the traced calls stop the process, so that tracing costs little
STRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "0")
CALL = re.compile(r"^(\d+) +(\w+)\((.*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Call:
    """A system call, the `when`th of its kind in its thread; arguments as strace shows them."""

    syscall: str
    when: int
    arguments: str
    thread: int


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def hindrance() -> str | None:
    """Return why strace cannot trace here, or None if it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(
        [*STRACE, "-o", os.devnull, "-e", "trace=execve", "true"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else None


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Done:
    """Run a command and return its result; kill its process group after a timeout."""
    with _started(command, folder, environment) as process:
        stdout, stderr = process.communicate(timeout=PATIENCE)
    return Done(process.returncode, stdout, stderr)


def run_killed(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, syscall: str, when: int
) -> Done:
    """Run a command and kill it when a thread enters its `when`th `syscall`.

    The call is not executed.

    strace delays the call until the process is killed. Its own `signal=KILL` has no effect with `--seccomp-bpf` (as of 6.1),
    and without that option each run would take 3 s longer.
    """
    inject = ["-o", str(log), "-e", f"trace={syscall}", "-e", f"inject={syscall}:delay_enter={HELD}:when={when}"]
    until = time.monotonic() + PATIENCE
    log.write_bytes(b"")
    with _started([*STRACE, *inject, *command], folder, environment) as process, log.open(encoding="utf-8") as lines:
        seen = ""
        while process.poll() is None:
            new = lines.read()
            seen += new
            if new and (thread := next((call.thread for call in read_calls(seen) if call.when == when), None)):
                os.kill(thread, signal.SIGKILL)
                process.kill()  # kill strace last: while it waits, the killed process cannot end
                break
            if time.monotonic() > until:
                raise TimeoutError(f"{syscall} {when} is neither reached nor passed after {PATIENCE:.0f} s")
            time.sleep(GLANCE)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    return Done(process.returncode, stdout, stderr)


@contextmanager
def _started(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a new session; kill its process group at the end."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def trace(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, syscalls: str = "all"
) -> list[Call]:
    """Run a command and return its calls in order, counted per thread as strace does."""
    done = run([*STRACE, "-o", str(log), "-e", f"trace={syscalls}", *command], folder, environment)
    if done.returncode:
        raise RuntimeError(f"the traced run ended with {done.returncode}: {done.stderr}")
    return list(read_calls(log.read_text(encoding="utf-8", errors="replace")))


def read_calls(log: str) -> Iterator[Call]:
    """Yield the calls that strace logged, in order."""
    counts: Counter[tuple[str, str]] = Counter()
    for found in CALL.finditer(log):
        thread, syscall, arguments = found.groups()
        counts[thread, syscall] += 1
        yield Call(syscall, counts[thread, syscall], arguments, int(thread))
