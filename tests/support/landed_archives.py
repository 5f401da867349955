"""Small archives with the tables of older commits, which `tests/data/archives/make.py` made.

Each name has its number, its last migration and the commit.
"""

from __future__ import annotations

import lzma
import tarfile
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "data" / "archives"

# made by commits in the middle of a series that put migrations in another order later, or changed one that nobody had: no
# version was installed from these. They are refused and stay as they are
REFUSED = {"349cb3d", "d62055c", "cf71704", "0265e52", "299c801", "d39cd94", "20da5d3", "59fd238", "c38c7a9", "671e7fd"}
REFUSED |= {"b12fa0a", "98a5471", "a67ff34", "81de866", "661092d", "fdb32bf", "aef39b1"}


@cache
def landed_archives() -> dict[str, bytes]:
    """Return the archives by name, oldest first."""
    with tarfile.open(FOLDER / "landed.tar.xz") as packed:
        found = {Path(name).stem: packed.extractfile(name) for name in sorted(packed.getnames())}
        archives = {name: file.read() for name, file in found.items() if file is not None}
    return archives | {path.name[:-6]: lzma.decompress(path.read_bytes()) for path in sorted(FOLDER.glob("*.db.xz"))}


def is_refused(name: str) -> bool:
    """Return whether a newer version refuses the archive."""
    return name.rpartition("-")[2] in REFUSED
