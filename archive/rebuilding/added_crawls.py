"""The crawls that an import adds before the archive is derived again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foreign_eyes.archive.settling.identity_rows import Identity


@dataclass(frozen=True, slots=True)
class AddedCrawls:
    """The crawls that were added and never settled here.

    `from_nodes` are those that another archive crawled itself: their changes are announced, unless this archive has a later
    crawl of their source. `minted` are the identities that the other archive minted, by crawl and identity digest.
    """

    crawls: frozenset[int] = frozenset()
    from_nodes: frozenset[int] = frozenset()
    minted: Mapping[tuple[int, str], Identity] = field(default_factory=dict)
