"""Articles that share text: agency reports, paywall notices, stock commentaries."""

from __future__ import annotations

from foreign_eyes.listing.values import ListedEntry
from support.articles import article

GOOD_NEWS = (
    "A sound system of protection is the best soil for inventions of every kind, and this case shows it once more."
)
NOTICE = "The full article can be read by those who hold a library card of the harbour district."


def verdict(city: str, winner: str, loser: str, goods: str, day: str, commentary: str = GOOD_NEWS) -> ListedEntry:
    """Return a court report: boilerplate except for names, goods and day."""
    return article(
        f"{city} judges side with {winner} over {goods}",
        "Harbour Press Agency",
        f"{city.upper()}, {day} (HPA) - Judges in {city} told {loser} on {day} to stop selling {goods} that copy a design of"
        f" {winner}, its smaller rival. The decision follows a series of similar ones that observers take for a sign of a"
        " more confident bench. Lawyers of both sides declined to answer questions by telephone. An appeal is possible"
        " within a fortnight, a clerk of the chamber said.",
        commentary,
    )


def quarter(firm: str, period: str, revenue: str, profit: str, share: str) -> ListedEntry:
    """Return a report on a firm's results; its wording never varies."""
    return article(
        f"{firm} results for the {period} quarter",
        "Ledger Wire",
        f"{firm} earned {profit} million crowns on revenue of {revenue} million in the {period} quarter, the instrument"
        f" maker said in a filing. Licences made up {share} percent of the total. The figures have not been audited, and"
        " the company gave no outlook for the rest of the year.",
        "Licences have become a pillar of the business, which shows what a patent is worth.",
    )


def counted(year: str, filed: str, granted: str) -> ListedEntry:
    """Return a yearly report: same title, same commentary, other figures."""
    return article(
        "Patent filings in figures",
        "The Harbour Post",
        f"In {year} inventors of the province filed {filed} applications, of which {granted} were granted before the year"
        " was out, the regional office said in its annual bulletin, which lists every one of them.",
        "The bulletin speaks for itself: the province has found its feet in matters of invention.",
    )


VERDICTS = (
    verdict("Ostrava", "Tatra Looms", "Vesna", "shuttles", "Tuesday"),
    verdict("Gdynia", "Baltic Pumps", "Orkan", "valves", "Friday", "Pumps need patents as much as water."),
    verdict("Trieste", "Adria Optics", "Luce", "lenses", "Monday", "Light knows no borders, but designs do."),
    verdict("Porto", "Douro Cork", "Rolha", "stoppers", "Thursday"),
    verdict(
        "Bergen", "Nordlys", "Fjord Lamps", "lanterns", "Wednesday", "Even a lantern deserves its inventor's name."
    ),
)
