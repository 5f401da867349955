"""The examples of docs/analysing.md in Python run as printed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from support.browse_servers import BrowseServer, browse_server
from support.column_archives import make_column_archive
from support.programs import lacking

EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs/analysing.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)
# .ci/run makes it, with the packages in .ci/example-packages
PYTHON = ROOT / ".venv-examples" / "bin" / "python"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowseServer]:
    with browse_server(make_column_archive(tmp_path_factory.mktemp("analysing") / "archive.db")) as running:
        yield running


def test_there_is_an_example_for_each_package() -> None:
    assert [re.findall(r"import (\w+)", example)[0] for example in EXAMPLES] == ["pandas", "duckdb"]


@pytest.mark.parametrize("number", [0, 1], ids=["pandas", "duckdb"])
def test_an_example_prints_what_the_archive_holds(server: BrowseServer, tmp_path: Path, number: int) -> None:
    if not PYTHON.exists():
        lacking(f"{PYTHON.parent.parent.name} with pandas and duckdb is not installed")
    (tmp_path / "entries.csv").write_bytes(server.ask("/browse/archive/current_entries.csv?_stream=1").body)
    code = EXAMPLES[number].replace("127.0.0.1:8423", f"127.0.0.1:{server.port}")
    done = subprocess.run([PYTHON, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nikkei" in done.stdout
    assert ("2026" if number == 0 else "2") in done.stdout
