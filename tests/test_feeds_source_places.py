"""Where each source is published: which gets the root, where the others lie, and that none moves by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foreign_eyes.feeds.errors import PlaceUnusable
from foreign_eyes.feeds.source_places import OwnPlace, Place, Shown, Site, decide_place, site_base_url

ROOT = Path("/srv/public")
URL = "https://eyes.example/"


def site(*shown: Shown, sources: str = "town village", default: str = "", **values: Any) -> Site:
    return Site(
        **{"root": ROOT, "base_url": URL, "default": default, "sources": sources.split(), "shown": shown, **values}
    )


def at(folder: str, source: str, root: Path = ROOT, **values: Any) -> Shown:
    """Return a folder that shows a source; `folder` is relative to the output folder."""
    path = ROOT / folder
    below = "" if path == root else f"{folder}/"
    return Shown(path, source, **{"base_url": f"{URL}{below}", "root": root, **values})


def of(place: Place) -> tuple[Path, str]:
    return place.folder, place.base_url


AT_ROOT = (ROOT, URL)
IN_VILLAGE = (ROOT / "village", f"{URL}village/")
ELSEWHERE = OwnPlace(Path("/srv/village"), "https://village.example/")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (site(sources="village"), AT_ROOT),
        (site(sources=""), AT_ROOT),  # before its first crawl
        (site(), IN_VILLAGE),
        (site(default="village"), AT_ROOT),
        (site(default="town"), IN_VILLAGE),
        (site(at("", "town")), IN_VILLAGE),
        (site(at("", "town"), default="village"), IN_VILLAGE),
        (site(at("", "town"), default="village", is_named=True), IN_VILLAGE),
        (site(default="village", is_named=True), AT_ROOT),
        (site(at("", "sample"), invented={"sample"}), AT_ROOT),
        (site(at("", "sample"), sources="sample village", invented={"sample"}), AT_ROOT),
    ],
)
def test_a_source_gets_the_root_if_it_is_free_for_it_and_else_the_folder_with_its_name(
    where: Site, expected: tuple[Path, str]
) -> None:
    assert of(decide_place(where, "village")) == expected


@pytest.mark.parametrize("take_over", [False, True])
@pytest.mark.parametrize("default", ["", "town", "village"])
@pytest.mark.parametrize("sources", ["village", "town village", "hamlet town village"])
def test_a_source_that_stands_at_the_root_stays_there(take_over: bool, default: str, sources: str) -> None:
    where = site(at("", "village"), at("town", "town"), default=default, sources=sources)
    assert of(decide_place(where, "village", take_over=take_over)) == AT_ROOT


@pytest.mark.parametrize(
    "changed",
    [
        {"default": "village"},
        {"sources": "village"},
        {"own": {"village": ELSEWHERE}},
        {"own": {"village": OwnPlace(ROOT / "v")}},
        {"own": {"town": OwnPlace(ROOT / "village/below")}},
        {"shown": [at("village", "village")]},  # the root was forgotten
    ],
)
def test_no_setting_moves_a_source_that_stands(changed: dict[str, Any]) -> None:
    before = {"shown": [at("", "town"), at("village", "village")]}
    place = decide_place(site(**{**before, **changed}), "village")
    assert of(place) == IN_VILLAGE
    wish = (
        ROOT
        if "default" in changed
        else changed["own"]["village"].folder
        if "village" in changed.get("own", {})
        else None
    )
    assert place.wished == wish


@pytest.mark.parametrize("own", [{}, {"village": OwnPlace(ROOT / "v")}])
def test_a_source_at_its_own_output_stays_there_without_the_setting(own: dict[str, OwnPlace]) -> None:
    there = Shown(ELSEWHERE.folder, "village", "https://village.example/", ROOT, own_base_url=True)
    place = decide_place(site(at("", "town"), there, own=own), "village")
    assert of(place) == (ELSEWHERE.folder, "https://village.example/")
    assert place.wished == (ROOT / "v" if own else ROOT / "village")


@pytest.mark.parametrize(
    ("own", "kept", "wished"),
    [
        ("https://village.example/", "https://village.example/", None),
        ("https://new.example/", "https://village.example/", "https://new.example/"),
        (None, "https://village.example/", None),
    ],
)
def test_a_source_keeps_its_own_base_url(own: str | None, kept: str, wished: str | None) -> None:
    there = Shown(ROOT / "v", "village", "https://village.example/", ROOT, own_base_url=True)
    where = site(at("", "town"), there, own={"village": OwnPlace(ROOT / "v", own)})
    place = decide_place(where, "village")
    assert (place.base_url, place.wished, place.wished_url) == (kept, None, wished)
    if wished:
        moved = decide_place(where, "village", take_over=True)
        assert (moved.base_url, moved.left, moved.own_base_url) == (wished, None, True)


def test_folders_below_the_root_follow_its_base_url() -> None:
    shown = (at("", "town"), at("village", "village"), at("other/hamlet", "hamlet"))
    for source, folder in (("village", "village/"), ("hamlet", "other/hamlet/")):
        place = decide_place(site(*shown, base_url="https://new.example/x/"), source)
        assert of(place) == (ROOT / folder, f"https://new.example/x/{folder}")


@pytest.mark.parametrize(
    ("where", "folder", "left"),
    [
        (site(at("", "town"), at("village", "village"), default="village"), ROOT, ROOT / "village"),
        (site(at("", "village"), own={"village": ELSEWHERE}), ELSEWHERE.folder, ROOT),
        (site(at("village", "village"), own={"village": ELSEWHERE}), ELSEWHERE.folder, ROOT / "village"),
        (site(at("v", "village"), at("", "town")), ROOT / "village", ROOT / "v"),
        (site(at("", "town"), default="village", is_named=True), ROOT, None),
        (site(at("", "town"), at("village", "village")), ROOT / "village", None),
        (site(at("", "town")), ROOT / "village", None),
        (site(at("", "village", is_refused=True), at("town", "town"), own={"village": ELSEWHERE}), ROOT, None),
        (site(at("", "town", is_refused=True), sources="village"), ROOT, None),
    ],
)
def test_taking_over_moves_a_source_to_where_the_settings_place_it(
    where: Site, folder: Path, left: Path | None
) -> None:
    place = decide_place(where, "village", take_over=True)
    assert (place.folder, place.left) == (folder, left)


@pytest.mark.parametrize(
    ("source", "expected"),
    [("town", ROOT), ("village", ROOT / "village"), ("hamlet", ROOT / "x/hamlet"), ("new", ROOT / "new")],
)
def test_sources_keep_their_positions_in_a_new_output_folder(source: str, expected: Path) -> None:
    old = Path("/srv/old")
    shown = [
        Shown(old, "town", URL, old),
        Shown(old / "village", "village", f"{URL}village/", old),
        Shown(old / "x/hamlet", "hamlet", f"{URL}x/hamlet/", old),
        Shown(Path("/srv/mirror"), "village", "https://mirror.example/", Path("/srv/mirror")),
    ]
    where = site(*shown, sources="town village hamlet new", default="village")
    assert decide_place(where, source).folder == expected
    for first in (at("", "town"), at("village", "village"), at("new", "new")):
        where = site(first, *shown, sources="town village hamlet new", default="village")
        assert decide_place(where, source).folder == expected


def test_a_copy_for_other_readers_gives_no_claim_to_a_root_that_is_left_free() -> None:
    copy = Shown(Path("/srv/mirror"), "hamlet", URL, Path("/srv/mirror"))
    where = site(at("town", "town"), at("village", "village"), copy, sources="town village hamlet")
    assert decide_place(where, "hamlet").folder == ROOT / "hamlet"


def test_of_several_roots_the_default_source_gets_that_of_a_new_output_folder() -> None:
    roots = [Shown(Path(f"/srv/{name}"), name, URL, Path(f"/srv/{name}")) for name in ("town", "village")]
    where = site(*roots, default="village")
    assert [decide_place(where, name).folder for name in ("town", "village")] == [ROOT / "town", ROOT]


def test_a_source_at_its_own_output_stays_there_when_the_output_folder_changes() -> None:
    old = Path("/srv/old")
    shown = [
        Shown(ELSEWHERE.folder, "village", ELSEWHERE.base_url, old, own_base_url=True),
        Shown(old, "town", URL, old),
    ]
    for own in ({}, {"village": ELSEWHERE}):
        assert of(decide_place(site(*shown, own=own), "village")) == (ELSEWHERE.folder, ELSEWHERE.base_url)
    assert decide_place(site(*shown, is_named=True, default="village"), "village").folder == ROOT


@pytest.mark.parametrize("name", ["archive", "entries", "all", "browse", "atom.xml", "index.html", "topics", "a.tmp"])
def test_a_name_that_publishing_uses_is_refused_below_the_root_alone(name: str) -> None:
    with pytest.raises(PlaceUnusable, match=rf"\[sources.{name}\]"):
        decide_place(site(sources=f"town {name}"), name)
    assert decide_place(site(sources=name), name).folder == ROOT
    assert decide_place(site(own={name: ELSEWHERE}), name).folder == ELSEWHERE.folder
    with pytest.raises(PlaceUnusable):
        decide_place(site(own={"village": OwnPlace(ROOT / name / "x")}), "village")
    assert decide_place(site(at(name, name), sources=f"town {name}"), name).folder == ROOT / name


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (OwnPlace(ROOT), "is the output folder itself"),
        (OwnPlace(Path("/srv/elsewhere")), "add base_url"),
        (OwnPlace(ROOT / ".hidden/x"), "is not served"),
        (OwnPlace(ROOT / "town/entries"), "'entries' is a name"),
        (OwnPlace(ROOT.parent, "https://up.example/"), "'public' is a name"),
    ],
)
def test_an_own_output_that_cannot_be_used_is_refused(own: OwnPlace, why: str) -> None:
    where = site(at("town", "town"), own={"village": own}, reserved=frozenset({"entries", "public"}))
    with pytest.raises(PlaceUnusable, match=why):
        decide_place(where, "village")


def test_an_own_output_below_the_root_needs_no_base_url() -> None:
    place = decide_place(site(own={"village": OwnPlace(ROOT / "a b/c")}), "village")
    assert (of(place), place.own_base_url) == ((ROOT / "a b/c", f"{URL}a%20b/c/"), False)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ((), None),
        ((at("", "town"),), URL),
        ((at("v", "village"), at("", "town", base_url="https://new.example/")), "https://new.example/"),
        ((at("a b", "village", base_url="https://x.example/a%20b/"),), "https://x.example/"),
        ((at("v", "village", base_url="https://v.example/", own_base_url=True),), None),
        ((at("v", "village", base_url="https://v.example/"),), None),
        ((at("v", "village", root=Path("/srv/old")),), None),
    ],
)
def test_the_base_url_of_a_site_is_that_of_its_published_folders(
    shown: tuple[Shown, ...], expected: str | None
) -> None:
    assert site_base_url(ROOT, shown) == expected
