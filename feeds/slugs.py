"""Slugs: the folder names of publications and topics, made of the name alone, so that no other name can change one. Pure."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

LONGEST_SLUG = 80
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
# what Windows takes for devices, whatever the ending
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")
_HASH_DIGITS = 8
# what ends as names with a digest do must have one too, or it could be taken for one of them
_ENDS_LIKE_A_DIGEST = re.compile(rf"(^|-)[0-9a-f]{{{_HASH_DIGITS}}}$")


def slug(name: str) -> str:
    """Return a folder name for a publication or topic: small ASCII letters, digits and single dashes, never empty.

    Two names that differ in more than letter case get two slugs: where the words alone cannot be told back to the name, a
    digest of it follows. So nothing in a name, dots and slashes least of all, leads out of its folder.
    """
    folded = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    ascii_only = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    words = _NOT_SLUG.sub("-", ascii_only).strip("-")
    if words and words.replace("-", " ") == folded and len(words) <= LONGEST_SLUG and not _is_taken(words):
        return words
    digest = sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return "-".join(filter(None, (words[:LONGEST_SLUG].strip("-"), digest)))


def _is_taken(words: str) -> bool:
    return bool(_DEVICES.fullmatch(words) or _ENDS_LIKE_A_DIGEST.search(words))
