"""Split markup into tags and text, in linear time.

The regular expressions do not backtrack.

This is a tokenizer by the HTML standard (WHATWG HTML, section 13.2.5). No library is used, for three reasons. libxml2 drops
everything below 2,046 levels. lexbor and libxml2 take quadratic time if end tags match nothing (6 to 22 seconds for 80,000
`<div>` and as many `</span>`). Both parse broken markup differently from release to release, but the archive must parse an
old body as before.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from html.entities import html5
from typing import NamedTuple

_WHITE = r"[\t\n\f\r ]"
_TOKEN = re.compile(
    rf"""
    <!--(?:-?>|.*?(?:--!?>|\Z))                                                  # a comment; an unclosed one extends to the end
    |<!\[CDATA\[(?P<cdata>)                                                      # text in foreign content, else a comment
    |<[!?][^>]*+>?                                                               # doctype, processing instruction
    |</(?=[^A-Za-z])[^>]*+>?                                                     # "bogus comment" in the standard
    |<(?P<end>/?)(?P<name>[A-Za-z][^\t\n\f\r\ />]*+)
      (?P<attributes>(?:
        {_WHITE}++|/(?!>)
        |(?:=[^\t\n\f\r\ />=]*+|[^\t\n\f\r\ />=]++)                              # a name, which may begin with "="
         (?:{_WHITE}*+={_WHITE}*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r\ >"'][^\t\n\f\r\ >]*+)?+)?+
      )*+)
      (?P<closed>/?)(?P<whole>>|\Z)
    """,
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    rf"""(=[^\t\n\f\r\ />=]*+|[^\t\n\f\r\ />=]++)
    (?:{_WHITE}*+={_WHITE}*+(?:"([^"]*+)"?|'([^']*+)'?|([^\t\n\f\r\ >"'][^\t\n\f\r\ >]*+))?+)?+""",
    re.VERBOSE,
)
_LONG_REFERENCE = re.compile(r"&#0*+([0-9]{8})[0-9]*+")
_ATTRIBUTE_REFERENCE = re.compile(r"&(?:#[0-9]++;?|#[xX][0-9A-Fa-f]++;?|[A-Za-z][A-Za-z0-9]*+;?)(=?)")

# Elements whose content is text up to their end tag (sections 13.1.2 and 13.2.6.4), and the Hanweb store. `noscript` is one if
# scripts are enabled, as they are for readers.
RAW = frozenset(
    {
        "script",
        "style",
        "textarea",
        "title",
        "iframe",
        "noembed",
        "noframes",
        "noscript",
        "xmp",
        "plaintext",
        "datastore",
    }
)
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\t\n\f\r />]|\Z)", re.IGNORECASE) for name in RAW}
_SCRIPT_STEP = re.compile(r"<!--|-->|<(/?)script(?=[\t\n\f\r />])", re.IGNORECASE)
_DOCTYPE = re.compile(r"(?:\s|<!--.*?-->|<\?[^>]*>|\ufeff)*<!doctype\s+html\b([^>]*)>", re.IGNORECASE | re.DOTALL)
_OLD_DOCTYPE = re.compile(
    r"-//(?!W3C//DTD (?:XHTML 1\.[01]|HTML 4\.01//)|W3C//DTD HTML 4\.01 Trans\w+//EN\W+http)", re.IGNORECASE
)


class Tag(NamedTuple):
    """A start tag or an end tag.

    `attributes` is unparsed, `content` is the raw text of an element in `RAW`.
    """

    name: str
    end: bool
    attributes: str
    content: str = ""
    self_closing: bool = False


def tokens(source: str, is_foreign: Callable[[str], bool] = lambda name: False) -> Iterator[Tag | str]:
    """Yield the tags of `source` and the text between them, with character references resolved.

    Comments are skipped. An element in `RAW` is yielded as its start tag without an end tag, except `xmp`, whose text is
    shown. `is_foreign(name)` is called for a start tag, and with an empty name for a CDATA section: in SVG and MathML, no
    element is raw, and CDATA is text (section 13.2.5.42).
    """
    position = 0
    while (match := _TOKEN.search(source, position)) is not None:
        if match.start() > position:
            yield unescape(source[position : match.start()])
        position = match.end()
        if match["cdata"] is not None:
            text, position = _cdata(source, position, foreign=is_foreign(""))
            yield text
        elif (name := match["name"]) is not None:
            if not match["whole"]:  # a tag that the end of the file cuts is ignored
                return
            name = name.lower()
            if match["end"]:
                yield Tag(name, True, match["attributes"])
            elif name in RAW and not is_foreign(name):
                end = _raw_end(source, name, position)
                yield Tag(name, False, match["attributes"], source[position:end])
                closing = _TOKEN.match(source, end) if name != "xmp" else None
                position = closing.end() if closing else end
            else:
                yield Tag(name, False, match["attributes"], self_closing=bool(match["closed"]))
    if position < len(source):
        yield unescape(source[position:])


def _cdata(source: str, start: int, *, foreign: bool) -> tuple[str, int]:
    """Return the text of a CDATA section and its end.

    In HTML it is a comment that ends at the next `>`.
    """
    end_mark = "]]>" if foreign else ">"
    end = source.find(end_mark, start)
    if end < 0:
        end = len(source)
    return source[start:end] if foreign else "", min(end + len(end_mark), len(source))


def _raw_end(source: str, name: str, start: int) -> int:
    """Return the end of the content of a raw element.

    That is the start of its end tag, or the end of the source.
    """
    if name == "plaintext":
        return len(source)
    if name == "script":
        return _script_end(source, start)
    closing = _RAW_ENDS[name].search(source, start)
    return closing.start() if closing else len(source)


def _script_end(source: str, start: int) -> int:
    """Return the end of a script.

    `<!--<script>` inside it has an end tag of its own (sections 13.2.5.15 to 13.2.5.31).
    """
    escaped = double = False
    position = start
    while (match := _SCRIPT_STEP.search(source, position)) is not None:
        position = match.end()
        if match[0] == "<!--":
            if not escaped:
                escaped = True
                position -= 2  # its dashes may also be those of the end, as in `<!-->`
        elif match[0] == "-->":
            escaped = double = False
        elif match[1]:
            if not double:
                return match.start()
            double = False
        elif escaped:
            double = True
    return len(source)


def is_quirky(source: str) -> bool:
    """Return whether browsers parse a page in quirks mode (section 13.2.6.4.1).

    They do so without a doctype, or with an old one.
    """
    match = _DOCTYPE.match(source)
    return match is None or _OLD_DOCTYPE.search(match[1]) is not None


def attributes(source: str) -> dict[str, str]:
    """Return the attributes of a tag.

    The first of a repeated attribute counts (section 13.2.5.33).
    """
    found = reversed(_ATTRIBUTE.findall(source))
    return {name.lower(): _unescape_value(double or single or bare) for name, double, single, bare in found}


def unescape(text: str) -> str:
    """Resolve character references like `html.unescape`, with any number of digits."""
    if "&" not in text:
        return text
    return html.unescape(_LONG_REFERENCE.sub(r"&#\1", text) if "&#" in text else text)


def _unescape_value(text: str) -> str:
    """Resolve character references by the rules of attributes (section 13.2.5.73).

    `&copy=2` is not a reference.
    """
    return _ATTRIBUTE_REFERENCE.sub(_reference, text) if "&" in text else text


def _reference(match: re.Match[str]) -> str:
    written = match[0].removesuffix("=")
    if written[1] == "#":
        return unescape(written) + match[1]
    if match[1] and not written.endswith(";"):
        return match[0]
    return html5.get(written[1:], written) + match[1]
