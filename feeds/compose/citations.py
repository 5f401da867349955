"""Citations of an archived entry: a sentence, BibTeX, and CSL-JSON. Pure.

Reference managers read CSL-JSON. A citation does not have the date of the article, because the column does not give it.
It has the date on which the excerpt was first seen there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.sentences import day
from foreign_eyes.feeds.compose.shown_entries import FeedEntry

# characters that TeX reads as commands; braces by name, because BibTeX counts braces after a backslash too
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
    """A citation in three forms."""

    plain: str
    bibtex: str
    csl_json: str


def cite(target: PublicationTarget, entry: FeedEntry) -> Citations:
    """Return the citation of an entry."""
    note = f"Excerpt in “{target.title}”, first seen there on {day(entry.first_seen)}"
    work, publication = entry.citation.work, entry.citation.publication
    named = f"“{work}”, {publication}." if publication else f"“{work}”."
    return Citations(
        plain=f"{named} {note}. Archived at {entry.alternate}",
        bibtex=_bibtex(entry, note),
        csl_json=json.dumps(_csl(entry, note), ensure_ascii=False, indent=2),
    )


def _bibtex(entry: FeedEntry, note: str) -> str:
    """Return a `@misc` entry, the only general type that BibTeX and BibLaTeX share."""
    fields = {
        # double braces keep the letter case of the headline
        "title": f"{{{_tex(entry.citation.work)}}}",
        **({"howpublished": _tex(entry.citation.publication)} if entry.citation.publication else {}),
        "note": _tex(note),
        "url": entry.alternate,
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{foreign-eyes-{entry.entry_id},\n{lines}\n}}"


def _csl(entry: FeedEntry, note: str) -> list[dict[str, str]]:
    """Return a CSL-JSON item (Citation Style Language 1.0.2)."""
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
