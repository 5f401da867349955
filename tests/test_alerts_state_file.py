"""The state of alerts in its file: shared by processes, and kept when the archive or the disk is not."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT

from foreign_eyes.alerts import state_file
from foreign_eyes.alerts.outbox import deliver, queue
from foreign_eyes.alerts.state import AlertState, FailedChannel, Task
from foreign_eyes.alerts.state_file import StateUnwritable, read_state, state_path, update_state
from foreign_eyes.alerts.tasks import begin
from foreign_eyes.alerts.transitions import advance
from foreign_eyes.alerts.values import ChannelFailed, Finding, Message

AT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
BAD = Finding("crawl", "source live", "the last crawl was blocked: 412", "wait some hours")
ROUND = Task("round", ("live",), every=timedelta(hours=6))


class Listener:
    """A channel that takes messages, or refuses them while it is `down`."""

    name = "listener"

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.down = False

    def send(self, message: Message) -> None:
        if self.down:
            raise ChannelFailed("nobody answers: start it")
        self.got.append(message)


def find(archive: Path, finding: Finding, at: datetime = AT) -> None:
    def change(state: AlertState) -> tuple[AlertState, None]:
        after, messages = advance(state, [finding], at)
        return queue(after, messages, ["listener"]), None

    update_state(archive, change)


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    state, messages = advance(begin(AlertState(), ROUND, AT), [BAD], AT)
    state = queue(state, messages, ["listener"])
    update_state(archive, lambda _: (state, None))
    assert read_state(archive) == state
    assert state.outbox["listener"] == messages


@pytest.mark.parametrize("text", ["", "{}", '{"version": 99}', "[1]", "\0\0\0", '{"version": 1, "troubles": [1]}'])
def test_a_damaged_state_is_empty_says_so_and_is_replaced(tmp_path: Path, text: str) -> None:
    archive = tmp_path / "archive.db"
    state_path(archive).write_text(text, encoding="utf-8")
    assert str(state_path(archive)) in str(read_state(archive).damage)
    find(archive, BAD)
    assert read_state(archive).damage is None
    assert len(read_state(archive).troubles) == 1


def test_the_state_belongs_to_the_file_behind_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "archive.db")
    find(tmp_path / "link.db", BAD)
    assert read_state(tmp_path / "archive.db").troubles


def test_an_unchanged_state_is_not_written(tmp_path: Path) -> None:
    find(tmp_path / "archive.db", Finding("crawl", "source live"))
    assert not state_path(tmp_path / "archive.db").exists()


def test_a_message_is_kept_until_its_channel_takes_it_and_delivered_once(tmp_path: Path) -> None:
    archive, listener = tmp_path / "archive.db", Listener()
    find(archive, BAD)
    listener.down = True
    first, second = (deliver(archive, [listener], lambda: AT) for _ in range(2))
    assert [(one.channel, one.is_new) for one in (*first, *second)] == [("listener", True), ("listener", False)]
    assert read_state(archive).failed_channels == {"listener": FailedChannel(AT, "nobody answers: start it")}
    listener.down = False
    assert deliver(archive, [listener], lambda: AT) == []
    assert deliver(archive, [listener], lambda: AT) == []
    assert [message.event for message in listener.got] == ["failed"]
    assert (read_state(archive).outbox, read_state(archive).failed_channels) == ({}, {})


def test_a_fault_of_a_channel_is_told_without_its_text(tmp_path: Path) -> None:
    class Broken(Listener):
        def send(self, message: Message) -> None:
            raise RuntimeError("https://user:secret@example.org/")

    find(tmp_path / "archive.db", BAD)
    [failure] = deliver(tmp_path / "archive.db", [Broken()], lambda: AT)
    assert "RuntimeError" in failure.reason
    assert "secret" not in failure.reason


_WORKER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_alerts_state_file import AT, BAD, Listener, find
from foreign_eyes.alerts.outbox import deliver

class Writer(Listener):
    def send(self, message):
        with open({got!r}, "a") as file:
            file.write(message.event + chr(10))

sys.stdin.readline()
find(Path({archive!r}), BAD)
deliver(Path({archive!r}), [Writer()], lambda: AT)
"""


def test_processes_that_find_the_same_at_once_send_one_message(tmp_path: Path) -> None:
    got = tmp_path / "got"
    code = _WORKER.format(tests=str(ROOT / "tests"), got=str(got), archive=str(tmp_path / "archive.db"))
    workers = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.close()
    assert [worker.wait(120) for worker in workers] == [0] * 4
    assert got.read_text(encoding="utf-8") == "failed\n"
    assert read_state(tmp_path / "archive.db").outbox == {}


def test_on_a_full_disk_the_existing_file_is_overwritten(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False, timeout=20
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        archive = disk / "archive.db"
        update_state(archive, lambda state: (begin(state, ROUND, AT), None))
        with suppress(OSError), (disk / "full").open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        find(archive, BAD)
        assert len(read_state(archive).troubles) == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=20)


def test_a_state_without_a_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StateUnwritable, match="missing"):
        find(tmp_path / "missing" / "archive.db", BAD)


def test_a_lock_that_is_never_released_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "_LONGEST_WAIT", 0.0)
    archive = tmp_path / "archive.db"
    update_state(archive, lambda state: (begin(state, ROUND, AT), None))
    with (
        state_file.hold(state_path(archive).with_suffix(".lock"), ""),
        pytest.raises(StateUnwritable, match="another process"),
    ):
        find(archive, BAD)
