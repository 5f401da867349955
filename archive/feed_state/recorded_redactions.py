"""Redactions in the record of an output folder, so that a restore can apply them again.

The record has the decisions and the keyed digests, but neither the texts nor the secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, get_args

from sqlite_utils import Database

from foreign_eyes.archive.redaction.redaction_records import Step
from foreign_eyes.archive.redaction.word_digests import DigestKind
from foreign_eyes.archive.times import from_text

_CHUNK = 500  # digests per line
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class FolderRedaction:
    """A decision from a folder's record.

    `digests` are (number, kind, digest), as in `redaction_digests`.
    """

    entry_id: int
    at: str
    kind: Step
    reason: str | None
    digests: list[tuple[int, DigestKind, str]] = field(default_factory=list)


def redaction_lines(db: Database, source_id: int, known: Mapping[int, FolderRedaction]) -> Iterator[str]:
    """Yield the lines of the redactions of a source's entries that a record does not have yet."""
    rows = db.execute(
        "SELECT d.redaction_id, d.entry_id, d.at, d.kind, d.reason FROM redactions d JOIN identities i USING (entry_id)"
        " WHERE i.source_id = ? ORDER BY d.redaction_id",
        (source_id,),
    ).fetchall()
    recorded = {(redaction.entry_id, redaction.at, redaction.kind) for redaction in known.values()}
    last = max(known, default=0)
    for redaction_id, entry_id, at, kind, reason in rows:
        if (entry_id, at, kind) in recorded:
            continue
        last += 1
        yield _line(redaction=last, entry=entry_id, at=at, kind=kind, reason=reason)
        digests = db.execute(
            "SELECT number, kind, digest FROM redaction_digests WHERE redaction_id = ? ORDER BY 1, 2, 3",
            (redaction_id,),
        )
        for (number, digest_kind), group in groupby(digests.fetchall(), key=itemgetter(0, 1)):
            for batch in _batches([digest for *_, digest in group]):
                yield _line(marks=last, number=number, of=digest_kind, digests=batch)


def add_redaction(found: dict[int, FolderRedaction], value: Mapping[str, Any]) -> None:
    """Add the values of a line of a record to `found`.

    Raises:
        ValueError, KeyError, TypeError: publishing does not write such a line.
    """
    if "redaction" in value:
        at, kind, reason = value["at"], value["kind"], value["reason"]
        from_text(at)
        if kind not in get_args(Step) or not (reason is None or (isinstance(reason, str) and reason.isprintable())):
            raise ValueError("not a redaction")
        found[int(value["redaction"])] = FolderRedaction(int(value["entry"]), at, kind, reason)
        return
    number, digest_kind = int(value["number"]), value["of"]
    if digest_kind not in get_args(DigestKind) or not all(_DIGEST.fullmatch(digest) for digest in value["digests"]):
        raise ValueError("not the digests of a redaction")
    found[int(value["marks"])].digests += [(number, digest_kind, digest) for digest in value["digests"]]


def _batches(digests: list[str]) -> Iterator[list[str]]:
    return (digests[at : at + _CHUNK] for at in range(0, len(digests), _CHUNK))


def _line(**values: object) -> str:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")) + "\n"
