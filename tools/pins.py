"""Read which packages a lock file pins for an interpreter.

Pure.
"""

from __future__ import annotations

import ast
import operator
import platform
import re
import sys

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==[^\s;]+(?: *; *([^\\\n]*))?", re.MULTILINE)
# the environment markers of PEP 508 that the lock files use
THIS_INTERPRETER = {
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


def pinned(lock: str, environment: dict[str, str] = THIS_INTERPRETER) -> set[str]:
    """Return the names of the packages that the text of a lock file pins.

    The pins are those for the interpreter that `environment` describes, by default this one.
    """
    return {name for name, marker in PIN.findall(lock) if not marker or fits(marker, environment)}


def fits(marker: str, environment: dict[str, str] = THIS_INTERPRETER) -> bool:
    """Return the value of an environment marker (PEP 508).

    A marker is a Python expression of comparisons.
    """
    return _evaluate(ast.parse(marker.strip(), mode="eval").body, environment)


def _evaluate(node: ast.expr, environment: dict[str, str]) -> bool:
    if isinstance(node, ast.BoolOp):
        each = (_evaluate(value, environment) for value in node.values)
        return all(each) if isinstance(node.op, ast.And) else any(each)
    if not isinstance(node, ast.Compare):
        raise ValueError(f"not a marker: {ast.unparse(node)}")
    sides = [environment[side.id] if isinstance(side, ast.Name) else ast.literal_eval(side) for side in _sides(node)]
    return bool(OPERATORS[type(node.ops[0])](*map(_comparable, sides)))


def _sides(node: ast.Compare) -> tuple[ast.expr, ast.expr]:
    return node.left, node.comparators[0]


def _comparable(value: str) -> tuple[int, ...] | str:
    """Return a version as a tuple of numbers, and any other value unchanged."""
    return tuple(map(int, re.findall(r"\d+", value))) if value[:1].isdigit() else value
