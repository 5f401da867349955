"""Text as HTML, for all formats that carry HTML. Pure.

The functions escape the texts that they get.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from foreign_eyes.archive.word_diff import Piece


def citation(work: str, publication: str | None) -> str:
    """Return the line below a quotation: the work, and the publication if it is known."""
    cited = f"<cite>{text(work)}</cite>"
    return f"{cited}, {text(publication)}" if publication else cited


def paragraphs(words: str) -> str:
    """Return text as escaped paragraphs, one per line.

    Each paragraph has its own direction, so a text cannot change the direction of the page.
    """
    return "".join(f'<p dir="auto">{text(line)}</p>' for line in words.split("\n") if line.strip())


def diff(pieces: Iterable[Piece]) -> str:
    """Return a word diff as one text, in which removed and added words are marked."""
    return "".join(map(_piece, pieces))


def text(words: str) -> str:
    """Return text escaped for the content of an element."""
    return escape(words, quote=False)


def attribute(value: str) -> str:
    """Return text escaped for the value of an attribute."""
    return escape(value)


def _piece(piece: Piece) -> str:
    tag = {"removed": "del", "added": "ins"}.get(piece.op)
    lines = text(piece.text).replace("\n", "<br>")
    return f"<{tag}>{lines}</{tag}>" if tag else lines
