"""Words and paths as unit files need them (systemd.service(5), "Command lines"). Pure."""

from __future__ import annotations


def unit_words(words: list[str]) -> str:
    """Return words as one quoted line of a unit file."""
    return " ".join(_unit_quoted(word.replace("$", "$$")) for word in words)


def unit_paths(paths: list[str]) -> str:
    """Return paths as one quoted line of a unit file; systemd replaces no variables in them."""
    return " ".join(_unit_quoted(path) for path in paths)


def unit_path(path: str) -> str:
    """Return a path that systemd reads to the end of the line, without quotes."""
    return path.replace("%", "%%")


def _unit_quoted(text: str) -> str:
    """Quote one word; % is escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if any(sign in escaped for sign in " \"\\';") else escaped
