"""The unit files that `schedule systemd` prints."""

from __future__ import annotations

import re
from collections import defaultdict


def files(text: str) -> dict[str, str]:
    """Return the text of each unit file by its name."""
    parts = re.split(r"^# /etc/systemd/system/(\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def units(text: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return the unit files by name, as sections of keys; the values of a key that is repeated are in lines."""
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for name, part in files(text).items():
        section = ""
        for line in part.splitlines():
            if heading := re.fullmatch(r"\[(\w+)\]", line):
                section = heading[1]
            elif line and not line.startswith("#"):
                key, equals, value = line.partition("=")
                assert equals, line
                before = found[name][section]
                before[key] = f"{before[key]}\n{value}" if key in before else value
    return found
