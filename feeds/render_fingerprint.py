"""The render fingerprint: a digest of all inputs of published files except the archive.

If the digest differs from that of the last publish, the publisher checks every document and not only those that the
journal names. It differs after a change of a setting, a topic, a template, this program or a rendering library.
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

# another version of these may render the same values as other bytes
_LIBRARIES = ("feedgen", "jinja2", "lxml", "markupsafe")


def render_fingerprint(
    target: PublicationTarget, topics: Topics, publications: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> str:
    """Return the render fingerprint, a SHA-256 digest in hexadecimal."""
    source = target.source
    settings = [source.url, target.title, target.language, target.browse, target.hub, target.tombstones]
    values = [settings, target.tag, topics.patterns, dict(publications), program_digests()]
    return sha256(json.dumps(values).encode()).hexdigest()


@cache
def program_digests() -> list[str]:
    """Return the digests of the files of this package, and the versions of the libraries."""
    digests = [sha256(file.read_bytes()).hexdigest() for file in _files(resources.files("foreign_eyes.feeds"))]
    return [*digests, *(metadata.version(name) for name in _LIBRARIES)]


def _files(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            found += _files(item) if item.name != "__pycache__" else []
        else:
            found.append(item)
    return found
