"""Words as HTML, for whatever format carries HTML. Pure; the one place where text becomes markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from foreign_eyes.archive.word_diff import Piece


def quotation(excerpt: str, cited: str, commentary: str, via: str | None) -> str:
    """Return an entry as a feed reader shows it: the excerpt as a quotation with its citation, the commentary apart.

    `cited` is markup already (see `citation`), the rest is text.
    """
    cite = f' cite="{attribute(via)}"' if via else ""
    parts = [
        f"<blockquote{cite}>{paragraphs(excerpt)}</blockquote>" if excerpt.strip() else "",
        f"<p>— {cited}</p>",
        f"<hr><p><strong>Commentary</strong></p>{paragraphs(commentary)}" if commentary.strip() else "",
    ]
    return "\n".join(filter(None, parts))


def citation(work: str, publication: str | None) -> str:
    """Return the line below a quotation: the work, and the publication where it is known apart."""
    cited = f"<cite>{text(work)}</cite>"
    return f"{cited}, {text(publication)}" if publication else cited


def paragraphs(words: str) -> str:
    """Return text as escaped paragraphs, one a line; each finds its own direction, so that none can turn its page."""
    return "".join(f'<p dir="auto">{text(line)}</p>' for line in words.split("\n") if line.strip())


def diff(pieces: Iterable[Piece]) -> str:
    """Return a word diff as one text, with what was removed and what was added marked."""
    return "".join(map(_piece, pieces))


def text(words: str) -> str:
    """Return text that is no attribute's value, escaped."""
    return escape(words, quote=False)


def attribute(value: str) -> str:
    """Return a text escaped for the value of an attribute."""
    return escape(value)


def _piece(piece: Piece) -> str:
    tag = {"removed": "del", "added": "ins"}.get(piece.op)
    lines = text(piece.text).replace("\n", "<br>")
    return f"<{tag}>{lines}</{tag}>" if tag else lines
