"""How to cite an archived entry: as a sentence, for BibTeX, and as CSL-JSON for reference managers. Pure.

None of them gives the article's date: the column has none, and what is known is when the excerpt was first seen there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from foreign_eyes.feeds.compose.feed_entries import FeedEntry
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.sentences import day

# what TeX would read as commands; braces by name, since BibTeX counts those behind a backslash too
_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, slots=True)
class Citations:
    """One citation in three forms."""

    plain: str
    bibtex: str
    csl_json: str


def cite(edition: PublicationTarget, entry: FeedEntry) -> Citations:
    """Return how to cite an entry."""
    note = f"Excerpt in “{edition.title}”, first seen there on {day(entry.first_seen)}"
    work, publication = entry.citation.work, entry.citation.publication
    named = f"“{work}”, {publication}." if publication else f"“{work}”."
    return Citations(
        plain=f"{named} {note}. Archived at {entry.alternate}",
        bibtex=_bibtex(entry, note),
        csl_json=json.dumps(_csl(entry, note), ensure_ascii=False, indent=2),
    )


def _bibtex(entry: FeedEntry, note: str) -> str:
    """Return a `@misc` entry: the one type that BibTeX and BibLaTeX both have for what is none of the others."""
    fields = {
        # in double braces: the letter case of a headline is the newspaper's
        "title": f"{{{_tex(entry.citation.work)}}}",
        **({"howpublished": _tex(entry.citation.publication)} if entry.citation.publication else {}),
        "note": _tex(note),
        "url": entry.alternate,
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{foreign-eyes-{entry.entry_id},\n{lines}\n}}"


def _csl(entry: FeedEntry, note: str) -> list[dict[str, str]]:
    """Return an item of CSL-JSON (Citation Style Language 1.0.2)."""
    item = {
        "id": f"foreign-eyes-{entry.entry_id}",
        "type": "article-newspaper",
        "title": entry.citation.work,
        **({"container-title": entry.citation.publication} if entry.citation.publication else {}),
        "note": note,
        "archive": "Foreign Eyes",
        "archive_location": entry.tag_uri,
        "URL": entry.alternate,
    }
    return [item]


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)
