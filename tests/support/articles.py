"""Invented articles of realistic length, as listing rows and as candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.archive.matching.matcher import Candidate, ListingRow
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry


def article(title: str | None, publication: str | None, excerpt: str, commentary: str) -> ListedEntry:
    return ListedEntry(excerpt, f"——{title}, by {publication}", title, publication, commentary)


LOOM = article(
    "A loom that learns: how a mill town taught its machines to see",
    "The Harbour Post",
    "The mill at the end of the valley has not hired a weaver since spring. Its looms stop by themselves when a thread"
    " runs thin, and a small camera tells the mechanic which one. Orders have doubled, says the owner, who sold her car"
    " to pay for the first prototype.",
    "The mill holds eleven patents on its camera. Where inventions are protected, even a small workshop can dare to"
    " spend what it has on a new idea.",
)
TEA = article(
    "Why tea farmers now carry a thermometer",
    "Il Mattino",
    "Before dawn the pickers walk the terraces with a silver rod on their belts. It measures the leaf, not the air, and"
    " beeps when the moment has come. A cooperative of ninety families shares the data and the licence fees.",
    "Traditional knowledge and modern instruments are no rivals. Licences let the farmers profit from both.",
)
# near-twins: two articles on one town, with almost the same commentary
HARBOUR = article(
    "From salt pans to circuit boards: inside the coast's workshop of the world",
    "The Evening Tribune",
    "To see where the island's cleverest gadgets come from, walk past the last fish stall and knock at an unmarked door."
    " Forty years ago the street was a salt pan. Today it is home to a maker of drones, a maker of buses and the lawyers"
    " of both.",
    "It is invention that has changed the harbour town so much. Its friendly climate for business has been an important"
    " reason for growth, and many firms settle there because rights are enforced strictly.",
)
HARBOUR_TWIN = article(
    "Inside the coast's workshop of the world",
    "Channel Nine",
    "A night ferry used to be the only way in. Now twelve million people share the peninsula, most of them younger than"
    " its oldest skyscraper, and container ships queue beyond the lighthouse. Investors fly in to meet founders who were"
    " still at school when the bridge was opened.",
    "After decades of growth the harbour town has become a town of invention. Its friendly climate for business has been"
    " an important reason for it, and many firms settle there because rights are enforced strictly.",
)
MOON = article(
    "A rover leaves its first tracks beyond the rim",
    "Science Weekly",
    "The signal took a second and a half, by way of a relay that hangs behind the Moon. Then came a picture of two"
    " wheel tracks in dust that nobody had touched. Engineers in three cities got up from their chairs.",
    "Patience in research pays: each instrument on board was designed at home, and each is protected.",
)
MOON_AGAIN = article(
    "The rover sleeps through its first night beyond the rim",
    "Science Weekly",
    "For fourteen days nothing will be heard. A heater the size of a thumb keeps the batteries from cracking while the"
    " ground falls to minus one hundred and eighty degrees. If it wakes, the drill is next.",
    "Those who plan for the night will see the morning. The heater alone is the subject of six applications.",
)
PIANO = article(
    "The village that tunes a third of the world's pianos",
    "Gazette de la Musique",
    "Every second house has a soundboard drying in the yard. The strings come from abroad, the felt from next door, and"
    " the ear from a grandmother who never learned to read music. A concert hall in Vienna has ordered two.",
    "A brand is heard before it is seen. The village has registered its name as a mark, and guards it.",
)
BRIDGE = article(
    "Glass underfoot, sensors within: a bridge that reports on itself",
    "Builders' Review",
    "Nine hundred sensors sit between the panes and count footsteps. When a school class jumped in step last May, the"
    " bridge sent a message to its designer before the teacher had turned round. Two rivals have asked for a licence.",
    "Standards follow inventions. Whoever writes the standard has usually filed the application first.",
)
ALL = (LOOM, TEA, HARBOUR, HARBOUR_TWIN, MOON, MOON_AGAIN, PIANO, BRIDGE)
FEW_WORDS = article("Notice to all readers of the column", "Il Mattino", "", "The column pauses over the holidays.")


def row(texts: ListedEntry, place: int = 0) -> ListingRow:
    return ListingRow(place, wording_digest(texts), title_key(texts), texts)


def rows(*listing: ListedEntry) -> list[ListingRow]:
    return [row(texts, place) for place, texts in enumerate(listing)]


def entry(
    texts: ListedEntry, entry_id: int = 1, rank: int | None = None, earlier: Sequence[ListedEntry] = (), **more: Any
) -> Candidate:
    """Return an archived entry; `rank` None means that it was not listed."""
    known = frozenset(map(wording_digest, earlier))
    keys = title_key(texts), excerpt_key(texts.excerpt)
    return Candidate(entry_id, rank, wording_digest(texts), known, *keys, texts, **more)


def archive(*listing: ListedEntry) -> list[Candidate]:
    """Return archived entries in listing order; their ids are their positions, from 1."""
    return [entry(texts, rank + 1, rank) for rank, texts in enumerate(listing)]


def typos(text: str, count: int = 3) -> str:
    """Return `text` with evenly spaced letters dropped."""
    letters = [at for at, sign in enumerate(text) if sign.isalpha()]
    dropped = {letters[(2 * number + 1) * len(letters) // (2 * count)] for number in range(count)}
    return "".join(sign for at, sign in enumerate(text) if at not in dropped)


def edited(texts: ListedEntry, **parts: str) -> ListedEntry:
    """Return `texts` with some parts replaced and a matching attribution line."""
    changed = replace(texts, **parts)  # type: ignore[arg-type]
    return replace(changed, attribution=f"——{changed.title}, by {changed.publication}")
