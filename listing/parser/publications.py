"""Press names that the parser knows, and the one name that each publication is kept under.

The list helps, it never limits: a name that is missing here is judged by its looks. Bloomberg,
Bloomberg News and Bloomberg Businessweek are three publications.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from types import MappingProxyType

from foreign_eyes.listing.parser.invisible_characters import without_invisible

# Each publication with its aliases. Letter case, full stops, "&" or "and", and a leading "The" make no alias.
_TABLE = """
36Kr; 9to5Mac; ABC News; The Age; Agence France-Presse = AFP; Al Jazeera; Ars Technica; Asahi Shimbun; Asia Times
Asian Review; Associated Press = AP; The Atlantic; The Australian; The Australian Financial Review; Automotive News
Axios; The Bangkok Post; Barron's; BBC; BBC News; Bloomberg; Bloomberg Businessweek = Businessweek; Bloomberg News
Bloomberg Opinion; The Boston Globe; Business Insider; Business Standard; Business Times; BusinessWorld
BuzzFeed News; Caixin; Caixin Global; CBC; CBC News; CBS News; Channel NewsAsia = CNA; China Daily; China Law Blog
Chosun Ilbo; The Christian Science Monitor; CNBC; CNET; CNN; CNN Business; CNN Money = CNNMoney; Computerworld
The Conversation; Corriere della Sera; The Daily Beast; Daily Mail; Daily Telegraph; Der Spiegel
Deutsche Welle = DW; Die Welt; Die Zeit; Digital Trends; The Diplomat; The Economic Times; The Economist; EE Times
El Mundo; El País = El Pais; Engadget; Entrepreneur; Euronews; Evening Standard; Expansión; Fast Company
The Financial Express; Financial Times = FT; Forbes; Forbes Asia; Foreign Affairs; Foreign Policy; Fortune
Fox Business; Fox News; France 24; Frankfurter Allgemeine Zeitung = FAZ; GeekWire; Gizmodo; Global Times
The Globe and Mail; The Guardian; Handelsblatt; Harvard Business Review; The Hill; The Hindu; Hindustan Times
Hong Kong Free Press; Houston Chronicle; The Huffington Post; HuffPost = Huffington Post; IAM; IEEE Spectrum
Il Sole 24 Ore; Inc.; The Independent; The Indian Express; The Information; Inkstone; International Business Times
IPWatchdog; The Irish Times; Izvestia; The Jakarta Post; The Japan Times; The Jerusalem Post; JoongAng Ilbo
Khaleej Times; Kommersant; The Korea Herald; The Korea Times; Kyodo News = Kyodo; La Repubblica; La Stampa
La Vanguardia; The Lancet; Le Figaro; Le Monde; Les Echos; Libération; Live Science; The Local; Los Angeles Times
Mainichi Shimbun; Managing IP; MarketWatch; Mashable; The Mercury News; Mint; MIT Technology Review; Monocle
The Moscow Times; Mother Jones; The Motley Fool; The Nation; The National; National Geographic; National Post
Nature; Nature Biotechnology; Nature News; NBC News; Neue Zürcher Zeitung = NZZ; New Scientist; New York Post
The New York Times = NYT; The New Yorker; Newsweek; The Next Web; NHK; NHK World; Nikkei; Nikkei Asia
Nikkei Asian Review; NPR; The Observer; PC Magazine = PCMag; PC World; Politico; Popular Mechanics; Popular Science
ProPublica; Quartz; The Register; Rest of World; Reuters; RT; The San Francisco Chronicle; Science
Scientific American; The Scotsman; The Seattle Times; Semafor; Sixth Tone; Sky News; Slate; Smithsonian Magazine
South China Morning Post = SCMP; SpaceNews; The Spectator; Sputnik; The Standard; The Star; The Straits Times; Stuff
The Sun; The Sydney Morning Herald; Süddeutsche Zeitung; Tech in Asia; TechCrunch; TechNode; Technology Review
TechRadar; The Telegraph; Time; The Times; The Times of India; Toronto Star; US News & World Report; USA Today
Vanity Fair; Variety; VentureBeat; The Verge; Vice; Vice News; VOA = Voice of America; Vox
The Wall Street Journal = WSJ; The Washington Post; The Week; Wired; Wired UK; Xinhua; Yahoo Finance; Yahoo News
Yicai Global; Yomiuri Shimbun; Yonhap = Yonhap News; ZDNet
"""
# With the article dropped, these are ordinary words
_NEEDS_ARTICLE = {
    "age",
    "hill",
    "information",
    "nation",
    "national",
    "star",
    "standard",
    "sun",
    "week",
    "local",
    "hindu",
}
_NEEDS_ARTICLE |= {"register", "conversation", "australian"}
# The article is part of the name, whether the line has it or not; of other names it is kept as listed
_ALWAYS_WITH_ARTICLE = {
    "atlantic",
    "economist",
    "guardian",
    "new york times",
    "sydney morning herald",
    "wall street journal",
    "washington post",
}
# Known names that begin titles too
ORDINARY_WORDS = frozenset(
    {"time", "science", "nature", "fortune", "wired", "quartz", "variety", "slate", "vice", "mint"}
)

_EDGES = " \t\n\u00a0\u3000.,;:，。；：\"'“”‘’《》«»()（）"
_WHITE = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Return the form in which publication names are compared."""
    plain = _WHITE.sub(" ", unicodedata.normalize("NFC", name).replace("’", "'")).strip(_EDGES).casefold()
    plain = plain.replace(".", "").replace(" & ", " and ")
    rest = plain.removeprefix("the ")
    return plain if rest in _NEEDS_ARTICLE else rest


def name_keys(names: Collection[str]) -> frozenset[str]:
    """Return the keys of `names`, for looking names up."""
    return frozenset(map(name_key, names)) - {""}


def _read_table() -> tuple[dict[str, str], tuple[str, ...]]:
    canonical: dict[str, str] = {}
    names = []
    for row in _TABLE.replace("\n", ";").split(";"):
        name, *aliases = (part.strip() for part in row.split("="))
        if name:
            names.append(name)
            canonical |= {name_key(form): name for form in (name, *aliases)}
    return canonical, tuple(names)


_canonical, PUBLICATIONS = _read_table()
CANONICAL: Mapping[str, str] = MappingProxyType(_canonical)
KNOWN_KEYS = frozenset(_canonical)


def normalise_publication(name: str) -> str:
    """Return the one name under which `name` is kept: a known name or alias as listed here, another one tidied.

    Tidied means: white space collapsed, quotes and stops at the ends dropped, a leading "the" capitalised.
    """
    name = without_invisible(name)
    key = name_key(name)
    if (known := CANONICAL.get(key)) is not None:
        bare = known.removeprefix("The ")
        lacks_article = name_key(bare) == key and not name.strip(_EDGES).casefold().startswith("the ")
        return bare if lacks_article and key not in _ALWAYS_WITH_ARTICLE else known
    tidy = _WHITE.sub(" ", name).strip(' ,;:，；："“”《》«»')
    if tidy.endswith(".") and not re.search(r"(?:\b\w\.){2}\Z", tidy):
        tidy = tidy.rstrip(". ")
    tidy = tidy.rstrip("。")
    return f"The {tidy[4:]}" if tidy.startswith("the ") else tidy
