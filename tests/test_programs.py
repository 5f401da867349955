"""The tests' own surroundings: programs that may be missing, signals that may be ignored, skips that are counted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings
from support import programs
from support.processes import signals_by_default
from support.skip_summary import by_reason


def test_a_program_of_the_system_is_found_without_its_folder_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-server").write_text("#!/bin/sh\n")
    (tmp_path / "a-server").chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    assert programs.find("a-server") is None
    monkeypatch.setattr(programs, "SYSTEM_FOLDERS", ("/usr/sbin", str(tmp_path)))
    assert programs.needs("a-server") == str(tmp_path / "a-server")


@pytest.mark.parametrize(("in_ci", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)])
def test_a_missing_program_skips_a_test_but_fails_it_in_ci(
    in_ci: bool, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "IN_CI", in_ci)
    with pytest.raises(outcome, match="no-such-program is not installed"):
        programs.needs("no-such-program")


def test_skips_are_counted_by_reason() -> None:
    reasons = ["nginx is not installed", "newsboat is not installed", "nginx is not installed"]
    reports = [
        SimpleNamespace(longrepr=("x.py", number, f"Skipped: {reason}")) for number, reason in enumerate(reasons)
    ]
    assert by_reason(reports) == ["2 skipped: nginx is not installed", "1 skipped: newsboat is not installed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_a_test_starts_can_be_interrupted_where_the_tests_cannot(number: signal.Signals) -> None:
    command = [sys.executable, "-c", f"import signal; print(signal.getsignal({int(number)}) is signal.SIG_IGN)"]
    before = signal.signal(number, signal.SIG_IGN)
    try:
        ignoring = subprocess.run(command, capture_output=True, text=True, check=True)
        with signals_by_default():
            listening = subprocess.run(command, capture_output=True, text=True, check=True)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
    assert (ignoring.stdout, listening.stdout) == ("True\n", "False\n")


@pytest.mark.skipif(bool(os.environ.get("FRESH")), reason="this run is to have other examples")
def test_property_tests_have_the_same_examples_in_every_run() -> None:
    assert (settings.default.derandomize, settings.default.database) == (True, None)
