"""The command channel: what a command gets, and what happens if it fails, hangs or does not exist."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from support.alert_messages import ORIGIN, message

from foreign_eyes.alerts.channels.command import CommandChannel
from foreign_eyes.alerts.values import ChannelFailed


def shell(script: str, timeout: float = 30) -> CommandChannel:
    return CommandChannel(["sh", "-c", script], ORIGIN, timeout)


def test_a_command_gets_the_message_as_text_and_as_json(tmp_path: Path) -> None:
    shell(f'cat > {tmp_path}/text; printf %s "$FOREIGN_EYES_ALERT" > {tmp_path}/json').send(message())
    assert (tmp_path / "text").read_text() == (
        "Foreign Eyes: failed: crawl, source live\n\n"
        "the site blocks us (1)\n\n"
        "since 2026-11-30 11:00 UTC\n"
        "to repair it: foreign-eyes probe live\n"
        "from host, /srv/eyes/archive.db\n"
    )
    assert json.loads((tmp_path / "json").read_text()) == {
        "message_id": "id-1",
        "event": "failed",
        "kind": "crawl",
        "subject": "source live",
        "what": "the site blocks us (1)",
        "remedy": "foreign-eyes probe live",
        "since": "2026-11-30T11:00:00.000000Z",
        "at": "2026-11-30T12:01:00.000000Z",
        "origin": ORIGIN,
    }


def test_no_shell_reads_the_words_of_the_command(tmp_path: Path) -> None:
    CommandChannel(["touch", f"{tmp_path}/$(echo a); b"], ORIGIN).send(message())
    assert [path.name for path in tmp_path.iterdir()] == ["$(echo a); b"]


def test_a_command_that_reads_nothing_is_no_failure() -> None:
    CommandChannel(["true"], ORIGIN).send(message(what="x" * 1_000_000))


def test_signs_that_no_program_can_get_are_replaced(tmp_path: Path) -> None:
    shell(f'cat > {tmp_path}/text; printf %s "$FOREIGN_EYES_ALERT" > {tmp_path}/json').send(message(what="a\0b\ud800c"))
    assert json.loads((tmp_path / "json").read_text())["what"] == "a\0b\ud800c"
    assert "a\0b?c" in (tmp_path / "text").read_text()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["sh", "-c", "echo secret-word >&2; exit 3", "secret-word"], "the command sh ended with exit code 3"),
        (["sh", "-c", "kill -9 $$", "secret-word"], "the command sh was ended by signal 9"),
        (["./no-such-program", "secret-word"], "cannot be started (No such file or directory)"),
        (["/", "secret-word"], "cannot be started (Permission denied)"),
    ],
)
def test_a_failure_says_why_without_the_arguments(
    words: list[str], why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ChannelFailed) as caught:
        CommandChannel(words, ORIGIN).send(message())
    assert why in str(caught.value)
    assert "secret-word" not in str(caught.value) + "".join(capfd.readouterr())


def test_a_command_that_hangs_is_killed_with_the_processes_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(ChannelFailed, match=r"was killed after 0\.5 s"):
        shell(f"sleep 300 & echo $$ $! > {pids}; wait", timeout=0.5).send(message())
    alive = pids.read_text().split()
    assert len(alive) == 2
    until = time.monotonic() + 60
    while any(is_running(int(pid)) for pid in alive):  # init reaps the grandchild
        assert time.monotonic() < until
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
