"""Make a small archive with the tables of a checkout, for the tests of upgrades.

    python tests/data/archives/make.py NAME [CHECKOUT]

A listing is served and crawled four times: it gains an entry, an entry is edited, and one is withdrawn. Do this before a
migration changes the tables, or with an older checkout.
"""

from __future__ import annotations

import lzma
import os
import re
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from support.listing_server import ListingServer  # noqa: E402 - the path is set above
from support.listings import LISTING, make_entries, make_site  # noqa: E402

# an editable installation would come before the checkout: start without it
RUN = (
    "import sys; sys.path[:0] = {paths!r}; sys.argv[0] = 'foreign-eyes'; from {module} import {function} as run; run()"
)


def run(checkout: Path, folder: Path, *arguments: str) -> None:
    """Run a command of the checkout in the folder."""
    found = re.search(r'^foreign-eyes = "(.+):(.+)"$', (checkout / "pyproject.toml").read_text(), re.MULTILINE)
    assert found, checkout
    paths = [str(checkout), sysconfig.get_path("purelib")]
    code = RUN.format(paths=paths, module=found[1], function=found[2])
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-P", "-S", "-W", "ignore", "-c", code, *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def fill(checkout: Path, folder: Path) -> None:
    """Crawl and publish the listing while it changes."""
    first = make_entries(6)
    edited = [make_entries(1, 7)[0], *first]
    edited[2] = replace(edited[2], commentary=edited[2].commentary.replace("shows", "shows to everybody"))
    shorter = [*edited[:4], *edited[5:]]
    with ListingServer() as server:
        for entries in (first, edited, shorter, shorter):
            server.site = make_site(entries)
            run(checkout, folder, "crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--quiet")
            run(checkout, folder, "publish", "--output", "site", "--base-url", "https://town.example/", "--quiet")


def main() -> None:
    """Write NAME.db.xz beside this file."""
    name, *rest = sys.argv[1:]
    checkout = Path(rest[0]).resolve() if rest else HERE.parent.parent.parent
    with tempfile.TemporaryDirectory() as folder:
        fill(checkout, Path(folder))
        archive = Path(folder) / "archive.db"
        with closing(sqlite3.connect(archive)) as connection:
            connection.execute("VACUUM")
        data = lzma.compress(archive.read_bytes(), preset=9 | lzma.PRESET_EXTREME)
        (HERE / f"{name}.db.xz").write_bytes(data)
    sys.stdout.write(f"{name}: {len(data)} bytes\n")


if __name__ == "__main__":
    main()
