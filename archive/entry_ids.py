"""Entry ids and the tag URIs made of them. Pure, apart from the random numbers for new ids."""

from __future__ import annotations

import secrets
from collections.abc import Callable

# Nine digits can be read out on the telephone. With a million entries, one draw in a thousand collides and is repeated.
ID_RANGE = range(100_000_000, 1_000_000_000)


def mint_entry_id(taken: Callable[[int], bool], draw: Callable[[int], int] = secrets.randbelow) -> int:
    """Return a random entry id of nine digits that is not `taken`.

    `draw(n)` returns a number below n.
    """
    while True:
        entry_id = ID_RANGE.start + draw(len(ID_RANGE))
        if not taken(entry_id):
            return entry_id


def entry_tag(authority: str, source: str, entry_id: int) -> str:
    """Return the `tag:` URI of an entry (RFC 4151).

    `authority` is `name,date` as in section 2.1.
    """
    return f"tag:{authority}:{source}/{entry_id}"
