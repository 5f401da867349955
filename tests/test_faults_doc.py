"""docs/faults.md: every row has five cells and names a test that exists."""

from __future__ import annotations

import ast
import re

import pytest
from conftest import ROOT

ROWS = [
    line
    for line in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("| fault |", "|---"))
]
TEST = re.compile(r"`(tests/\w+\.py)::(\w+)`")


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def names_of_tests(file: str) -> set[str]:
    path = ROOT / file
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: cells(row)[0])
def test_a_row_has_five_cells_none_of_them_empty(row: str) -> None:
    assert len(cells(row)) == 5
    assert all(cells(row))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: cells(row)[0])
def test_a_row_names_tests_that_exist(row: str) -> None:
    named = TEST.findall(cells(row)[-1])
    assert named
    assert [f"{file}::{name}" for file, name in named if name not in names_of_tests(file)] == []


def test_no_fault_has_two_rows() -> None:
    faults = [cells(row)[0] for row in ROWS]
    assert len(faults) == len(set(faults))
