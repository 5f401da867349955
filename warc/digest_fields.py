"""The digest fields of WARC records.

Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Protocol

_ALGORITHMS = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}


class Digest(Protocol):
    """A digest that is being computed."""

    def update(self, data: bytes, /) -> None:
        """Add `data`."""

    def digest(self) -> bytes:
        """Return the digest of the data so far."""


def digest_for(label: str | None) -> Digest | None:
    """Return a digest with the algorithm of `label` (WARC/1.1 section 5.8).

    Return None if we do not support it.
    """
    algorithm = (label or "").partition(":")[0].strip().lower().replace("sha-", "sha")
    return hashlib.new(algorithm, usedforsecurity=False) if algorithm in _ALGORITHMS else None


def is_as_labelled(made: Digest, label: str) -> bool:
    """Return whether `label` has the digest `made`: in base 32, as is usual, base 16 or base 64."""
    value, expected = label.partition(":")[2].strip(), made.digest()
    decoders = (
        (bytes.fromhex, value),
        (base64.b32decode, value.upper() + "=" * (-len(value) % 8)),
        (base64.urlsafe_b64decode, value.replace("+", "-").replace("/", "_")),
    )
    for decode, text in decoders:
        try:
            if decode(text) == expected:
                return True
        except (ValueError, binascii.Error):
            continue
    return False


def agrees(data: bytes, label: str | None) -> bool:
    """Return whether `data` has the digest in `label`; True if we cannot compute it."""
    made = digest_for(label)
    if made is None or label is None:
        return True
    made.update(data)
    return is_as_labelled(made, label)
