"""Finds invalid arguments of a request that Datasette would answer with status 500. Pure.

Datasette itself finds mistakes that depend on the columns of a table; `error_pages` answers them with status 400.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable
from typing import Any

from foreign_eyes.web.browse.routing import Asked

_LONG_WHITE_SPACE = re.compile(r"\s{200}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SEARCH = re.compile(r"_search(_.+)?|_searchmode")
_FACET = re.compile(r"_facet(_.+)?")
# values that Datasette accepts as true or false
_SWITCHES = ("on", "off", "true", "false", "1", "0")
_SHAPES = ("array", "arrayfirst", "arrays", "object", "objects")
_SCALARS = (str, int, float, bool, type(None))


def find_mistake(asked: Asked) -> str | None:
    """Return a sentence about the first mistake in the arguments, or None if there is none."""
    if asked.format == "json" and (mistake := _check_shape(asked)):
        return mistake
    for name, value in asked.query:
        for applies, check in _CHECKS:
            if applies(name) and (mistake := check(name, value)):
                return mistake
    return None


def find_filter_mistake(names: Iterable[str], columns: Container[str], comparisons: Container[str]) -> str | None:
    """Return a sentence about the first argument that filters by no column or with no comparison; None if there is none."""
    for name in names:
        if name.startswith("_") and "__" not in name:
            continue
        column, _, comparison = name.rpartition("__") if "__" in name else (name, "", "exact")
        if column not in columns:
            return f"There is no column {column[:60]}."
        if comparison not in comparisons:
            return f"There is no comparison {comparison[:60]}: use {column}, {column}__contains or {column}__gt, for instance."
    return None


def with_usable_search(asked: Asked) -> Asked:
    """Return the request without `_searchmode`, and without an empty `_search` beside filters.

    `_searchmode` would pass the text to FTS5 unchanged, where much of what people type is an error. An empty `_search`
    beside filters comes from a form whose search box was not used.
    """
    query = [(name, value) for name, value in asked.query if name != "_searchmode"]
    filters = [name for name, _ in query if not name.startswith("_") or "__" in name or name == "_where"]
    if filters:
        query = [(name, value) for name, value in query if name != "_search" or value.strip()]
    return asked._replace(query=tuple(query))


def _check_shape(asked: Asked) -> str | None:
    """Check the first `_shape`, the one that Datasette uses; it would answer queries with a wrong one with status 200."""
    shape = next((value for name, value in asked.query if name == "_shape"), None)
    if shape is not None and shape not in _SHAPES:
        return f"_shape must be one of {', '.join(_SHAPES)}."
    if shape == "object" and asked.kind.name == "database":
        return "_shape=object is for tables with a primary key: use _shape=array."
    return None


def _check_sql(_name: str, value: str) -> str | None:
    if _LONG_WHITE_SPACE.search(value):
        return "The SQL has 200 or more white-space characters in a row: remove some."
    return None


def _check_number(name: str, value: str) -> str | None:
    return None if not value or _NUMBER.fullmatch(value) else f"{name} must be a number of up to 9 digits."


def _check_size(name: str, value: str) -> str | None:
    return None if value == "max" else _check_number(name, value)


def _check_switch(name: str, value: str) -> str | None:
    return None if value.lower() in _SWITCHES else f"{name} must be on or off."


def _check_comparison(name: str, value: str) -> str | None:
    # Datasette converts everything that str.isdigit accepts to a number, also superscripts
    if value.isdigit() and not re.fullmatch(r"[0-9]{1,18}", value):
        return f"{name} must be a text, or a number of up to 18 digits."
    return None


def _check_list(name: str, value: str) -> str | None:
    if not value.startswith("["):
        return None
    values = _json(value)
    if isinstance(values, list) and all(isinstance(one, _SCALARS) for one in values):
        return None
    return f'{name} must be values separated by commas, or a JSON list such as ["a", "b"].'


def _check_through(name: str, value: str) -> str | None:
    through = _json(value)
    if (
        isinstance(through, dict)
        and isinstance(through.get("table"), str)
        and isinstance(through.get("column"), str)
        and isinstance(through.get("value", ...), _SCALARS)
    ):
        return None
    return f'{name} must be a JSON object such as {{"table": "revisions", "column": "number", "value": "1"}}.'


def _check_facet(name: str, value: str) -> str | None:
    if not _FACET.fullmatch(name):
        return f"There is no argument {name}: use _facet, _facet_date or _facet_array."
    if not value.startswith("{"):
        return None
    facet = _json(value)
    if isinstance(facet, dict) and isinstance(facet.get("column") or facet.get("simple"), str):
        return None
    return f'{name} must be the name of a column, or a JSON object such as {{"column": "publication"}}.'


def _check_search(name: str, _value: str) -> str | None:
    return None if _SEARCH.fullmatch(name) else f"There is no argument {name}: use _search or _search_COLUMN."


def _json(text: str) -> Any:
    """Return the value of a JSON text, or `...` if the text is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return ...


_CHECKS: tuple[tuple[Callable[[str], bool], Callable[[str, str], str | None]], ...] = (
    (lambda name: name == "sql", _check_sql),
    (lambda name: name == "_json_infinity", _check_switch),
    (lambda name: name in ("_timelimit", "_ttl"), _check_number),
    (lambda name: name in ("_size", "_facet_size"), _check_size),
    (lambda name: name.endswith(("__gt", "__gte", "__lt", "__lte")), _check_comparison),
    (lambda name: name.endswith(("__in", "__notin")), _check_list),
    (lambda name: name == "_through", _check_through),
    (lambda name: name.startswith("_facet") and name != "_facet_size", _check_facet),
    (lambda name: name.startswith("_search"), _check_search),
)
