"""By which rules the oracle calls a split false or defensible, and a merge."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from simulation.boilerplate import AGENCIES, STOCK_EXCERPTS
from simulation.prose import Wording
from simulation.source import Column
from simulation.survival import survival

OLD = Wording(
    "Hangzhou opens a court of its own for patents",
    "Reuters",
    "The court has twelve judges. It heard two hundred cases in its first year. Most of them were about machines.",
    "A court of its own shows how much the city cares about the protection of inventions.",
)
NEW = Wording("Another title", "CNN", "Another excerpt, of a length that tells it from others.", "Another commentary.")


def survives(new: Wording, *, shared: tuple[str, ...] = (), listed: bool = True, old: Wording = OLD) -> str:
    return survival(old, new, lambda part, _: part not in shared, listed=listed)


def test_an_excerpt_survives_typos_in_it() -> None:
    assert survives(replace(NEW, excerpt=OLD.excerpt.replace("judges", "jduges"))) == "excerpt"


def test_an_excerpt_that_others_have_is_no_evidence() -> None:
    assert survives(replace(NEW, excerpt=OLD.excerpt), shared=("excerpt",)) == "little"


@pytest.mark.parametrize(
    "new",
    [
        replace(OLD, excerpt=NEW.excerpt),
        replace(OLD, excerpt=NEW.excerpt, commentary=OLD.commentary.replace("city", "ctiy")),
        replace(OLD, commentary=NEW.commentary, excerpt=f"{OLD.excerpt} {NEW.excerpt} {NEW.excerpt}"),
        replace(OLD, commentary=NEW.commentary, excerpt=OLD.excerpt.partition(" Most")[0]),
    ],
    ids=["commentary", "commentary with a typo", "a joined excerpt", "half an excerpt"],
)
def test_title_publication_and_one_more_survive(new: Wording) -> None:
    assert survives(new, listed=False) == "title, publication and one more"


def test_title_and_publication_alone_count_only_while_the_article_is_listed() -> None:
    new = replace(OLD, excerpt=NEW.excerpt, commentary=NEW.commentary)
    assert survives(new) == "title and publication"
    assert survives(new, listed=False) == "little"
    assert survives(new, shared=("name",)) == "little"


def test_a_commentary_that_others_have_is_no_part_more() -> None:
    assert survives(replace(OLD, excerpt=NEW.excerpt), shared=("commentary",)) == "title and publication"


def test_a_stock_excerpt_with_a_typo_is_still_no_evidence() -> None:
    old = replace(OLD, excerpt=STOCK_EXCERPTS[0].replace("article", "artcile"))
    assert survives(replace(NEW, excerpt=old.excerpt), old=old) == "little"


def test_boilerplate_is_not_half_an_excerpt() -> None:
    old = replace(OLD, excerpt=f"A court in Wuhan fined Gree for copying a fan. {AGENCIES[0].boilerplate}")
    new = replace(NEW, title=OLD.title, publication=OLD.publication, excerpt=f"Else. {AGENCIES[0].boilerplate}")
    assert survives(new, old=old) == "title and publication"


def test_a_title_with_a_typo_is_enough_where_nothing_else_changed() -> None:
    old = replace(OLD, excerpt="", commentary="")
    assert survives(replace(old, title=OLD.title.replace("court", "cuort")), old=old) == "all but a typo in the title"
    assert survives(replace(old, title=OLD.title.replace("court", "prison")), old=old) == "little"


@pytest.mark.parametrize(
    ("parts", "moved", "is_like"),
    [
        (("title", "publication"), 0, True),
        (("title", "publication"), 9, False),
        (("publication", "excerpt", "commentary"), 0, True),
        (("excerpt", "commentary"), 0, False),
    ],
)
def test_an_article_in_place_of_another_may_be_the_other_edited(
    parts: tuple[str, ...], moved: int, is_like: bool
) -> None:
    column = Column(Random(1), entries=20, per_page=5)
    old = column.listed[3]
    place = column.take_down(old, "taken down")
    new = column.new_article(column.prose.subject(), **{part: getattr(old.wording, part) for part in parts})
    column.insert(place + moved, new, "new")
    assert new.instead_of == ({old.number} if is_like else set())


def test_an_article_in_place_of_one_that_a_crawl_lacked_already_is_another() -> None:
    column = Column(Random(1), entries=20, per_page=5)
    old = column.listed[3]
    place = column.take_down(old, "taken down")
    column.rest()
    new = column.new_article(old.subject, title=old.wording.title, publication=old.wording.publication)
    column.insert(place, new, "new")
    assert new.instead_of == set()
