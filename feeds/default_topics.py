"""The topics that apply without a `[topics]` table in the settings: companies, technologies and law. Pure data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

DEFAULT_TOPICS: Mapping[str, Sequence[str]] = tomllib.loads(
    resources.files(__package__).joinpath("default_topics.toml").read_text("utf-8")
)
