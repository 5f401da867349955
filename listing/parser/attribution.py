"""Split an attribution line such as `——Title, by Publication` into title and publication.

Every position where the line could be split gives a reading. A reading is scored by how much one side resembles a
publication and the other one a title, and by how common the style is. The best reading is used if its score is sufficient
and clearly higher than that of any reading with another publication. Otherwise the line is not split, and is flagged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from foreign_eyes.listing.parser import attribution_scores, markers
from foreign_eyes.listing.parser.publications import (
    KNOWN_KEYS,
    PUBLICATIONS,
    name_key,
    name_keys,
    normalise_publication,
)
from foreign_eyes.listing.text import clean

NOT_SPLIT = "attribution not split"
NO_PUBLICATION = "no publication"

_MAX_LENGTH = 1000
_MIN_POINTS = 0.0
_MIN_MARGIN = 0.3
_MIN_MARGIN_IN_LIST = 1.0
_MIN_NAME_POINTS = -0.3  # with fewer points a text is not a name, whatever the other side is
_MIN_NAME_POINTS_AFTER_BY = -1.0
_STRONG_NAME_POINTS = 2.0
_ORDINARY_WORD_COST = 4.0  # of a known name that is first and is also a common word: "Nature, Nurture and …"

# a comma that is not a thousands separator
_COMMA = re.compile(r"(?:,(?!(?<=\d,)\d{3}(?!\w))|，|;|；)\s*")
_STOP = re.compile(r"[?!？！…][\"”’»]?\s*|(?<=[a-z\d])\.[\"”’»]?\s+|(?<=[\w?!.])[\"”»]\s+")
_BY = re.compile(r"\s*\bby\s*[:：]?\s+", re.IGNORECASE)
_BARE_BY = re.compile(r"(?<=[^\s,，;?!？！])\s+by\s+", re.IGNORECASE)
_TAIL_SIGN = re.compile(r"\s(?:[—–|-]|——)\s|\s*[—]{1,2}\s*|\s*[(（]")


class Attribution(NamedTuple):
    """The parts of an attribution line.

    Both are None, and `flags` says why, if it could not be split.
    """

    title: str | None
    publication: str | None
    flags: tuple[str, ...] = ()


class AttributionReading(NamedTuple):
    """One way to split a line. `style` is how it is written: by, comma, stop, first, or loose."""

    title: str
    publication: str
    style: str
    points: float


# points of each style: "by" after punctuation is almost certain, and the publication is rarely first
_STYLE_POINTS = {"by": 3.2, "comma": 1.0, "stop": 0.7, "first": -0.2, "loose": -1.5}


def split_attribution(line: str, known: Collection[str] = PUBLICATIONS) -> Attribution:
    """Split `line` into title and publication, under its normalised name. Never raises.

    `known` are the names of known publications; other names are scored by their words and signs.
    """
    keys = KNOWN_KEYS if known is PUBLICATIONS else name_keys(known)
    return attribution_of(line, best_reading(line, keys))


def attribution_of(line: str, reading: AttributionReading | None) -> Attribution:
    """Return the attribution for a reading of `line`; None means that it could not be split."""
    if reading is None:
        flag = NOT_SPLIT if _COMMA.search(_content(line)) else NO_PUBLICATION
        return Attribution(None, None, (NOT_SPLIT,) if flag == NOT_SPLIT else (NOT_SPLIT, NO_PUBLICATION))
    return Attribution(reading.title, normalise_publication(reading.publication))


def best_reading(line: str, known: Collection[str], page_names: Collection[str] = ()) -> AttributionReading | None:
    """Return the reading of `line` with enough points and a clear margin, or None."""
    content = _content(line)
    if not content or len(content) > _MAX_LENGTH:
        return None
    if (usual := _usual_reading(content, known)) is not None:
        return usual
    readings = sorted(_readings(content, known, page_names), key=lambda reading: -reading.points)
    if not readings or readings[0].points < _MIN_POINTS:
        return None
    best = readings[0]
    key = name_key(best.publication)
    rival = next((reading for reading in readings if name_key(reading.publication) != key), None)
    margin = _MIN_MARGIN_IN_LIST if _is_list(content) else _MIN_MARGIN
    return best if rival is None or best.points - rival.points >= margin else None


def _usual_reading(content: str, known: Collection[str]) -> AttributionReading | None:
    """Return the reading with a known name after the last comma.

    Return None if another reading could have more points.
    """
    commas = list(_COMMA.finditer(content))
    if not commas or name_key(content[: commas[0].start()]) in known:
        return None
    title, rest = _sides(content, commas[-1])
    by = _BY.match(rest)
    name = _tidy_name(rest[by.end() :] if by else rest)
    title = _tidy_title(title)
    if not title or name_key(name) not in known:
        return None
    style = "by" if by else "comma"
    return AttributionReading(title, name, style, attribution_scores.KNOWN + _STYLE_POINTS[style])


def _content(line: str) -> str:
    """Return the line without dashes, bullets and the parentheses of the older style."""
    text = " ".join(clean(line).split())
    match = markers.ATTRIBUTION.match(text)
    text = text[match.end() :] if match else text
    if text[:1] in "(（" and text[-1:] in ")）":
        text = text[1:-1]
    return text.strip()


def _readings(content: str, known: Collection[str], page_names: Collection[str]) -> Iterator[AttributionReading]:
    commas = list(_COMMA.finditer(content))
    parts = [content[start:end] for start, end in _edges(content, commas)]
    first = attribution_scores.publication_points(parts[0], known, page_names)
    first -= _ORDINARY_WORD_COST * attribution_scores.is_ordinary(parts[0])
    seen = set()
    for style, left, right in _candidates(content, commas):
        title, publication = _tidy_title(left), _tidy_name(right)
        if not title or not publication or (style, title) in seen:
            continue
        seen.add((style, title))
        name = attribution_scores.publication_points(publication, known, page_names)
        if name < (_MIN_NAME_POINTS_AFTER_BY if style == "by" else _MIN_NAME_POINTS):
            continue
        points = name + attribution_scores.title_points(title) + _STYLE_POINTS[style]
        if style == "loose" and name < attribution_scores.KNOWN:
            continue
        if attribution_scores.publication_points(title, known, page_names) >= attribution_scores.KNOWN:
            points -= 2.0
        points -= _list_penalty(style, parts, known, name) + (1.0 if style == "by" and name < 0 else 0.0)
        if (
            style != "first"
            and len(parts) > 2
            and name < first <= attribution_scores.KNOWN
            and first >= _STRONG_NAME_POINTS
        ):
            points -= 1.0
        if style == "first" and name == attribution_scores.KNOWN and attribution_scores.is_ordinary(publication):
            points -= _ORDINARY_WORD_COST
        yield AttributionReading(title, publication, style, points)


def _edges(content: str, commas: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each part between commas."""
    start = 0
    for comma in commas:
        yield start, comma.start()
        start = comma.end()
    yield start, len(content)


def _sides(content: str, comma: re.Match[str]) -> tuple[str, str]:
    """Return the texts before and after a comma.

    A quotation mark that closes the title may follow the comma.
    """
    left, right = content[: comma.start()], content[comma.end() :]
    closes = right[:1] in "”»" or (right[:1] == '"' and left.count('"') % 2 == 1)
    return (left + right[0], right[1:].lstrip()) if right and closes else (left, right)


def _is_list(content: str) -> bool:
    """Return whether the line is a list of short capitalised parts.

    Any of them may be the publication.
    """
    parts = [content[start:end] for start, end in _edges(content, list(_COMMA.finditer(content)))]
    return len(parts) > 2 and all(map(attribution_scores.is_enumerated, parts))


def _list_penalty(style: str, parts: list[str], known: Collection[str], name: float) -> float:
    """Return the points to subtract for a part of a list, which resembles a name.

    An example is "Huawei, Xiaomi, Oppo".

    The penalty is lower if the part beside it has another length or kind.
    """
    if len(parts) < 3 or name == attribution_scores.KNOWN or style not in ("comma", "first"):
        return 0.0
    part, neighbour = (parts[-1], parts[-2]) if style == "comma" else (parts[0], parts[1])
    if not (attribution_scores.is_enumerated(part) and attribution_scores.is_enumerated(neighbour)):
        return 0.0
    if attribution_scores.publication_points(neighbour, known) < _MIN_NAME_POINTS:
        return 0.3
    return 1.2 if len(part.split()) == len(neighbour.split()) else 0.3


def _candidates(content: str, commas: list[re.Match[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield style, title and publication for each position where the line could be split."""
    for comma in commas[-2:]:
        title, rest = _sides(content, comma)
        by = _BY.match(rest)
        yield ("by", title, rest[by.end() :]) if by else ("comma", title, rest)
    for stop in _last(_STOP, content):
        title, rest = content[: stop.end()], content[stop.end() :]
        by = _BY.match(rest)
        if by:
            yield "by", title, rest[by.end() :]
        else:
            yield ("loose" if "." in stop[0] else "stop"), title, rest
    if commas:
        name, title = _sides(content, commas[0])
        yield "first", title, name
    for by in _last(_BARE_BY, content):
        yield "loose", content[: by.start()], content[by.end() :]
    for sign in _last(_TAIL_SIGN, content):
        yield "loose", content[: sign.start()], content[sign.end() :]


def _last(pattern: re.Pattern[str], content: str) -> list[re.Match[str]]:
    return list(pattern.finditer(content))[-2:]


def _tidy_title(title: str) -> str:
    """Remove the punctuation between title and publication; keep the punctuation of the title."""
    return title.strip().rstrip(",，;； \u00a0").strip()


def _tidy_name(name: str) -> str:
    return name.strip().strip('"“”《》«» ').rstrip(",，;；)） ").strip()
