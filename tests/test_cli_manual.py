"""The manual page, and completion in real shells: bash, zsh and fish."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING
from support.programs import needs

from foreign_eyes.archive.completions import entries_beginning_with
from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.completion import BUILT_IN_NAMES
from foreign_eyes.cli.main import main
from foreign_eyes.cli.manual_page import EXIT_STATUS, escaped
from foreign_eyes.crawler.sources import BUILT_IN

PLACES = {
    "bash": "share/bash-completion/completions/foreign-eyes",
    "zsh": "share/zsh/site-functions/_foreign-eyes",
    "fish": "share/fish/vendor_completions.d/foreign-eyes.fish",
}
MANUAL = "share/man/man1/foreign-eyes.1"


@pytest.fixture
def installed(command: CommandLine, server: ListingServer) -> CommandLine:
    """A folder with an archive of `town`, the configured source `village`, and what `manual --install` wrote."""
    command.crawl(server)
    (command.folder / "foreign-eyes.toml").write_text(f'[sources.village]\nurl = "{server.origin}{LISTING}"\n')
    done = command("manual", "--install", "--prefix", str(command.folder))
    assert done.returncode == 0, done.stderr
    program = command.folder / "bin/foreign-eyes"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -P -m foreign_eyes "$@"\n')
    program.chmod(0o755)
    return command


def environment(command: CommandLine) -> Mapping[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in ("XDG_DATA_HOME", "XDG_CONFIG_HOME")},
        "PATH": f"{command.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(command.folder),
        "TERM": "dumb",
    }


def completed(command: CommandLine, shell: str, line: str) -> list[str]:
    """Return what bash or fish completes at the end of a line."""
    script = command.folder / PLACES[shell]
    if shell == "fish":
        words = [needs("fish"), "--no-config", "-c", f"source {script}; complete -C '{line}'"]
    else:
        words_of_line = line + "''" if line.endswith(" ") else line
        typed = f"COMP_WORDS=({words_of_line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))"
        show = 'printf "%s\\n" "${COMPREPLY[@]}"'
        words = [needs("bash"), "-c", f"source {script}; {typed}; _foreign_eyes_completion foreign-eyes; {show}"]
    done = subprocess.run(
        words, cwd=command.folder, env=environment(command), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_shell_completes_commands_options_sources_and_entries(installed: CommandLine, shell: str) -> None:
    rows = {
        f"{row['entry_id']:09d}": row["title"] for row in installed.rows("SELECT entry_id, title FROM current_entries")
    }
    first = min(rows)

    def values(line: str) -> list[str]:
        return [found.partition("\t")[0] for found in completed(installed, shell, line)]

    assert values("foreign-eyes stat") == ["status"]
    assert "--dry-run" in values("foreign-eyes crawl --d")
    assert values("foreign-eyes --log-format ") == ["text", "json"] or shell == "fish"
    assert values("foreign-eyes crawl v") == ["village"]
    assert values("foreign-eyes forget t") == ["town"]
    assert sorted(values("foreign-eyes history ")) == sorted(rows)
    assert values(f"foreign-eyes history {first[:6]}") == [
        entry for entry in sorted(rows) if entry.startswith(first[:6])
    ]
    assert values("foreign-eyes --archive nowhere.db history ") == []
    if shell == "fish":
        assert f"{first}\t{rows[first]}" in completed(installed, shell, f"foreign-eyes history {first}")


def test_zsh_completes_commands_and_entries(installed: CommandLine) -> None:
    zsh = needs("zsh")
    row = installed.rows("SELECT entry_id, title FROM current_entries ORDER BY entry_id LIMIT 1")[0]
    master, slave = os.openpty()
    functions = (installed.folder / PLACES["zsh"]).parent
    with subprocess.Popen(
        [zsh, "-f", "-i"],
        cwd=installed.folder,
        env={**environment(installed), "TERM": "xterm", "COLUMNS": "200"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as process:
        os.close(slave)
        try:
            begin = f"fpath=({functions} $fpath); autoload -U compinit; compinit -u -D; echo com''plete\n"
            assert "complete" in typed(master, begin, "complete\r")
            assert "foreign-eyes status" in typed(master, "foreign-eyes stat\t", "status")
            shown = typed(master, "\x15foreign-eyes history \t\t", str(row["title"])[:20])
            assert f"{row['entry_id']:09d}" in shown
        finally:
            process.kill()
            os.close(master)


def typed(terminal: int, keys: str, expected: str) -> str:
    """Type into a terminal; return what it shows, until that contains `expected`, at most 60 s."""
    os.write(terminal, keys.encode())
    shown, end = "", time.monotonic() + 60
    while expected not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
    return shown


def test_the_manual_page_has_every_command_option_and_exit_code(installed: CommandLine) -> None:
    page = (installed.folder / MANUAL).read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f".SS {escaped(name)}\n" in page
        for parameter in command.params:
            for option in parameter.opts if not getattr(parameter, "hidden", False) else []:
                assert not option.startswith("--") or escaped(option) in page
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert set(EXIT_STATUS) == codes


def test_mandoc_reads_the_manual_page_without_a_warning(installed: CommandLine) -> None:
    done = subprocess.run(
        [needs("mandoc"), "-Tlint", "-Wwarning", str(installed.folder / MANUAL)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("text", [".TH at the start", "a\\nb", "'tis -o `x` ~ ^ …", "plain"])
def test_roff_shows_any_text_as_it_is(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.1"
    page.write_text(f".TH X 1 2026-01-01\n.SH NAME\nx \\- x\n.SH TEXT\n{escaped(text)}\n")
    done = subprocess.run(
        [needs("mandoc"), "-Tutf8", str(page)], capture_output=True, text=True, timeout=60, check=True
    )
    assert text in done.stdout


def test_the_default_folder_is_the_users_data_folder(command: CommandLine) -> None:
    done = command("manual", "--install", env={"HOME": str(command.folder), "XDG_DATA_HOME": ""})
    share = command.folder / ".local/share"
    assert done.stdout.splitlines()[0] == str(share / "man/man1/foreign-eyes.1")
    assert all(Path(line).is_file() for line in done.stdout.splitlines())
    assert str(share / "zsh/site-functions") in done.stderr


def test_a_prefix_that_cannot_be_written_is_73(command: CommandLine) -> None:
    (command.folder / "share").write_text("a file")
    done = command("manual", "--install", "--prefix", str(command.folder))
    assert done.returncode == 73
    assert "--prefix" in done.stderr


@pytest.mark.parametrize("words", [("--install", "--completion", "zsh"), ("--prefix", "x")])
def test_options_that_do_not_go_together_are_refused(command: CommandLine, words: tuple[str, ...]) -> None:
    assert command("manual", *words).returncode == 64


@pytest.mark.parametrize("content", [b"", b"no archive", b"SQLite format 3\0" + b"\xff" * 200])
def test_a_file_that_is_not_an_archive_completes_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "archive.db").write_bytes(content)
    assert entries_beginning_with(tmp_path / "archive.db", "") == []


def test_the_built_in_sources_are_those_of_the_crawler() -> None:
    assert set(BUILT_IN_NAMES) == set(BUILT_IN)
