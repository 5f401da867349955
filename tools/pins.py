"""What a lock pins for this interpreter: pure, from the lock's text."""

from __future__ import annotations

import ast
import operator
import platform
import re
import sys

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==[^\s;]+(?: *; *([^\\\n]*))?", re.MULTILINE)
# the variables of PEP 508 that the locks use
HERE = {
    "python_full_version": platform.python_version(),
    "implementation_name": sys.implementation.name,
    "platform_python_implementation": platform.python_implementation(),
    "sys_platform": sys.platform,
}
OPERATORS = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def pinned(lock: str, here: dict[str, str] = HERE) -> set[str]:
    """Return the names of the packages that a lock's text pins for an interpreter, this one by default."""
    return {name for name, marker in PIN.findall(lock) if not marker or fits(marker, here)}


def fits(marker: str, here: dict[str, str] = HERE) -> bool:
    """Evaluate an environment marker (PEP 508), which is a Python expression of comparisons."""
    return _evaluate(ast.parse(marker.strip(), mode="eval").body, here)


def _evaluate(node: ast.expr, here: dict[str, str]) -> bool:
    if isinstance(node, ast.BoolOp):
        each = (_evaluate(value, here) for value in node.values)
        return all(each) if isinstance(node.op, ast.And) else any(each)
    if not isinstance(node, ast.Compare):
        raise ValueError(f"not a marker: {ast.unparse(node)}")
    sides = [here[side.id] if isinstance(side, ast.Name) else ast.literal_eval(side) for side in _sides(node)]
    return bool(OPERATORS[type(node.ops[0])](*map(_comparable, sides)))


def _sides(node: ast.Compare) -> tuple[ast.expr, ast.expr]:
    return node.left, node.comparators[0]


def _comparable(value: str) -> tuple[int, ...] | str:
    """Return the numbers of a version, which do not compare as text; any other value as it is."""
    return tuple(map(int, re.findall(r"\d+", value))) if value[:1].isdigit() else value
