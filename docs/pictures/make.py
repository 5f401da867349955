"""Make the pictures of the README: `.venv/bin/python docs/pictures/make.py`.

The sample is crawled, published and served from a temporary folder. Chromium takes the picture of an entry's page, and newsboat
shows the feed in a terminal of tmux, whose screen becomes an SVG. Needs the packages of `make test`, and the programs chromium,
newsboat and tmux.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

PICTURES = Path(__file__).resolve().parent
CHECKOUT = PICTURES.parent.parent
COLUMNS, LINES = 100, 26
WINDOW, SCALE = "1000,1000", 0.8
LARGEST = 120_000  # bytes
PAGE, FEED = "entry-page.png", "feed-in-newsboat.svg"
# an entry that the sample edits twice in its first five days
ENTRY = "far side of the moon"
# rich's own format loads a font from elsewhere, which a picture in a page may not
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; line-height: {line_height}px; }}
{styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def main() -> None:
    """Make each picture, and fail if one is too large for the repository."""
    with tempfile.TemporaryDirectory(prefix="foreign-eyes-pictures-") as name, served(Path(name)) as address:
        photograph(f"{address}entries/{entry_id(Path(name))}/", PICTURES / PAGE, Path(name))
        screen = newsboat_screen(f"{address}atom.xml", Path(name) / "newsboat")
        (PICTURES / FEED).write_text(as_svg(screen, "newsboat"), encoding="utf-8")
    for picture in (PAGE, FEED):
        size = (PICTURES / picture).stat().st_size
        print(f"{picture}: {size:,} bytes")
        if size > LARGEST:
            sys.exit(f"{picture} has more than {LARGEST:,} bytes: make the window smaller")


def foreign_eyes(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command of this checkout in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "foreign_eyes", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "XDG_CONFIG_HOME": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )


def entry_id(folder: Path) -> int:
    """Return the id of the entry that is shown."""
    printed, _ = foreign_eyes(folder, "history", ENTRY, "--json").communicate(timeout=60)
    return int(json.loads(printed)["entry_id"])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the published sample; yield its address."""
    foreign_eyes(folder, "up", "--no-serve", "--quiet").communicate(timeout=300)
    server = foreign_eyes(folder, "serve", "--port", "0")
    try:
        assert server.stdout
        found = (re.search(r"pages +(http://\S+)", line) for line in server.stdout)
        yield next(match[1] for match in found if match)
    finally:
        server.terminate()
        server.wait(timeout=30)


def photograph(address: str, picture: Path, folder: Path) -> None:
    """Take the picture of a page as Chromium shows it."""
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder / 'chromium'}"]
    options += [f"--window-size={WINDOW}", f"--force-device-scale-factor={SCALE}", f"--screenshot={picture}"]
    subprocess.run(["chromium", *options, address], check=True, capture_output=True, timeout=120)


def newsboat_screen(feed: str, folder: Path) -> str:
    """Return the screen of newsboat with the feed's entries, with escape codes for colours."""
    folder.mkdir()
    (folder / "urls").write_text(f"{feed}\n")
    (folder / "config").write_text("color listnormal_unread default default bold\n")
    tmux = ["tmux", "-f", "/dev/null", "-S", str(folder / "tmux")]
    newsboat = f"env HOME={folder} LC_ALL=C.UTF-8 newsboat -r -C {folder}/config -u {folder}/urls -c {folder}/cache"
    size = ["-x", str(COLUMNS), "-y", str(LINES)]
    subprocess.run([*tmux, "-u", "new-session", "-d", *size, newsboat], check=True, timeout=30)
    try:
        time.sleep(6)  # newsboat fetches the feed
        subprocess.run([*tmux, "send-keys", "Enter"], check=True, timeout=30)
        time.sleep(2)
        shown = subprocess.run([*tmux, "capture-pane", "-e", "-p"], check=True, capture_output=True, timeout=30)
    finally:
        subprocess.run([*tmux, "kill-server"], check=True, timeout=30)
    return shown.stdout.decode()


def as_svg(screen: str, title: str) -> str:
    """Return a terminal's screen as an SVG that loads nothing from elsewhere."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, legacy_windows=False)
        console.print(Text.from_ansi(screen.rstrip("\n")), crop=True, no_wrap=True)
        return console.export_svg(title=title, theme=SVG_EXPORT_THEME, code_format=SVG, unique_id="newsboat")


if __name__ == "__main__":
    main()
