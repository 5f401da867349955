"""Slugs: the folder names of publications and topics. Pure.

A slug depends on the name alone, so adding another name never changes it.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

LONGEST_SLUG = 80
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
# names of devices on Windows, with any extension
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")
_HASH_DIGITS = 8
# a name that ends like a slug with a digest gets a digest too, so that the two cannot collide
_ENDS_LIKE_A_DIGEST = re.compile(rf"(^|-)[0-9a-f]{{{_HASH_DIGITS}}}$")


def slug(name: str) -> str:
    """Return the folder name of a publication or topic.

    A slug consists of lower-case ASCII letters, digits and single dashes, and is never empty. Names that differ in more
    than letter case get different slugs: if the words do not determine the name, a digest of the name follows them. No
    slug leads out of its folder, even if the name contains dots and slashes.
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
