"""An entry's words as HTML, for whatever format carries HTML. Pure; the one place where text becomes markup."""

from __future__ import annotations

from html import escape

from feeds.compose import FeedEntry


def entry_html(entry: FeedEntry) -> str:
    """Return the entry as a feed reader shows it: the excerpt as a quotation with its citation, the commentary apart."""
    cited = f' cite="{escape(entry.via)}"' if entry.via else ""
    parts = [
        f"<blockquote{cited}>{paragraphs(entry.excerpt)}</blockquote>" if entry.excerpt.strip() else "",
        f"<p>— {citation_html(entry)}</p>",
        f"<hr><p><strong>Commentary</strong></p>{paragraphs(entry.commentary)}" if entry.commentary.strip() else "",
    ]
    return "\n".join(filter(None, parts))


def citation_html(entry: FeedEntry) -> str:
    """Return the line below a quotation: the work, and the publication where it is known apart."""
    work = f"<cite>{escape(entry.citation.work, quote=False)}</cite>"
    return f"{work}, {escape(entry.citation.publication, quote=False)}" if entry.citation.publication else work


def paragraphs(text: str) -> str:
    """Return `text` as escaped paragraphs, one a line; each finds its own direction, so that none can turn its page."""
    return "".join(f'<p dir="auto">{escape(line, quote=False)}</p>' for line in text.split("\n") if line.strip())
