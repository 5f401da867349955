"""Topics: patterns match whole words of an entry."""

from __future__ import annotations

import re
import tomllib

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_eyes.feeds.default_topics import DEFAULT_TOPICS
from foreign_eyes.feeds.topic_matching import Topics, check_topic


def about(pattern: str, text: str) -> bool:
    return Topics({"it": [pattern]}).classify("", text, "") == {"it"}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("Huawei", "HUAWEI's phones"),
        ("Huawei", "(huawei)"),
        ("AI", "AI, they say"),
        ("5G", "a 5G network"),
        ("electric car", "Electric\u00a0car"),
        ("electric car", "an electric-car maker"),
        ("electric \u2011 car", "electric\n\u2003-car"),
        (" robot ", "a robot"),
        ("'robot", "the 'robot'"),
        ("high-speed rail", "high speed rail"),
        ("high-speed rail", "high\u2011speed\nrail"),
        ("robot*", "robotics"),
        ("robot*", "a robot"),
        ("JD.com", "JD.com's sales"),
        ("R&D", "in R&D."),
        ("Chang'e*", "Chang'e-4 landed"),
        ("électrique", "ÉLECTRIQUE"),
        ("stra\u00dfe", "STRA\u1e9eE"),
        ("iznik tiles", "\u0130ZN\u0130K TILES"),
        ("Iznik", "\u0131zn\u0131k"),
        ("kilo*", "\u212aILOWATT"),
        ("press", "pre\u017f\u017f"),
        ("\u03c3\u03bf\u03c6\u03cc\u03c2", "\u03a3\u039f\u03a6\u038c\u03a3"),
    ],
)
def test_a_pattern_matches_whole_words(pattern: str, text: str) -> None:
    assert about(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("Didi", "Didier"),
        ("gene", "general"),
        ("AI", "the ai of it"),
        ("AI", "SAID"),
        ("EV", "Ev is a name"),
        ("electric car", "electric cart"),
        ("electric car", "electric, car"),
        ("robot*", "a probot"),
        ("JD.com", "JDxcom"),
        ("5G", "15G"),
        ("electric car", "electric\u2013car"),
        ("robot* arm", "robots and arms"),
        (".NET", "ASP.NET"),
    ],
)
def test_a_pattern_does_not_match_inside_other_words(pattern: str, text: str) -> None:
    assert not about(pattern, text)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_title_excerpt_and_commentary_all_count(part: int) -> None:
    parts = ["", "", ""]
    parts[part] = "Of robots"
    assert Topics({"Robots": ["robot*"], "Cars": ["car"]}).classify(*parts) == {"Robots"}


def test_an_entry_can_be_about_several_topics_and_about_none() -> None:
    topics = Topics({"Robots": ["robot*", "automat*"], "Cars": ["car", "cars"]})

    assert topics.classify("Automatic cars", "", "") == {"Robots", "Cars"}
    assert topics.classify("Tea", "", "") == frozenset()
    assert Topics({}).classify("Tea", "", "") == frozenset()


def test_a_phrase_does_not_span_two_parts() -> None:
    topics = Topics({"Car": ["electric cars"]})

    assert topics.classify("electric cars", "", "") == {"Car"}
    assert topics.classify("electric", "cars", "") == frozenset()
    assert topics.classify("", "electric", "cars") == frozenset()


@pytest.mark.parametrize(
    ("name", "patterns", "said"),
    [
        ("", ["x"], "name"),
        ("…", ["x"], "name"),
        ("a\nb", ["x"], "name"),
        ("a" * 101, ["x"], "name"),
        ("it", [], "at least one pattern"),
        ("it", [""], "no letter"),
        ("it", ["- *"], "no letter"),
        ("it", ["*bot"], "end of a word"),
        ("it", ["ro*bot"], "end of a word"),
        ("it", ["a * b"], "end of a word"),
    ],
)
def test_a_topic_that_could_match_nothing_or_everything_is_refused(name: str, patterns: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_topic(name, patterns)
    with pytest.raises(ValueError, match=said):
        Topics({name: patterns})


@pytest.mark.parametrize(
    "names", [("AI", "ai"), ("Tea ", " tea"), ("Electric cars", "Electric\u00a0 cars"), ("caf\u00e9", "cafe\u0301")]
)
def test_two_topics_that_would_share_a_folder_are_refused_by_their_names(names: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="letter case") as refused:
        Topics({name: ["x"] for name in names})
    assert all(repr(name) in str(refused.value) for name in names)


# letters that are one letter in another case, or several, or none
LETTERS = "aAbBkK\u212asS\u017fiI\u0130\u0131\u00df\u1e9e\u03c3\u03c2\u03a35"
WORDS = st.text(LETTERS, min_size=1, max_size=4)
PHRASES = st.builds(
    lambda words, between: between.join(words),
    st.lists(st.builds(str.__add__, WORDS, st.sampled_from(["", "", "*", "'a", "."])), min_size=1, max_size=3),
    st.sampled_from([" ", "-", "\u00a0", " \u2011 "]),
)
TEXTS = st.text(LETTERS + "_ -'.\u00a0\u2011", max_size=30)


BETWEEN = r"[\s\u2010\u2011-]+"


def stands_there(phrase: str, text: str) -> bool:
    """Whether a phrase is in a text, tried at every place of it."""
    words = [re.escape(word.rstrip("*")) + r"\w*" * word.endswith("*") for word in re.split(BETWEEN, phrase)]
    letters = [sign for sign in phrase if sign.isalpha()]
    case = 0 if letters and all(map(str.isupper, letters)) else re.IGNORECASE
    return re.search(rf"(?<!\w){BETWEEN.join(words)}(?!\w)", text, case) is not None


@settings(max_examples=500, deadline=None)
@given(phrases=st.lists(PHRASES, min_size=1, max_size=3), texts=st.tuples(TEXTS, TEXTS, TEXTS))
def test_classify_finds_the_same_topics_as_a_search_for_each_phrase(phrases: list[str], texts: tuple[str, ...]) -> None:
    topics = Topics({f"topic {number}": [phrase] for number, phrase in enumerate(phrases)})

    assert topics.classify(*texts) == {
        f"topic {number}" for number, phrase in enumerate(phrases) if any(stands_there(phrase, text) for text in texts)
    }


@settings(deadline=None)
@given(st.text(), st.text())
def test_an_allowed_pattern_works_on_any_text(pattern: str, text: str) -> None:
    try:
        topics = Topics({"it": [pattern]})
    except ValueError:
        return
    assert topics.classify(text, text, text) in (frozenset(), {"it"})


@pytest.mark.parametrize("text", ["a" * 100_000, "a-" * 50_000, "electric " * 11_000, " " * 100_000, "(" * 100_000])
def test_long_and_repetitive_texts_are_read_like_others(text: str) -> None:
    assert Topics(DEFAULT_TOPICS).classify("", text, "") == frozenset()


@pytest.mark.parametrize("pattern", ["a* b", "a* a* b", "a-a-a-a-b", "a' b"])
@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "a " * 50_000, "a" + " " * 100_000, "a'" * 50_000, "a\u0301" * 50_000, ("a" * 300 + "-") * 300],
)
def test_a_text_that_begins_to_match_everywhere_is_read_like_others(pattern: str, text: str) -> None:
    """Were it tried anew from each letter on, or in every way that a phrase can be parted, this would not end."""
    assert not about(pattern, text)


SAMPLE = {
    entry["attribution"]: entry
    for page in tomllib.loads((ROOT / "sample/entries.toml").read_text())["page"]
    for entry in page["entry"]
}


def topics_of(entry: dict[str, str]) -> frozenset[str]:
    return Topics(DEFAULT_TOPICS).classify(entry["attribution"], entry["excerpt"], entry["commentary"])


@pytest.mark.parametrize("name", DEFAULT_TOPICS)
def test_every_built_in_topic_matches_its_own_name(name: str) -> None:
    topics = Topics({name: DEFAULT_TOPICS[name]})

    for pattern in DEFAULT_TOPICS[name]:
        assert topics.classify(f"About {pattern.replace('*', '')}, they say", "", "") == {name}


@pytest.mark.parametrize(
    ("line", "topics"),
    [
        ("Alibaba's 'City Brain'", {"Alibaba", "Smart cities", "Patents"}),
        ("Lotus to start production", {"Geely", "Trademarks"}),
        ("China's space agency", {"Space"}),
        ("China's Ant Financial in Talks", {"Alibaba", "Blockchain", "Fintech", "Patents"}),
        (
            "China Could Surpass the US in Artificial Intelligence",
            {"Artificial intelligence", "Patents", "Semiconductors"},
        ),
        ("China green light first underwater", {"High-speed rail", "Patents"}),
        ("Alibaba Singles Day sales", {"Alibaba", "Courts and enforcement", "E-commerce"}),
        ("How China Aims to Win the 5G Race", {"5G and telecoms", "Huawei", "Patents", "ZTE"}),
        ("System Recognizes People From Body Shape", set()),
    ],
)
def test_the_built_in_topics_classify_the_sample(line: str, topics: set[str]) -> None:
    (entry,) = (entry for attribution, entry in SAMPLE.items() if attribution.startswith(f"——{line}"))
    assert topics_of(entry) == topics


def test_nearly_every_entry_of_the_sample_has_a_topic() -> None:
    assert [line for line, entry in SAMPLE.items() if not topics_of(entry)] == [
        "——System Recognizes People From Body Shape, Walking Movements, by VOA"
    ]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Oppo's new phone", "OPPO and vivo"),
        ("Chang\u2019e-4 has landed", "Space"),
        ("far side of the Moon", "Space"),
        ("sales on Singles\u2019 Day", "E-commerce"),
        ("a live-streaming host", "E-commerce"),
        ("a start-up in Wuhan", "Start-ups"),
        ("a solar-power plant", "Clean energy"),
        ("quantum computing", "Quantum technology"),
        ("a registered trade mark", "Trademarks"),
    ],
)
def test_the_built_in_topics_find_the_words_of_the_press(text: str, topic: str) -> None:
    assert topic in Topics(DEFAULT_TOPICS).classify("", text, "")


@pytest.mark.parametrize(
    "text",
    [
        *("before the Lunar New Year", "Mars bars and other chocolate", "the inner solar system", "sales rocketed"),
        *("They start upgrading the line", "a trade market in Yiwu", "a quantum leap for poetry", "patently untrue"),
        *(
            "he droned on",
            "the artist Ai Weiwei",
            "a Boe of cloth",
            "Ev, short for Evelyn",
            "generous slices of spectrum",
        ),
        *("Moon Jae-in visited Seoul's market", "moon cakes", "Didier is a chef", "opposites", "chipped porcelain"),
    ],
)
def test_the_built_in_topics_do_not_match_other_words(text: str) -> None:
    assert Topics(DEFAULT_TOPICS).classify("", text, "") == frozenset()
