"""Random titles, excerpts and commentaries for the simulated source, and edits of them.

Texts on different subjects differ as much as two newspaper articles; texts on one subject share names and phrases. Titles have
no commas and texts no dashes, so that the real parser reads them unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


def _words(text: str, between: str | None = None) -> list[str]:
    return [word.strip() for word in text.split(between)]


WORDS: dict[str, list[str]] = {
    "company": _words("""
        Huawei Alibaba Tencent Xiaomi Geely Lenovo Baidu Haier Midea Nio Oppo Vivo Meituan Didi Bytedance Hisense Sinopec
        Gree Foxconn Luckin Mobike Pinduoduo Kuaishou Megvii Sensetime Cambricon Horizon Wingtech Goertek Sunwoda Longi
        Trina Envision Goldwind Mindray Wuxi Hengrui Beigene Innovent Zoomlion Sany Hikvision Dahua Iflytek"""),
    "place": _words("""
        Shenzhen Hangzhou Wuhan Chengdu Suzhou Nanjing Xiamen Qingdao Dalian Harbin Kunming Guiyang Hefei Changsha Ningbo
        Wenzhou Dongguan Foshan Zhuhai Tianjin Chongqing Lanzhou Urumqi Lhasa Nanning Haikou Taiyuan Shenyang Zhengzhou
        Jinan Yiwu Shaoxing"""),
    "product": _words(
        """battery|robot|satellite|turbine|payment app|vaccine|telescope|smartphone|drone|chipset|electric bus|sensor
        |facial recognition system|quantum link|solar panel|bullet train|water purifier|microscope|gene test|loom|tyre
        |translation earpiece|delivery locker|bicycle lock|reactor|memory chip|antenna|camera|video game|porcelain glaze
        |rice strain|tea harvester|violin varnish|subway gate|supercomputer|cargo ship|tunnel borer|milk powder
        |surgical arm|school tablet""",
        "|",
    ),
    "quality": _words("""
        quiet cheap sturdy slender modest ambitious patient costly nimble local foreign public private early late crowded
        remote daring careful thrifty fragile durable precise rapid sober unlikely familiar ordinary complex elegant
        stubborn hidden open novel bright coastal rural urban provincial domestic global naïve"""),
    "thing": _words("""
        workshop laboratory orchard harbour library kitchen hospital warehouse market campus village station bridge
        factory museum theatre farm studio court ministry bank school garage foundry pharmacy bakery greenhouse archive
        depot embassy nursery printer tannery brewery dockyard clinic quarry mill observatory foundation café"""),
    "people": _words("""
        engineers farmers nurses investors regulators students lawyers drivers teachers examiners chemists pilots tailors
        miners dentists designers programmers surgeons architects retirees traders translators machinists botanists
        judges brokers cooks sailors painters founders"""),
    "deed": _words("""
        measured repaired licensed exported rebuilt tested doubled abandoned praised financed copied redesigned
        challenged delayed bought leased mapped shipped cooled painted welded patented certified insured recycled priced
        harvested printed borrowed renamed audited assembled"""),
    "idea": _words("""
        competition protection investment secrecy invention trade craftsmanship demand growth policy litigation talent
        supply design research confidence reputation ownership cooperation standards productivity logistics forecasting
        persistence royalties licensing brands quality enforcement safety"""),
    "time": _words(
        """last spring|in January|on Monday|three years ago|this summer|within a decade|overnight|after the holidays
        |in 2016|by early March|on Thursday evening|for the first time|since the autumn|before the fair|at the weekend
        |in the second quarter|last November|during the floods|a year later|in mid-July""",
        "|",
    ),
    "unit": _words(
        "million yuan|dollars a month|square metres|kilometres|patents|tonnes|households|shifts|orders|pages", "|"
    ),
}

PUBLICATIONS = _words(
    """CNN|Financial Times|Bloomberg|The Economist|Reuters|Forbes|The Guardian|Le Monde|Der Spiegel|The Straits Times
    |South China Morning Post|The New York Times|Wired|The Wall Street Journal|Nikkei Asian Review|BBC News|CNBC|Time
    |The Sydney Morning Herald|The Washington Post|USA Today|The Independent|MIT Technology Review|The Japan Times|Quartz
    |The Korea Herald|Les Echos|Handelsblatt|The Irish Times|Popular Science|The Diplomat|Business Insider""",
    "|",
)

TITLES = [
    "{company}'s {quality} {product} wins over {place} {people}",
    "How {place} {people} {deed} a {quality} {product}",
    "Inside the {quality} {thing} where {company} {deed} its {product}",
    "{company} bets on a {product} and a {quality} {thing}",
    "Why {people} in {place} fear the {quality} {product}",
    "A {quality} {product} for every {thing}: {company} in {place}",
    "From {thing} to {thing}: the {quality} rise of {company}",
    "China's {product} {people} look for {idea} and {idea}",
    "{place} turns a {quality} {thing} into a home for the {product}",
    "The {quality} {people} behind {company}'s {product}",
    "Can {company} sell its {product} to {quality} {people}?",
    "'It {deed} us all': {people} on the {product} of {place}",
    "{company} and the {quality} question of {idea}",
    "No {thing} without a {product}: {place} after {company}",
]

REPORTS = [
    "{company} {deed} its {quality} {product} {time}, and {people} in {place} say they noticed.",
    "At a {quality} {thing} outside {place}, {number} {people} wait for the {product} to be {deed}.",
    '"Nobody {deed} it before us," said one of the {people}, who asked not to be named.',
    "The {thing} spent {number} {unit} on it {time}, more than any {thing} nearby.",
    "Its {idea} has become the talk of {people} from {place} to {place}.",
    "Analysts put the cost at {number} {unit}, though the {quality} estimate leaves out {idea}.",
    "{time}, a {quality} rival {deed} something similar and lost {number} {unit}.",
    "Where a {thing} once stood, a {quality} {thing} now keeps {number} {people} busy.",
    "For {people}, the {product} is less a matter of {idea} than of {idea}.",
    "The {product} weighs as little as a {thing} key and was {deed} by {people} who had left {company}.",
    "Visitors to {place} find the {product} in every {quality} {thing}; few ask who {deed} it.",
    "It took {company} {number} attempts, a {quality} loan and the help of {people} from abroad.",
    "Critics call that {quality}; the {people} who {deed} it call it {idea}.",
    "{place}'s {thing} {deed} {number} of them {time} and has ordered {number} more.",
    "There is a catch: the {quality} {thing} that {deed} the parts has moved to {place}.",
    "Under the plan, {number} {people} will be trained in a {thing} that {company} {deed} {time}.",
    "Prices fell by {number} percent once {people} {deed} a {quality} version.",
    "Few expected a {thing} in {place} to matter for {idea}, least of all its {people}.",
    "{company} filed {number} applications for the {product}, most of them {time}.",
    "What began in a {quality} {thing} has {deed} the way {people} think of {idea}.",
    "The {product}, {deed} by hand, still fails one time in {number}.",
    "One {thing} keeps the {quality} prototype behind glass and shows it to {people} twice a week.",
    "Officials in {place} promise {idea}, {idea} and {number} {unit} for whoever comes next.",
    "By then the {people} of the {thing} had {deed} {number} {unit}.",
]

OPINIONS = [
    "The {product} shows how {company} values {idea} and {idea}.",
    "China has vigorously carried out its innovation-driven strategy, and {place} is a {quality} example of it.",
    "With {idea} protected, {quality} {people} dare to invest in the {product}.",
    "{company}'s persistence in {idea} will bring {people} more than convenience.",
    "Intellectual property is what turns a {quality} {thing} into a brand of its own.",
    "Such a {product} relies on {idea}, on {idea} and on a {quality} business climate.",
    "The {people} of {place} have {deed} what others only announced.",
    "A {quality} system of {idea} is the best {thing} for invention.",
    "It deserves notice that {people} abroad now look to {place} for {idea}.",
    "In the long run {idea} counts for more than a {quality} price.",
    "More {people} will profit once {company} has {deed} its patents abroad.",
    "Only those who respect {idea} can keep a {product} on the market.",
]

_LETTERS = re.compile(r"[A-Za-z]{5,}")
_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
_GAPS = re.compile(r"\w \w")


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a story; all articles of a story share it."""

    company: str
    place: str
    product: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of an article, regardless of white space and quotes: one wording for the oracle."""

    title: str
    publication: str
    excerpt: str
    commentary: str


class _Draw(dict[str, str]):
    """Fills each place in a template, half the time with words of the subject, else at random."""

    def __init__(self, random: Random, subject: Subject):
        super().__init__()
        self.random, self.subject = random, subject

    def __missing__(self, kind: str) -> str:
        if kind == "number":
            return str(self.random.randint(3, 990))
        if kind in ("company", "place", "product") and self.random.random() < 0.7:
            return str(getattr(self.subject, kind))
        return self.random.choice(WORDS[kind])


class Prose:
    """Writes and edits texts with one random generator; titles do not repeat by accident."""

    def __init__(self, random: Random):
        self.random = random
        self._titles: set[str] = set()

    def subject(self) -> Subject:
        return Subject(*(self.random.choice(WORDS[kind]) for kind in ("company", "place", "product")))

    def publication(self, other_than: str = "") -> str:
        return self.random.choice([name for name in PUBLICATIONS if name != other_than])

    def wording(self, subject: Subject) -> Wording:
        return Wording(self.title(subject), self.publication(), self.excerpt(subject), self.commentary(subject))

    def title(self, subject: Subject) -> str:
        return self.new_title(lambda: self._write(TITLES, subject))

    def new_title(self, write: Callable[[], str]) -> str:
        """Call `write` until it returns an unused title; return it."""
        while not self.take_title(title := write()):
            pass
        return title

    def take_title(self, title: str) -> bool:
        """Mark a title as used; return whether it was unused."""
        is_new = title not in self._titles
        self._titles.add(title)
        return is_new

    def excerpt(self, subject: Subject) -> str:
        return self._text(REPORTS, subject, self.random.randint(40, 100))

    def commentary(self, subject: Subject) -> str:
        return self._text(OPINIONS, subject, self.random.randint(20, 45))

    def typos(self, text: str, count: int = 1) -> str:
        """Return `text` with `count` letters swapped, dropped, doubled or replaced."""
        for _ in range(count):
            text = self._typo(text)
        return text

    def another_figure(self, text: str) -> str:
        """Return `text` with one figure changed, or unchanged if it has none."""
        figures = list(_FIGURES.finditer(text))
        if not figures:
            return text
        chosen = self.random.choice(figures)
        old = chosen.group()
        if "." in old or self.random.random() < 0.7:
            at = self.random.randrange(len(old))
            digits = [digit for digit in "123456789" if digit != old[at]]
            new = old[:at] + (self.random.choice(digits) if old[at].isdigit() else old[at]) + old[at + 1 :]
        else:
            new = f"{old}.{self.random.randint(1, 9)}"
        return text[: chosen.start()] + new + text[chosen.end() :]

    def another_word(self, text: str) -> str:
        """Return `text` with one word replaced."""
        words = text.split(" ")
        if len(words) > 1:
            words[self.random.randrange(len(words))] = self.random.choice(WORDS["quality"])
        return " ".join(words)

    def respaced(self, text: str) -> str:
        """Return `text` with one space removed or inserted: the same letters, other words."""
        if self.random.random() < 0.5 and (gaps := [found.start() for found in _GAPS.finditer(text)]):
            at = self.random.choice(gaps) + 1
            return text[:at] + text[at + 1 :]
        words = list(_LETTERS.finditer(text))
        if not words:
            return text
        word = self.random.choice(words)
        at = self.random.randrange(word.start() + 2, word.end() - 2)
        return f"{text[:at]} {text[at:]}"

    def almost(self, text: str) -> str:
        """Return the commentary of a near-twin: `text` with one or two words replaced."""
        words = text.split(" ")
        for _ in range(self.random.randint(1, 2)):
            words[self.random.randrange(len(words))] = self.random.choice(WORDS["idea"])
        changed = " ".join(words)
        return changed if changed != text else self._typo(text)

    def _typo(self, text: str) -> str:
        word = self.random.choice(list(_LETTERS.finditer(text)) or list(re.finditer(r"\w{2,}", text)))
        at = self.random.randrange(word.start(), word.end() - 1)
        one, two = text[at], text[at + 1]
        changed = self.random.choice([two + one, one, one + one + two, one + self.random.choice("aeioutsn")])
        result = text[:at] + changed + text[at + 2 :]
        # a difference in letter case alone is not another spelling of a publication
        return result if result.casefold() != text.casefold() else self._typo(text)

    def _text(self, templates: list[str], subject: Subject, words: int) -> str:
        sentences: list[str] = []
        for template in self.random.sample(templates, len(templates)):
            if sum(len(sentence.split()) for sentence in sentences) >= words:
                break
            sentences.append(self._write([template], subject))
        return " ".join(sentences)

    def _write(self, templates: list[str], subject: Subject) -> str:
        text = self.random.choice(templates).format_map(_Draw(self.random, subject))
        return text[0].upper() + text[1:]


def styled(text: str, style: int) -> str:
    """Return `text` in one of the `STYLES` of white space, quotes and dashes that do not count."""
    return _STYLES[style](text)


def plain(text: str) -> str:
    """Return `text` without a style: for comparison by the oracle, independent of the archive."""
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).replace(" — ", "--"))
    return text.translate(str.maketrans("“”’", '""\''))


_FULL_WIDTH = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
_STYLES: list[Callable[[str], str]] = [
    str,
    lambda text: re.sub(r'"([^"]*)"', "“\\1”", text).replace("'", "’"),
    lambda text: text.replace(". ", ".  "),
    lambda text: text.replace(" the ", " the\u00a0"),
    lambda text: text.replace(" a ", " \n a "),
    lambda text: text.replace(" — ", "--").replace("fi", "ﬁ").replace("fl", "ﬂ"),
    lambda text: text.translate(_FULL_WIDTH),
    lambda text: unicodedata.normalize("NFD", text),
]

STYLES = len(_STYLES)
