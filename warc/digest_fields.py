"""The digests that WARC records carry of themselves. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Protocol

_KNOWN = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}


class Digest(Protocol):
    """A digest in the making."""

    def update(self, data: bytes, /) -> None:
        """Go on with `data`."""

    def digest(self) -> bytes:
        """Return it as it stands."""


def digest_for(label: str | None) -> Digest | None:
    """Return a digest of the kind that `label` (WARC/1.1 section 5.8) is of; None where there is none that we can make."""
    algorithm = (label or "").partition(":")[0].strip().lower().replace("sha-", "sha")
    return hashlib.new(algorithm, usedforsecurity=False) if algorithm in _KNOWN else None


def is_as_labelled(made: Digest, label: str) -> bool:
    """Tell whether `label` says what was `made`; in base 32, as usual, base 16 or base 64, as some write."""
    value, expected = label.partition(":")[2].strip(), made.digest()
    readings = (
        (bytes.fromhex, value),
        (base64.b32decode, value.upper() + "=" * (-len(value) % 8)),
        (base64.urlsafe_b64decode, value.replace("+", "-").replace("/", "_")),
    )
    for decode, text in readings:
        try:
            if decode(text) == expected:
                return True
        except (ValueError, binascii.Error):
            continue
    return False


def agrees(data: bytes, label: str | None) -> bool:
    """Tell whether `data` has the digest that `label` says; True where that cannot be told."""
    made = digest_for(label)
    if made is None or label is None:
        return True
    made.update(data)
    return is_as_labelled(made, label)
