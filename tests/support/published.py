"""Published folders with edits, withdrawals, returns, changed links and hostile text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foreign_eyes.archive.database import open_archive
from foreign_eyes.feeds.publish import Target, publish
from support.settling import Column, entry, listing

HUB = "https://hub.example/?for=eyes"
TOPICS = {"Fruit & more": ["fruit*"], "茶": ["tea"], "Never": ["unheard of"]}


@dataclass(frozen=True)
class Edition:
    """A published folder and its base URL."""

    output: Path
    base_url: str
    archive: Path

    def names(self, *endings: str) -> list[str]:
        """Return the files with these suffixes, relative to the folder."""
        found = (path.relative_to(self.output).as_posix() for path in self.output.rglob("*") if path.is_file())
        return sorted(name for name in found if name.endswith(endings))

    def read(self, name: str) -> bytes:
        return (self.output / name).read_bytes()


# text that a feed must escape or survive: markup, section ends, bidirectional controls, other scripts, empty text
HOSTILE = (
    entry("]]> <script>alert(1)</script>", excerpt="A <b>bold</b> claim ]]> & <![CDATA[ more &lt;b&gt; &amp;nbsp;."),
    entry('"><img src=x onerror=alert(1)>', excerpt="</content></entry></feed> <!-- nobody closes this"),
    entry("\u202eright to left\u202c", excerpt="שלום עולם, \u202bمرحبا\u202c and back."),
    entry("中国知识产权 – 外媒", publication="日本経済新聞", excerpt="专利申请量增长了百分之七。"),
    entry("Plain news", publication="AT&T, S&P500 & Co."),
    entry("A rocket 🚀👩‍🚀 of tea", publication="Café & Sons <Ltd>", excerpt="🚀 " * 40),
    entry("S&P500, AT&T and Q&A5G", excerpt="R&D at S&P500 makes AT&T &copy of 5<7 &#39; more."),
    entry("See http://example.org/?a=1&b=2", excerpt="javascript:alert(1) & mailto:someone@example.org"),
    "|Le Monde|An excerpt whose attribution names no article of its own.|It has no title.",
    "No words at all|Der Spiegel||The column comments on what it does not quote.",
    "Only a title|Nikkei||",
    "|||Nothing is known of this one but its commentary.",
)


def many(count: int, first: int = 1) -> list[str]:
    subjects = ("fruit", "tea", "satellites", "violins", "turbines")
    papers = ("Le Monde", "The Straits Times", "Nikkei")
    return [
        entry(
            f"Number {n} on {subjects[n % 5]}",
            publication=papers[n % 3],
            excerpt=f"In town {n} somebody counts {n * 7} {subjects[n % 5]}.",
        )
        for n in range(first + count - 1, first - 1, -1)
    ]


def search_address(number: int) -> str:
    return f"http://search.example/{number}?a=1&b=2"


def search_link(number: int) -> str:
    return f"link|Patent Search|{search_address(number)}"


def edited(line: str, commentary: str) -> str:
    return f"{line.rpartition('|')[0]}|{commentary}"


def quiet(column: Column) -> None:
    """Crawl three entries that never change: the feed of changes stays empty."""
    column.crawl(listing(*many(3), search_link(1)))


def eventful(column: Column) -> None:
    """Crawl more entries than three feeds hold: edits, withdrawals, a return, other links."""
    lines = [*HOSTILE, *many(131)]
    column.crawl(listing(*lines, search_link(1)))
    newer = [*many(4, first=132), *lines]
    column.crawl(listing(*newer, search_link(1)))
    rewritten = [edited(line, f"Anew <b>{n}</b> & more.") if n % 9 == 0 else line for n, line in enumerate(newer)]
    column.crawl(listing(*rewritten, search_link(2)))
    for _ in range(2):
        column.crawl(listing(*rewritten[:3], *rewritten[4:-2], search_link(2)))
    column.crawl(listing(*newer[:3], *newer[4:-2], newer[-1]))


def busy(column: Column) -> None:
    """Crawl more edits of the same few entries than the feed of changes holds."""
    for turn in range(12):
        column.crawl(listing(*(edited(line, f"Turn {turn} of the wheel.") for line in many(6))))


EVENTS = {"quiet": quiet, "eventful": eventful, "busy": busy}


def published(folder: Path, name: str, base_url: str, *, hub: str | None = None, tombstones: bool = False) -> Edition:
    """Create an archive with this history and publish it."""
    target = Target(folder / "public", base_url, hub=hub, tombstones=tombstones, topics=TOPICS)
    with open_archive(folder / "archive.db") as db:
        column = Column(db, answers={search_address(number): 200 for number in (1, 2)})
        EVENTS[name](column)
        publish(db, column.source, target)
    return Edition(target.output, base_url, folder / "archive.db")
