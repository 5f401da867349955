"""The topics that apply if the settings have no `[topics]` table. Pure data.

They are companies, technologies and fields of law.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

DEFAULT_TOPICS: Mapping[str, Sequence[str]] = tomllib.loads(
    resources.files(__package__).joinpath("default_topics.toml").read_text("utf-8")
)
