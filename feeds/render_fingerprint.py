"""The shape of what is published: a digest of all that decides what files say besides the archive.

Where it is another than at the last publish (a setting, a topic, a template, a newer version of this program or of a library
that renders), every document is looked at, and not only those that the journal names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from types import MappingProxyType

from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.topic_matching import Topics

# what renders; another version may write the same values in other bytes
_LIBRARIES = ("feedgen", "jinja2", "lxml", "markupsafe")


def render_fingerprint(
    edition: PublicationTarget, topics: Topics, publications: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> str:
    """Return the digest, SHA-256 in hexadecimal."""
    source = edition.source
    settings = [source.url, edition.title, edition.language, edition.browse, edition.hub, edition.tombstones]
    return sha256(
        json.dumps([settings, edition.tag, topics.patterns, dict(publications), _program()]).encode()
    ).hexdigest()


@cache
def _program() -> list[str]:
    """Return digests of the modules and templates of this package, and the versions of the libraries."""
    digests = [sha256(file.read_bytes()).hexdigest() for file in _files(resources.files("foreign_eyes.feeds"))]
    return [*digests, *(metadata.version(name) for name in _LIBRARIES)]


def _files(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            found += _files(one) if one.name != "__pycache__" else []
        else:
            found.append(one)
    return found
