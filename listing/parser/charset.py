"""Bytes to text: the codec is chosen by what survives, since what a page declares is often wrong.

UTF-8 bytes under a `gb2312` meta tag happen, and so do GBK bytes labelled iso-8859-1. A page that decodes without an
error may still be nonsense, so a candidate counts only where a mark of the listing came through.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Python knows codecs that are no character encodings (zlib, idna, unicode_escape): a page may name only these
_ALLOWED = re.compile(r"utf-8|gb2312|gbk|gb18030|hz|big5|big5hkscs|euc_\w+|shift_jis|cp\d+|iso8859-\d+|koi8-[ru]|ascii")
# What browsers read under these labels (WHATWG Encoding, section 4.2)
_READ_AS = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "ascii": "cp1252", "iso8859-1": "cp1252"}

_HEAD = 4096
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.ASCII | re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)

_SURVIVORS = re.compile(r"下一页|——|共\s*\d+\s*页")
# ASCII marks survive every codec, so they can tell a listing from other pages but not one codec from another
_ASCII_MARKS = re.compile(r"createPageHTML|countPage|&mdash;\s*&mdash;|&#8212;\s*&#8212;")


class Decoded(NamedTuple):
    """The text of a body, the codec that was used, and how many characters were lost to U+FFFD."""

    text: str
    encoding: str
    replacements: int


def decode(body: bytes, content_type: str | None = None) -> Decoded:
    """Return `body` as text. Never raises: what no codec can read becomes U+FFFD, and is counted.

    Order: byte order mark; strict UTF-8; what is declared; gb18030; a candidate needs a surviving mark of the listing.
    Without any, bytes damaged in places are tried before a codec that merely happens to fit.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _counted(body[len(bom) :].decode(name, "replace"), name)
    strict = list(_strict(body, content_type))
    for candidate in strict:
        if _SURVIVORS.search(candidate.text):
            return candidate
    if strict and (strict[0].encoding == "utf-8" or _ASCII_MARKS.search(strict[0].text)):
        return strict[0]
    lossy = min((_counted(body.decode(name, "replace"), name) for name in ("utf-8", "gb18030")), key=_damage)
    return strict[0] if strict and not _SURVIVORS.search(lossy.text) else lossy


def _strict(body: bytes, content_type: str | None) -> Iterator[Decoded]:
    """Yield what decodes without an error, in order of trust, each codec once."""
    tried = set()
    for name in ("utf-8", *_declared(body, content_type), "gb18030"):
        if name in tried:
            continue
        tried.add(name)
        try:
            yield _counted(body.decode(name), name)
        except ValueError:
            continue


def _declared(body: bytes, content_type: str | None) -> Iterator[str]:
    """Yield the codecs that the header, the meta tag and the XML declaration name, as browsers understand the names."""
    labels = [match[1] for match in _CHARSET.finditer((content_type or "")[:_HEAD])]
    head = body[:_HEAD]
    labels += [match[1].decode("ascii", "ignore") for match in (_META.search(head), _XML.search(head)) if match]
    for label in labels:
        try:
            name = codecs.lookup(label).name
        except LookupError:
            continue
        if _ALLOWED.fullmatch(name):
            yield _READ_AS.get(name, name)


def _damage(decoded: Decoded) -> tuple[bool, int]:
    return _SURVIVORS.search(decoded.text) is None, decoded.replacements


def _counted(text: str, name: str) -> Decoded:
    return Decoded(text, name, text.count("\ufffd"))
