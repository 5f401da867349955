"""Text that many entries share: agency and yearly reports, stock excerpts and commentaries.

An agency report is one sentence that says what happened, between sentences that the agency prints under every report of
its kind. A yearly report is the same text every year with other figures. None of the shared text identifies an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from simulation.prose import WORDS, Prose, Subject, Wording

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]


@dataclass(frozen=True, slots=True)
class Agency:
    """One kind of agency report: `lead` and `title` vary, the rest is the same every time."""

    publication: str
    title: str
    lead: str
    boilerplate: str


_COURT = (
    "The ruling is the latest in a series of decisions that show how fast intellectual property litigation is growing."
    " Neither company answered questions sent by electronic mail outside office hours."
    " The defendant has fifteen days to lodge an appeal with the higher people's court."
    " Damages in such cases have risen since the law on patents was last amended."
)
_COURT_BRIEF = (
    "The court published the judgment on its website. Lawyers for both sides declined to comment on the decision."
    " The parties may appeal within fifteen days of receiving it. Specialised courts heard a record number of such cases."
)
_RESULTS = (
    "The figures were in line with the forecasts of most analysts."
    " The company repeated its guidance for the full year and said that it would go on investing in research."
    " Shares in the company had risen faster than the benchmark index before the announcement."
    " The results have not been audited and were published after the close of trading."
)
_STATISTICS = (
    "The numbers were released by the intellectual property office at a regular press conference."
    " Invention patents need a substantive examination and are seen as a measure of technological strength."
    " Utility models and designs are registered without one and were not part of the count."
    " The office has promised to shorten the average time of examination further."
)

AGENCIES = [
    Agency(
        "Xinhua",
        "{place} court rules for {rival} in {product} case",
        "{place_caps}, {day} — A court in {place} has ordered {company} to pay damages to its rival {rival} for infringing a"
        " patent on a {quality} {product}, the official news agency reported on {day}.",
        _COURT,
    ),
    Agency(
        "Reuters",
        "{company} loses {product} suit against {rival} in {place}",
        "{place_caps}, {day} — A court in {place} has ordered {company} to pay {number} million yuan to its rival {rival} in a"
        " dispute over a {product} patent.",
        _COURT,
    ),
    Agency(
        "Kyodo News",
        "Judges in {place} side with {rival} over {product}",
        "The intermediate court in {place} found on {day} that {company} had copied the {quality} {product} of {rival}.",
        _COURT_BRIEF,
    ),
    Agency(
        "Reuters",
        "{company} profit beats forecasts on {product} sales",
        "{company} said on {day} that net profit rose {number} percent to {number} million yuan in the quarter, helped by"
        " sales of its {product} in {place}.",
        _RESULTS,
    ),
    Agency(
        "Bloomberg",
        "{company} reports higher revenue as {product} demand grows",
        "Revenue at {company} climbed {number} percent to {number} million yuan as demand for its {quality} {product} grew"
        " in {place}, the company told the exchange on {day}.",
        _RESULTS,
    ),
    Agency(
        "Xinhua",
        "{place} sees patent filings for the {product} surge",
        "{place_caps}, {day} — Applicants in {place} filed {number} patents for the {product} in the first half of the year,"
        " led by {company} with {number}.",
        _STATISTICS,
    ),
    Agency(
        "China Daily",
        "{company} leads {place} in {product} patents",
        "{company} was granted {number} invention patents for the {product} last year, more than any other applicant in"
        " {place}, figures published on {day} show.",
        _STATISTICS,
    ),
]

STOCK_COMMENTARIES = [
    "Innovation is the first force that drives development, and intellectual property protection is what secures innovation.",
    (
        "China's capacity for independent innovation keeps improving, and its protection of intellectual property is recognised"
        " around the world."
    ),
    (
        "Strict protection of intellectual property improves the business environment and encourages enterprises at home and"
        " abroad to invest in research."
    ),
    "The court treats domestic and foreign parties alike, which shows the resolve of China to protect intellectual property.",
    "Chinese enterprises are turning from followers into leaders, and their brands are winning the trust of consumers.",
    "It is worth learning from.",
    "Good news for inventors.",
]

STOCK_EXCERPTS = [
    "The complete text of this article is open to subscribers of the printed edition only.",
    "This content is not available in your region. Please visit our website for other offers.",
    "Sign in to go on reading. New readers get the first month for one dollar, and can cancel at any time.",
]

STANDING_TITLES = [
    ("Editorial", "China Daily"),
    ("The world this week", "The Economist"),
    ("Letters to the editor", "Financial Times"),
    ("Technology briefing", "The New York Times"),
    ("Patents of the month", "Wired"),
]


@dataclass(frozen=True, slots=True)
class Yearly:
    """A yearly report, whose editions differ only in figures."""

    title: str
    publication: str
    excerpt: str
    commentary: str


YEARLY = [
    Yearly(
        "China stays ahead in international patent filings",
        "Reuters",
        "Applicants from China filed {n} international patent applications in {year}, {p} percent more than the year before,"
        " ahead of the United States with {n}, the World Intellectual Property Organization said. Asia accounted for {p}"
        " percent of all filings.",
        STOCK_COMMENTARIES[1],
    ),
    Yearly(
        "Global brand ranking: Chinese names climb again",
        "Forbes",
        "{m} Chinese brands are among the five hundred most valuable of {year}, worth {n} billion dollars together, after {m}"
        " a year earlier. Technology and banking lead the list, with {m} and {m} names.",
        STOCK_COMMENTARIES[4],
    ),
    Yearly(
        "Innovation index puts China among the leaders",
        "Bloomberg",
        "China takes place {m} in the {year} edition of the index, with {p} points of a hundred. The report compares {n}"
        " indicators of {m} economies, from research spending to patents in force.",
        STOCK_COMMENTARIES[0],
    ),
    Yearly(
        "Survey of foreign firms finds more trust in courts",
        "Financial Times",
        "Of {n} companies that answered in {year}, {p} percent said that the protection of intellectual property had improved,"
        " and {p} percent that it had become worse. {m} of them had gone to court themselves.",
        STOCK_COMMENTARIES[2],
    ),
]


def agency_of(wording: Wording) -> Agency | None:
    """Return the agency whose boilerplate an excerpt has, or None."""
    return next((agency for agency in AGENCIES if agency.boilerplate in wording.excerpt), None)


def edition_of(wording: Wording) -> int | None:
    """Return the number of the yearly report of which `wording` is an edition, or None."""
    name = (wording.title, wording.publication)
    return next((number for number, one in enumerate(YEARLY) if (one.title, one.publication) == name), None)


class Boilerplate:
    """Writes wordings that share most of their text with others."""

    def __init__(self, prose: Prose):
        self._prose, self._random = prose, prose.random
        self._figures_used: dict[str, set[str]] = {}

    def agency_report(self, subject: Subject) -> Wording | None:
        """Return an agency report, mostly with a stock commentary; None if its title is taken."""
        agency = self._random.choice(AGENCIES)
        facts = _Facts(self._random, subject)
        title = agency.title.format_map(facts)
        if not self._prose.take_title(title):
            return None
        return Wording(
            title,
            agency.publication,
            f"{agency.lead.format_map(facts)} {agency.boilerplate}",
            self._commentary(subject, stock=0.6),
        )

    def yearly_report(self, number: int) -> Wording:
        """Return the next edition of a yearly report, with figures that no earlier edition had."""
        report = YEARLY[number % len(YEARLY)]
        figures = _Figures(self._random, self._figures_used.setdefault(report.title, set()))
        return Wording(report.title, report.publication, report.excerpt.format_map(figures), report.commentary)

    def stock_excerpt(self, subject: Subject) -> Wording:
        """Return an article whose excerpt is a notice for subscribers."""
        return Wording(
            self._prose.title(subject),
            self._prose.publication(),
            self._random.choice(STOCK_EXCERPTS),
            self._commentary(subject, stock=0.4),
        )

    def stock_commentary(self, subject: Subject) -> Wording:
        """Return an article with a stock commentary."""
        return Wording(
            self._prose.title(subject),
            self._prose.publication(),
            self._prose.excerpt(subject),
            self._random.choice(STOCK_COMMENTARIES),
        )

    def standing_title(self, subject: Subject) -> Wording:
        """Return an article with the recurring title of a newspaper column."""
        title, publication = self._random.choice(STANDING_TITLES)
        return Wording(title, publication, self._prose.excerpt(subject), self._commentary(subject, stock=0.5))

    def little_text(self, subject: Subject) -> Wording:
        """Return an article that lacks its excerpt, its commentary or both."""
        lacks_excerpt, lacks_commentary = self._random.choice(
            [(True, False), (True, False), (False, True), (True, True)]
        )
        return Wording(
            self._prose.title(subject),
            self._prose.publication(),
            "" if lacks_excerpt else self._prose.excerpt(subject),
            "" if lacks_commentary else self._prose.commentary(subject),
        )

    def _commentary(self, subject: Subject, *, stock: float) -> str:
        if self._random.random() < stock:
            return self._random.choice(STOCK_COMMENTARIES)
        return self._prose.commentary(subject)


class _Facts(dict[str, str]):
    """The facts of an agency report: firms, goods and city of the subject, the rest at random."""

    def __init__(self, random: Random, subject: Subject):
        super().__init__()
        self._random = random
        rivals = [name for name in WORDS["company"] if name != subject.company]
        self.update(
            rival=random.choice(rivals),
            day=random.choice(DAYS),
            company=subject.company,
            place=subject.place,
            product=subject.product,
        )
        self["place_caps"] = subject.place.upper()

    def __missing__(self, kind: str) -> str:
        return str(self._random.randint(3, 990)) if kind == "number" else self._random.choice(WORDS[kind])


class _Figures(dict[str, str]):
    """Figures for a yearly report that no earlier edition had."""

    def __init__(self, random: Random, used: set[str]):
        super().__init__()
        self._used = used
        self._draws: dict[str, Callable[[], str]] = {
            "n": lambda: f"{random.randint(10, 99)},{random.randint(100, 999)}",
            "p": lambda: f"{random.randint(2, 97)}.{random.randint(1, 9)}",
            "m": lambda: str(random.randint(101, 999)),
        }

    def __missing__(self, kind: str) -> str:
        if kind == "year":
            years = [int(figure) for figure in self._used if figure.isdigit() and len(figure) == 4]
            figure = str(max(years, default=2014) + 1)
        else:
            while (figure := self._draws[kind]()) in self._used:
                pass
        self._used.add(figure)
        return figure
