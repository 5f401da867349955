"""Decode a page.

The codec is chosen by the decoded text, because declared codecs are often wrong.

Sites send UTF-8 bytes with a `gb2312` meta tag, and GBK bytes labelled iso-8859-1. A page that decodes without an error may
still be garbage, so a candidate must show a mark of the listing.
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
# Python also has codecs that are not character encodings (zlib, idna, unicode_escape)
_ALLOWED = re.compile(r"utf-8|gb2312|gbk|gb18030|hz|big5|big5hkscs|euc_\w+|shift_jis|cp\d+|iso8859-\d+|koi8-[ru]|ascii")
# the codecs that browsers use for these labels (WHATWG Encoding, section 4.2)
_BROWSER_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "ascii": "cp1252", "iso8859-1": "cp1252"}

_HEAD = 4096
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.ASCII | re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)

_LISTING_MARKS = re.compile(r"下一页|——|共\s*\d+\s*页")
# ASCII marks decode with every codec, so they identify a listing but not the codec
_ASCII_MARKS = re.compile(r"createPageHTML|countPage|&mdash;\s*&mdash;|&#8212;\s*&#8212;")


class Decoded(NamedTuple):
    """The text of a body, the codec used, and the number of U+FFFD characters in the text."""

    text: str
    encoding: str
    replacements: int


def decode(body: bytes, content_type: str | None = None) -> Decoded:
    """Return `body` as text. Never raises.

    Bytes that cannot be decoded become U+FFFD and are counted.

    Order: byte order mark, strict UTF-8, declared codecs, gb18030; a candidate must show a mark of the listing. If none
    does, decoding with replacements is tried before a codec without marks is used.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _count_replacements(body[len(bom) :].decode(name, "replace"), name)
    strict = list(_strict_candidates(body, content_type))
    for candidate in strict:
        if _LISTING_MARKS.search(candidate.text):
            return candidate
    if strict and (strict[0].encoding == "utf-8" or _ASCII_MARKS.search(strict[0].text)):
        return strict[0]
    lossy = min((_count_replacements(body.decode(name, "replace"), name) for name in ("utf-8", "gb18030")), key=_damage)
    return strict[0] if strict and not _LISTING_MARKS.search(lossy.text) else lossy


def _strict_candidates(body: bytes, content_type: str | None) -> Iterator[Decoded]:
    """Yield the candidates that decode without an error, in order of preference."""
    tried = set()
    for name in ("utf-8", *_declared(body, content_type), "gb18030"):
        if name in tried:
            continue
        tried.add(name)
        try:
            yield _count_replacements(body.decode(name), name)
        except ValueError:
            continue


def _declared(body: bytes, content_type: str | None) -> Iterator[str]:
    """Yield the codecs named by header, meta tag and XML declaration.

    The names are interpreted as in browsers.
    """
    labels = [match[1] for match in _CHARSET.finditer((content_type or "")[:_HEAD])]
    head = body[:_HEAD]
    labels += [match[1].decode("ascii", "ignore") for match in (_META.search(head), _XML.search(head)) if match]
    for label in labels:
        try:
            name = codecs.lookup(label).name
        except LookupError:
            continue
        if _ALLOWED.fullmatch(name):
            yield _BROWSER_CODECS.get(name, name)


def _damage(decoded: Decoded) -> tuple[bool, int]:
    return _LISTING_MARKS.search(decoded.text) is None, decoded.replacements


def _count_replacements(text: str, name: str) -> Decoded:
    return Decoded(text, name, text.count("\ufffd"))
