"""Attribution lines in every style, with known and unknown publications."""

from __future__ import annotations

from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.listing.parser import normalise_publication, split_attribution
from foreign_eyes.listing.parser.publications import KNOWN_KEYS, name_key

TITLES = (
    "How a River Town Learned to Build Batteries",
    "China's quiet revolution in battery recycling",
    "Why Shenzhen's makers no longer copy",
    "Huawei, Xiaomi, Oppo",
    "The phone makers to watch: Huawei, Xiaomi, Oppo",
    "Huawei, Xiaomi and Oppo push into Europe",
    "Goods Made in China, by Robots",
    "Chipmaker Hit by US Ban",
    "Hit by tariffs, exporters look inward",
    "A Quieter Megacity, Thanks to Electric Buses",
    "Inside China's Silicon Valley",
    "Patents. Trademarks. Now What",
    "The $30bn shopping day, explained",
    "Tencent pays €5.6bn for a game studio",
    "Drones over rice: farming, but faster",
    '"Made in China" grows up',
    "From copycat to pioneer — the long march of a chip maker",
    "Beijing, Shanghai and Shenzhen compete for talent",
    "Moon Rover Wakes, Sends Pictures Home",
    "More than 1,000 cities want smart traffic lights",
    "In 2025, half of new cars may be electric",
    "Facial Recognition Comes to the Zoo — This Time for Pandas",
    "Trade secrets, open labs",
    "China Bets Big on Quantum",
    "A court for patents",
    "The ancient art of paper cutting meets the laser",
    "U.S. Firms Still Want In",
    "Can't stop, won't stop: the rise of short video",
    "Tradition's voice",
    "Robots Serve Noodles in Chengdu",
    "Cashless in Hangzhou: a week without coins",
    "High-speed rail under the sea? China says yes",
    "Startups Are Leaving, Coming Back, Leaving Again",
    "The Sun Never Sets on Chinese Solar",
    "Daily Bread: how an app feeds Chongqing",
    "One Belt, One Road, One Standard",
    "Alipay, WeChat Pay Go Abroad",
    "Who owns a melody",
    "Vaccines, Pandas, Trains",
    "A Star Is Born in Guizhou",
)
UNKNOWN = (
    "Kvartal",
    "The Ljubljana Ledger",
    "Le Courrier du Midi",
    "Der Morgenkurier",
    "El Faro de Vigo",
    "Neue Donauzeitung",
    "Jutland Evening Post",
    "la Tribuna",
    "Revista de Economía",
    "Baltic Business & Finance",
    "Oslo Tech Review",
    "O Estado do Norte",
    "Världen",
    "IPR Weekly",
    "The Northern Chronicle of Science",
    "KTBX",
    "21Labs",
    "Silicon Fen",
    "U.K. Patent & Design Report",
    "Pacific Rim Observer",
    "Gazeta Bałtycka",
    "Voice of Anatolia",
    "InventHer",
    "The Wellington Mail",
    "Rund um Technik",
    "DeepGreen",
    "Het Avondblad",
    "Il Ponte",
    "Trondheim Today",
    "The Fen",
    "Cape Argonaut",
    "Ideas & Industry",
    "Hokkaido Shimbun",
    "Maghreb Daily",
    "Ciência Aberta",
    "The Prague Independent",
    "Harbour Wire",
    "Nordic Patent Journal",
    "Die Brücke",
    "MakerWorld",
)
STYLES = (
    "——{t}, by {p}",
    "——{t},by {p}",
    "——{t}, {p}",
    "——{t},{p}",
    "——{t}? {p}",
    "——{t}? by {p}",
    "——{t}, by {p}.",
    "——{p}, {t}",
)


def crossed(step: int, publications: tuple[str, ...] = UNKNOWN) -> list[tuple[str, str, str]]:
    """Return 320 lines with their parts: every title in every style."""
    names = islice(cycle(publications), step, None)
    lines = []
    for style in STYLES:
        for title, name in zip(TITLES, names, strict=False):
            asked = "?" in style
            lines.append((style.format(t=title, p=name), title + "?" * asked, normalise_publication(name)))
        next(names)
    return lines


def test_the_publications_of_these_tests_are_unknown() -> None:
    assert not {name_key(name) for name in UNKNOWN} & KNOWN_KEYS


@pytest.mark.parametrize("step", range(len(UNKNOWN)))
def test_at_least_317_of_320_attributions_with_unknown_publications_are_split_correctly(step: int) -> None:
    lines = crossed(step)
    wrong = [
        (line, split_attribution(line)) for line, *expected in lines if list(split_attribution(line)[:2]) != expected
    ]
    assert len(lines) == 320
    assert len(wrong) <= 3, wrong


REAL = tuple(
    """Le Monde;Der Spiegel;El País;Süddeutsche Zeitung;The Straits Times;The Times of India;MIT Technology Review;la Repubblica
    South China Morning Post;Rest of World;Asahi Shimbun;TechCrunch;36Kr;Wired UK;Corriere della Sera;U.S. News & World Report
    Ars Technica;Nature;Science;Time;Quartz;The Verge;Handelsblatt;Financial Times;BBC;CNN;Fast Company;The Hill;Sixth Tone
    Nikkei Asian Review;Folha de S.Paulo;Dagens Nyheter;Jyllands-Posten;NRC;De Standaard;Caixin Global;Barron's;France 24
    The Sydney Morning Herald;Rolling Stone""".replace("\n    ", ";").split(";")
)


@pytest.mark.parametrize("known", [KNOWN_KEYS, ()], ids=["with the list", "without any list"])
def test_at_least_317_of_320_attributions_of_real_publications_are_split_correctly(known: frozenset[str]) -> None:
    for step in range(0, len(REAL), 4):
        lines = crossed(step, REAL)
        wrong = [line for line, *expected in lines if list(split_attribution(line, known)[:2]) != expected]
        assert len(wrong) <= 3, wrong


@pytest.mark.parametrize(
    ("line", "title", "publication"),
    [
        ('——Inside "Made in Shenzhen," by Le Monde', 'Inside "Made in Shenzhen"', "Le Monde"),
        ('——"Made in Shenzhen," Le Monde', '"Made in Shenzhen"', "Le Monde"),
        ("——“Made in Shenzhen,” by Le Monde.", "“Made in Shenzhen”", "Le Monde"),
        ("—— Tea\u00a0Goes Digital , by\u00a0the New York Times", "Tea Goes Digital", "The New York Times"),
        ("--Tea Goes Digital, NIKKEI", "Tea Goes Digital", "Nikkei"),
        ("― ―Tea Goes Digital，by financial times", "Tea Goes Digital", "Financial Times"),
        ("(Tea Goes Digital,by CNN.)", "Tea Goes Digital", "CNN"),
        ("——Forbes Names Its Fabulous Fifty, Forbes", "Forbes Names Its Fabulous Fifty", "Forbes"),
        (
            "——Reuters, Bloomberg and the race to cover tea, Le Monde",
            "Reuters, Bloomberg and the race to cover tea",
            "Le Monde",
        ),
        ("——Hit by US Ban, Reuters", "Hit by US Ban", "Reuters"),
        ("——Tea for 1,000,000 by Reuters", "Tea for 1,000,000", "Reuters"),
        ("——A Year in Tea 2025,36Kr", "A Year in Tea 2025", "36Kr"),
        ("——Tea and Trade (Reuters)", "Tea and Trade", "Reuters"),
        ("——Nature, Nurture and Tea, Der Morgenkurier", "Nature, Nurture and Tea", "Der Morgenkurier"),
        ("——Tea Goes Digital, by U.S. News & World Report", "Tea Goes Digital", "US News & World Report"),
    ],
)
def test_titles_keep_punctuation_and_publications_get_their_known_name(line: str, title: str, publication: str) -> None:
    assert split_attribution(line) == (title, publication, ())


@pytest.mark.parametrize(
    "line",
    [
        "——Tea Goes Digital",
        "——China takes the West, by surprise",
        "——A new app takes off, as others fall, again",
        "——Kvartal, Vaccines, Trains",
        "——",
        "",
        "——, by",
        "——,,,,",
    ],
)
def test_an_ambiguous_line_is_not_split_and_is_flagged(line: str) -> None:
    split = split_attribution(line)
    assert (split.title, split.publication) == (None, None)
    assert "attribution not split" in split.flags


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("financial times", "Financial Times"),
        ("NIKKEI", "Nikkei"),
        ("the New York Times", "The New York Times"),
        ("New York Times", "The New York Times"),
        ("Bloomberg", "Bloomberg"),
        ("Bloomberg news", "Bloomberg News"),
        ("Bloomberg Businessweek.", "Bloomberg Businessweek"),
        ("the Ljubljana  Ledger.", "The Ljubljana Ledger"),
        ("Kvartal", "Kvartal"),
    ],
)
def test_spellings_of_a_publication_get_one_name(written: str, kept: str) -> None:
    assert normalise_publication(written) == kept
    assert normalise_publication(kept) == kept


@given(
    st.text(max_size=120)
    | st.lists(st.sampled_from([*'——,?."( by', "Le", "tea", " by ", ", ", "CNN"]), max_size=40).map("".join)
)
def test_no_line_raises_and_title_and_publication_are_both_set_or_both_none(line: str) -> None:
    title, publication, flags = split_attribution(line)
    assert (title is None) == (publication is None) == bool(flags)
    normalise_publication(line)
