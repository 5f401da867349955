"""Text to markup: tags and text in reading order, by one regular expression that never goes back.

Why not a tree: libxml2 drops everything below 2,046 levels, needs quadratic time where closing tags match nothing
(80,000 `<div>` and as many `</span>` take it six seconds), and reads broken markup differently from one release to the
next, while the archive has to read an old body as it did before. The listing needs no tree, so here is none: a flat
sequence, linear in any input, after the tokenizer of the HTML standard (WHATWG HTML, section 13.2.5).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    <!--(?:-?>|.*?(?:--!?>|\Z))                                                  # a comment, an unclosed one to the end
    |<[!?][^>]*+>?                                                               # doctype, processing instruction
    |</(?![A-Za-z])[^>]*+>?                                                      # what the standard calls bogus comment
    |<(?P<end>/?)(?P<name>[A-Za-z][^\s/>]*+)
      (?P<attributes>(?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?)*+)(?:>|\Z)
    """,
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s>]*+)))?+""")
_LONG_REFERENCE = re.compile(r"&#0*+([0-9]{8})[0-9]*+")

# Elements whose content is text up to their own end tag (section 13.1.2); a Hanweb store is one to us
RAW = frozenset({"script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp", "datastore"})
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>]|\Z)", re.IGNORECASE) for name in RAW}


class Tag(NamedTuple):
    """A start tag or an end tag; `attributes` is its source, `content` the raw text of an element in `RAW`."""

    name: str
    end: bool
    attributes: str
    content: str = ""


def tokens(source: str) -> Iterator[Tag | str]:
    """Yield the tags of `source` and the text between them, with character references resolved.

    Comments, and everything inside them, are left out. An element in `RAW` comes as its start tag alone.
    """
    position = 0
    while (match := _TOKEN.search(source, position)) is not None:
        if match.start() > position:
            yield unescape(source[position : match.start()])
        position = match.end()
        if (name := match["name"]) is None:
            continue
        name = name.lower()
        if name in RAW and not match["end"]:
            closing = _RAW_ENDS[name].search(source, position)
            content_end = closing.start() if closing else len(source)
            yield Tag(name, False, match["attributes"], source[position:content_end])
            position = content_end
        else:
            yield Tag(name, bool(match["end"]), match["attributes"])
    if position < len(source):
        yield unescape(source[position:])


def attributes(source: str) -> dict[str, str]:
    """Return the attributes of a tag; of a repeated one the first counts (section 13.2.5.33)."""
    found = reversed(_ATTRIBUTE.findall(source))
    return {name.lower(): unescape(double or single or bare) for name, double, single, bare in found}


def unescape(text: str) -> str:
    """Resolve character references as `html.unescape` does, also where a number has more digits than int() takes."""
    if "&" not in text:
        return text
    return html.unescape(_LONG_REFERENCE.sub(r"&#\1", text) if "&#" in text else text)
