"""Single bits of an archive flipped at random: what `check` must find, and that no command ends in a traceback.

An oracle that knows nothing of seals compares all rows before and after: whether a value of the truth or a body is another,
or one of what is derived.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import make_entries, make_site

from foreign_eyes.archive.rebuilding.differences import COMPARED_TABLES
from foreign_eyes.archive.sealed_form import FORMS, SEAL_VERSION
from foreign_eyes.archive.search_indexes import SEARCH_INDEXES
from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.main import main

FLIPS = 150
SEALED = {
    table.name: (*table.key, *table.columns, *table.by_digest, *table.later)
    for table in FORMS[SEAL_VERSION]
    if table.only != "t.parser_version < :derived_by"
}
DERIVED = [
    *(table for table in COMPARED_TABLES if table not in SEALED and table != "bodies"),
    *("feed_log", "entry_numbers", "tallies", "entry_topics", "followed"),
]

Rows = dict[str, Any]


@dataclass(frozen=True)
class Whole:
    """An archive as it was written: its bytes, and its rows by the oracle."""

    folder: Path
    content: bytes
    truth: Rows
    derived: Rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A real archive: crawls that found new, edited, withdrawn and returned entries, nothing, and a block; published."""
    folder = tmp_path_factory.mktemp("flips")
    command = CommandLine(folder)
    entries = make_entries(15)
    edited = [replace(entries[0], commentary="Otherwise."), *entries[1:]]
    with ListingServer(make_site(entries)) as server:
        command.crawl(server)
        for listed in (edited, edited, edited[:-1], edited[:-1], entries):
            server.site.clear()
            server.site.update(make_site(listed))
            assert command.crawl(server)["exit_code"] == 0
    assert command("publish", "--quiet").returncode == 0
    assert command("check", "--deep").stdout.strip() == "no problems found"
    archive = folder / "archive.db"
    return Whole(folder, archive.read_bytes(), truth_of(archive), derived_of(archive))


@contextlib.contextmanager
def lenient(archive: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        yield connection


def rows_of(archive: Path, query: str) -> list[tuple[Any, ...]] | str:
    """The rows in their order; a word where they cannot be read."""
    with lenient(archive) as connection:
        try:
            return connection.execute(query).fetchall()
        except (sqlite3.Error, UnicodeError):
            return "unreadable"


def truth_of(archive: Path) -> Rows:
    truth = {name: rows_of(archive, f"SELECT {', '.join(columns)} FROM {name} NOT INDEXED ORDER BY 1")
             for name, columns in SEALED.items()}  # fmt: skip
    bodies = rows_of(archive, "SELECT body_sha256, size, zlib FROM bodies NOT INDEXED")
    truth["bodies"] = (
        bodies if isinstance(bodies, str) else sorted((name, size, unpacked(data)) for name, size, data in bodies)
    )
    return truth


def unpacked(data: Any) -> tuple[int, bytes]:
    try:
        return 0, zlib.decompress(data)
    except (zlib.error, TypeError):
        return 1, repr(data).encode()


def derived_of(archive: Path) -> Rows:
    derived = {name: rows_of(archive, f"SELECT * FROM {name} NOT INDEXED ORDER BY 1, 2") for name in DERIVED}
    derived["changes"] = rows_of(
        archive, "SELECT change_id, revision_id, link_id, former_link_id FROM changes NOT INDEXED"
    )
    with lenient(archive) as connection:
        try:
            for index in SEARCH_INDEXES:
                connection.execute(f"CREATE VIRTUAL TABLE temp.{index} USING fts5vocab(main, {index}, instance)")
                derived[index] = connection.execute(f"SELECT * FROM temp.{index}").fetchall()
        except sqlite3.Error:
            derived["search"] = "unreadable"
    return derived


def run(archive: Path, *arguments: str) -> tuple[int, str]:
    """Run a command in this process: its exit code, and what it printed; an error that has no exit code is raised."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main.main(["--archive", str(archive), *arguments], standalone_mode=False) or 0
        except Exception as error:
            told = exit_codes.of_error(error)
            if told is None:
                raise
            code = told
    return code, out.buffer.getvalue().decode()  # type: ignore[attr-defined]


def wheres(answer: str) -> set[str]:
    report = json.loads(answer)
    assert report["ok"] is (report["problems"] == [])
    assert all(one["what"] and one["remedy"] for one in report["problems"])
    return {one["where"] for one in report["problems"]}


def try_flips(whole: Whole, folder: Path, seed: int, number: int, commands: list[list[str]]) -> Counter[str]:
    """Flip so many bits, one at a time, and hold `check` against the oracle; return what was tried."""
    chance = random.Random(seed)
    archive = folder / "archive.db"
    tried: Counter[str] = Counter()
    for _ in range(number):
        place, bit = chance.randrange(len(whole.content)), chance.randrange(8)
        content = bytearray(whole.content)
        content[place] ^= 1 << bit
        archive.write_bytes(content)
        flip = f"byte {place}, bit {bit}"
        tried["flips"] += 1
        for arguments in commands:
            try:
                code, _ = run(archive, *arguments)
            except Exception as error:
                raise AssertionError(f"{flip}: {' '.join(arguments)} raised {error!r}") from error
            assert code in (0, 1, 66), (flip, arguments, code)
        try:
            code, answer = run(archive, "check", "--json")
        except Exception as error:
            raise AssertionError(f"{flip}: check raised {error!r}") from error
        assert code in (0, 1, 66), (flip, code)
        changed = differing(whole.truth, truth_of(archive))
        if changed:
            tried["truth"] += 1
            assert code != 0, f"{flip} changed {changed}, and check found nothing"
            assert code == 66 or wheres(answer) & {f"table {name}" for name in changed}, (flip, changed, answer)
            continue
        changed = differing(whole.derived, derived_of(archive))
        if changed:
            tried["derived"] += 1
            code, answer = run(archive, "check", "--deep", "--json")
            assert code in (1, 66), f"{flip} changed {changed}, and check --deep found nothing"
            assert code == 66 or wheres(answer) & {f"table {name}" for name in changed}, (flip, changed, answer)
    return tried


def differing(before: Rows, after: Rows) -> list[str]:
    return [name for name in before if before[name] != after[name]]


READING = [["status", "--json"], ["history", "a", "--json"]]


def test_check_finds_every_flipped_bit_that_changes_a_value(whole: Whole, tmp_path: Path) -> None:
    tried = try_flips(whole, tmp_path, 1, FLIPS, READING)
    # the ids are other ones in each run, and so are the pages that a flip hits
    assert tried["truth"] >= 1
    assert tried["truth"] + tried["derived"] >= FLIPS // 20


@pytest.mark.long
def test_check_finds_every_one_of_many_flipped_bits(whole: Whole, tmp_path: Path) -> None:
    assert try_flips(whole, tmp_path, 2, FLIPS, READING)["truth"] >= 1


def test_a_flipped_bit_of_the_header_raises_nothing(whole: Whole, tmp_path: Path) -> None:
    archive, chance = tmp_path / "archive.db", random.Random(1)
    for place in range(100):
        bit = chance.randrange(8)
        content = bytearray(whole.content)
        content[place] ^= 1 << bit
        archive.write_bytes(content)
        for arguments in (["status", "--json"], ["check", "--json"]):
            code, answer = run(archive, *arguments)
            assert code in (0, 1, 66), (place, bit, arguments, code)
            json.loads(answer)
