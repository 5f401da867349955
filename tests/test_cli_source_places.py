"""Several sources of one archive are published, each to its own place, as the settings and the folders say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.settling import entry, listing
from support.several_sources import Listing, mix

from foreign_eyes.archive.database import open_archive, read_archive
from foreign_eyes.archive.errors import OutputOfAnother
from foreign_eyes.archive.feed_state.output_manifest import published_places
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME, read_record
from foreign_eyes.archive.forgotten_sources import forget_source
from foreign_eyes.archive.rebuilding.source_renames import rename_source
from foreign_eyes.archive.values import Source
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.exit_codes import CONFIGURATION, of_error
from foreign_eyes.cli.output_problems import output_problems, usual_folders
from foreign_eyes.cli.publish import publish_source
from foreign_eyes.cli.publish_places import folders_of_sources, require_place
from foreign_eyes.cli.scheduled_paths import written_paths
from foreign_eyes.cli.serve import places_below
from foreign_eyes.cli.settings_loader import checked
from foreign_eyes.cli.site_setting_problems import former_name_problems
from foreign_eyes.cli.unplaced_sources import unplaced_source_problems
from foreign_eyes.feeds.errors import FilesOfOthers, OutputTaken, PlaceUnusable
from foreign_eyes.feeds.publish import Target, publish

URL = "https://eyes.example/"
VILLAGE = "https://village.example/"
Publish = Callable[..., Path]
Crawl = Callable[..., None]


class Installation:
    """An archive with listings, its settings, and `publish`."""

    def __init__(self, folder: Path) -> None:
        self.archive = folder / "archive.db"
        self.root = folder / "public"
        self.tables: dict[str, Any] = {"publish": {"base_url": URL, "output": "public"}, "sources": {}}
        self.days: dict[str, int] = {}

    @property
    def context(self) -> Context:
        context = Context(None, self.archive)
        context.configuration = checked(self.tables, Path("foreign-eyes.toml"))
        return context

    def own(self, name: str, **values: str) -> None:
        """Set the table of a source."""
        self.tables["sources"][name] = {"url": f"http://{name}.example/", **values}

    def crawl(self, *names: str) -> None:
        """Crawl listings into the archive, each with one more entry than the last time."""
        with open_archive(self.archive) as db:
            for hours, name in enumerate(names):
                number = self.days[name] = self.days.get(name, 0) + 1
                text = listing(
                    *(entry(f"{name} {index}", excerpt=f"{name} excerpt {index}") for index in range(number))
                )
                Listing(db, name, number - 1, title=f"News of {name}", hours=hours + 1).crawl(text)

    def publish(self, name: str, output: str | None = None, **options: Any) -> Path:
        """Publish a source; return its folder below that of the archive."""
        folder = publish_source(self.context, name, Path(output) if output else None, quiet=True, **options).folder
        assert f"<title>News of {name}" in (folder / "atom.xml").read_text()
        return folder.relative_to(self.archive.parent)

    def base_url(self, folder: str) -> str | None:
        with read_archive(self.archive) as db:
            places = {place.folder: place.base_url for place in published_places(db)}
        return places.get(self.archive.parent / folder)

    def files(self, folder: str = "") -> dict[str, tuple[bytes, int]]:
        """All files below a folder by path, with their inodes."""
        top = self.archive.parent / folder
        return {
            path.relative_to(top).as_posix(): (path.read_bytes(), path.stat().st_ino)
            for path in top.rglob("*")
            if path.is_file() and path.suffix != ".db" and not path.name.endswith(".lock")
        }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a town at the root and a village below; it is copied for each test."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        site = Installation(folder)
        site.crawl("town")
        assert site.publish("town") == Path("public")
        site.crawl("village")
        assert site.publish("village") == Path("public/village")
    return folder


@pytest.fixture
def site(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    site = Installation(tmp_path)
    site.days = {"town": 1, "village": 1}
    for name in site.days:
        site.own(name)
    return site


def test_each_source_has_its_folder_and_its_base_url(site: Installation) -> None:
    assert site.base_url("public") == URL
    assert site.base_url("public/village") == f"{URL}village/"
    assert f"{URL}village/atom.xml" in (site.root / "village/atom.xml").read_text()


@pytest.mark.parametrize("options", [{}, {"everything": True}, {"take_over": True}])
def test_publishing_a_source_touches_no_file_of_another(site: Installation, options: dict[str, bool]) -> None:
    for name, other in (("town", "village"), ("village", "town")):
        site.crawl(name)
        before = site.files("public")
        site.publish(name, **options)
        after = site.files("public")
        of_village = {path for path in before if path.startswith("village/")}
        untouched = of_village if other == "village" else before.keys() - of_village
        assert {path: after.get(path) for path in untouched} == {path: before[path] for path in untouched}
        assert before != after


def test_no_feed_holds_an_entry_of_another_source(site: Installation) -> None:
    site.crawl("town", "village")
    for name, other in (("town", "village"), ("village", "town")):
        text = (site.archive.parent / site.publish(name) / "atom.xml").read_text()
        assert (f"{name} excerpt 1" in text, f"{other} excerpt" in text) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda site: site.tables.update(default_source="village"), id="another default"),
        pytest.param(lambda site: site.own("town", output="elsewhere", base_url=VILLAGE), id="an own output"),
        pytest.param(lambda site: site.own("village", output="public/v"), id="an own output below"),
        pytest.param(lambda site: site.crawl("hamlet"), id="another source"),
        pytest.param(lambda site: site.own("city"), id="a table of another name"),
    ],
)
def test_no_setting_moves_a_published_source(site: Installation, change: Callable[[Installation], None]) -> None:
    before = site.files("public")
    change(site)
    assert (site.publish("town"), site.publish("village")) == (Path("public"), Path("public/village"))
    assert site.files("public") == before


def test_a_site_of_an_earlier_version_goes_on_byte_for_byte(site: Installation) -> None:
    with open_archive(site.archive) as db:
        db.execute("UPDATE outputs SET root = NULL, own_base_url = 0")
        db.conn.commit()
    before = site.files("public")
    site.tables["default_source"] = "village"
    for everything in (False, True):
        assert (site.publish("town", everything=everything), site.publish("village", everything=everything)) == (
            Path("public"),
            Path("public/village"),
        )
        assert site.files("public") == before
        with read_archive(site.archive) as db:
            assert {place.root for place in published_places(db)} == {site.root}


def test_a_folder_without_a_state_in_the_archive_belongs_to_the_source_in_its_record(site: Installation) -> None:
    with open_archive(site.archive) as db:
        for table in ("outputs", "published_files"):
            db.execute(f"DELETE FROM {table}")
        db.conn.commit()
    before = site.files("public")
    site.tables["default_source"] = "village"
    site.own("village", output="public/v")
    assert (site.publish("town"), site.publish("village")) == (Path("public"), Path("public/village"))
    assert site.files("public").keys() == before.keys()


def test_taking_over_moves_a_source_and_says_what_stays(site: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    site.own("village", output="v", base_url=VILLAGE)
    site.publish("village")
    assert capsys.readouterr().err == ""
    publish_source(site.context, "village", quiet=False)
    assert "To move it there: foreign-eyes publish --source village --take-over" in capsys.readouterr().err
    before = site.files("public")
    assert site.publish("village", take_over=True) == Path("v")
    told = capsys.readouterr().err
    assert f"village has moved to {site.root.parent}/v ({VILLAGE})" in told
    assert f"The files in {site.root}/village stay" in told
    assert (site.files("public"), site.base_url("public/village"), site.base_url("v")) == (before, None, VILLAGE)
    site.own("village")
    site.crawl("village")
    assert site.publish("village") == Path("v")
    assert (site.files("public"), site.base_url("v")) == (before, VILLAGE)


def test_the_default_source_takes_the_root_and_the_other_one_gets_its_folder(site: Installation) -> None:
    site.tables["default_source"] = "village"
    assert site.publish("village", take_over=True) == Path("public")
    assert (site.publish("town"), site.publish("village")) == (Path("public/town"), Path("public"))


def test_a_root_can_be_named_for_a_source(site: Installation) -> None:
    assert site.publish("village", "second", base_url="https://b.example/") == Path("second")
    assert site.publish("town", "second", base_url="https://b.example/") == Path("second/town")
    assert site.base_url("second/town") == "https://b.example/town/"
    assert (site.publish("town"), site.publish("village")) == (Path("public"), Path("public/village"))
    assert site.publish("town", "second", base_url="https://b.example/", take_over=True) == Path("second")


def test_the_folder_of_a_source_can_be_named_too(site: Installation) -> None:
    site.crawl("village")
    assert site.publish("village", "public/village") == Path("public/village")
    assert site.base_url("public/village") == f"{URL}village/"
    site.tables["publish"]["base_url"] = "https://new.example/"
    site.publish("village")
    assert site.base_url("public/village") == "https://new.example/village/"


def test_a_folder_below_the_root_that_a_command_names_has_an_address_of_its_own(site: Installation) -> None:
    site.publish("town", "public/village", take_over=True)
    assert site.base_url("public/village") == f"{URL}village/"
    assert f'href="{URL}village/atom.xml"' in (site.root / "village" / "atom.xml").read_text()


def test_a_new_base_url_applies_to_all_folders_of_the_site(site: Installation) -> None:
    site.own("hamlet", output="public/h", base_url="https://h.example/")
    site.crawl("hamlet")
    site.publish("hamlet")
    site.tables["publish"]["base_url"] = "https://new.example/"
    for name in ("town", "village", "hamlet"):
        site.publish(name)
    assert site.base_url("public") == "https://new.example/"
    assert site.base_url("public/village") == "https://new.example/village/"
    assert site.base_url("public/h") == "https://h.example/"


@pytest.mark.parametrize("order", [("town", "village"), ("village", "town")])
def test_sources_have_their_positions_in_a_new_output_folder(site: Installation, order: tuple[str, str]) -> None:
    before = site.files("public")
    site.tables["publish"]["output"] = "new"
    assert {name: site.publish(name) for name in order} == {"town": Path("new"), "village": Path("new/village")}
    assert site.files("public") == before


def test_a_root_that_is_missing_for_a_while_is_kept_for_its_source(site: Installation) -> None:
    site.own("hamlet", output="h", base_url="https://h.example/")
    site.crawl("hamlet")
    shutil.rmtree(site.root)
    for name, folder in (("hamlet", "h"), ("village", "public/village"), ("town", "public")):
        assert site.publish(name) == Path(folder)


def test_a_root_that_shows_the_sample_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    site = Installation(tmp_path)
    site.crawl("sample")
    site.publish("sample")
    site.crawl("town")
    with open_archive(site.archive) as db:
        mix(db)
    assert site.publish("town") == Path("public")
    assert "sample excerpt" not in (site.root / "atom.xml").read_text()


def test_a_root_that_shows_the_sample_of_another_archive_gives_way_but_no_file_of_others(
    site: Installation, tmp_path: Path
) -> None:
    record = site.root / RECORD_NAME
    sample = record.read_text().replace("http://town.example/", "http://sample.invalid/").replace('"town"', '"sample"')
    record.write_text(sample)
    other = Installation(tmp_path)
    other.archive = tmp_path / "other.db"
    require_place(other.context, "city")
    other.crawl("city")
    require_place(other.context, "city")
    other.crawl("city")  # a page that needs a name which is not in the record
    with open_archive(other.archive) as db:
        (entry_id, *_) = Listing(db, "city").ids().values()
    mine = site.root / f"entries/{entry_id}/index.html"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FilesOfOthers):
        other.publish("city")
    mine.unlink()
    assert other.publish("city") == Path("public")
    assert (site.root / ".foreign-eyes-former-1.jsonl").read_text() == sample
    with pytest.raises(OutputOfAnother):
        site.publish("town")


@pytest.mark.parametrize("name", ["archive", "all", "browse"])
def test_a_name_that_publishing_uses_is_refused_with_what_to_do(site: Installation, name: str) -> None:
    site.crawl(name)
    before = site.files()
    with pytest.raises(PlaceUnusable, match=rf"Set another folder as output in \[sources.{name}\]") as refused:
        site.publish(name)
    assert of_error(refused.value) == CONFIGURATION
    assert site.files() == before
    site.own(name, output="public/other")
    assert site.publish(name) == Path("public/other")


def test_the_folder_of_the_settings_for_datasette_is_not_that_of_a_source(site: Installation) -> None:
    site.tables["publish"]["browse_url"] = "query/"
    site.crawl("query")
    with pytest.raises(PlaceUnusable):
        site.publish("query")


def test_a_folder_that_shows_another_source_is_taken_only_by_taking_over(site: Installation) -> None:
    site.own("hamlet", output="public/village")
    site.crawl("hamlet")
    with pytest.raises(OutputTaken, match=r"output in \[sources.hamlet\].*--source hamlet --output .* --take-over"):
        site.publish("hamlet")
    assert site.publish("hamlet", take_over=True) == Path("public/village")
    assert site.publish("town") == Path("public")


def test_files_of_others_in_the_folder_of_a_source_are_kept(site: Installation) -> None:
    site.crawl("hamlet")
    (site.root / "hamlet").mkdir()
    (site.root / "hamlet/index.html").write_text("mine")
    with pytest.raises(FilesOfOthers):
        site.publish("hamlet")
    assert site.files("public/hamlet").keys() == {"index.html"}


def test_a_source_is_not_published_below_a_root_of_another_archive(site: Installation, tmp_path: Path) -> None:
    other = Installation(tmp_path)
    other.archive = tmp_path / "other.db"
    other.crawl("city", "hamlet")
    for check in (lambda: other.publish("city"), lambda: require_place(other.context, "city")):
        with pytest.raises(OutputOfAnother):
            check()
    other.own("city", output="city", base_url="https://city.example/")
    assert other.publish("city") == Path("city")


@pytest.mark.parametrize("own", [False, True])
def test_a_lost_archive_is_noticed_in_the_folder_of_the_source(site: Installation, own: bool) -> None:
    if own:
        site.own("hamlet", output="h", base_url="https://h.example/")
        site.crawl("hamlet")
        site.publish("hamlet")
    for name in ("index.html", "atom.xml", RECORD_NAME):  # a root without a source
        (site.root / name).unlink()
    site.archive.unlink()
    require_place(site.context, "city")
    with pytest.raises(OutputOfAnother):
        require_place(site.context, "hamlet" if own else "village")


def test_a_round_may_write_to_the_folders_of_all_sources(site: Installation) -> None:
    site.own("hamlet", output="/srv/hamlet", base_url="https://h.example/")
    site.own("village", output="public/v")
    assert written_paths(site.context) == [str(site.root.parent), "-/srv/hamlet"]


def test_datasette_is_linked_from_each_folder(site: Installation) -> None:
    site.own("hamlet", output="h", base_url="https://h.example/")
    site.crawl("hamlet")
    site.publish("hamlet")
    pages = {
        name: next((site.root.parent / name / "entries").glob("*/index.html"))
        for name in ("public", "public/village", "h")
    }
    links = {name: path.read_text() for name, path in pages.items()}
    assert 'href="../../browse/archive/entries/' in links["public"]
    assert 'href="../../../browse/archive/entries/' in links["public/village"]
    assert f'href="{URL}browse/archive/entries/' in links["h"]


def test_a_forgotten_source_does_not_count_among_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    site = Installation(tmp_path)
    site.crawl("town", "village")
    with open_archive(site.archive) as db, db.conn:
        forget_source(db, "town", Listing(db, "town", 9).today)
    assert site.publish("village") == Path("public")


# --- what status, check and restore know of the folders


def problems(site: Installation) -> dict[str, str]:
    with read_archive(site.archive) as db:
        found = output_problems(db, site.root, URL, running=False, expected=True)
        return {problem.where.removeprefix(f"{site.root.parent}/"): problem.remedy for problem in found}


def unplaced(site: Installation) -> dict[str, str]:
    with read_archive(site.archive) as db:
        return {problem.where: problem.what for problem in unplaced_source_problems(site.context, db)}


def test_a_source_whose_folder_was_taken_by_another_is_a_problem_until_it_has_a_folder(site: Installation) -> None:
    assert unplaced(site) == {}
    site.publish("town", "public/village", take_over=True)
    assert unplaced(site) == {
        "source village": f"it is published nowhere: its folder {site.root / 'village'} shows town"
    }
    site.own("village", output="public/entries")
    assert "'entries' is a name that publishing uses" in unplaced(site)["source village"]
    site.own("village", output="public/hamlet")
    assert unplaced(site) == {}
    assert site.publish("village") == Path("public/hamlet")
    assert unplaced(site) == {}


def test_a_source_keeps_its_folder_if_it_also_takes_over_another_one_that_sorts_before_it(site: Installation) -> None:
    site.publish("village")
    site.crawl("hamlet")
    assert site.publish("hamlet") == Path("public/hamlet")
    site.publish("village", "public/hamlet", take_over=True)
    site.crawl("village")
    assert site.publish("village") == Path("public/village")
    hamlet = site.root / "hamlet"
    assert problems(site)["public/hamlet"] == (
        f"foreign-eyes publish --source village --output {hamlet} --base-url {URL}hamlet/"
        f"; if nobody reads it: foreign-eyes publish --forget {hamlet}"
    )
    site.publish("village", "public/hamlet")
    assert "public/hamlet" not in problems(site)


def test_the_command_names_the_source_if_the_archive_has_others_that_are_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site = Installation(tmp_path)
    site.crawl("town")
    site.publish("town")
    site.crawl("town")
    assert problems(site) == {"public": "foreign-eyes publish"}
    site.crawl("village")
    assert problems(site) == {"public": "foreign-eyes publish --source town"}


def test_a_table_with_the_former_name_of_a_source_is_a_problem(site: Installation) -> None:
    with open_archive(site.archive) as db:
        url = db.execute("SELECT url FROM sources WHERE name = 'town'").fetchone()[0]
        rename_source(db, "town", "city", Listing(db, "town", 9).today)
        site.own("town", url=url)
        (problem,) = former_name_problems(db, site.context.configuration)
        assert (problem.where, problem.remedy) == (
            "source town",
            "rename the table [sources.town] in the settings file to [sources.city]",
        )
        site.own("town", url="http://elsewhere.example/")
        assert not list(former_name_problems(db, site.context.configuration))


def test_a_source_that_was_not_published_yet_has_a_folder_to_go_to(site: Installation) -> None:
    site.own("hamlet")
    site.crawl("hamlet")
    assert unplaced(site) == {}


def test_each_folder_that_lags_is_named_with_the_command_that_publishes_it(site: Installation) -> None:
    site.publish("village", "mirror", base_url="https://m.example/")
    assert problems(site) == {}
    site.crawl("town", "village")
    found = problems(site)
    assert found["public"] == "foreign-eyes publish --source town"
    assert found["public/village"] == "foreign-eyes publish --source village"
    assert found["mirror"].startswith("foreign-eyes publish --source village --output ")
    shutil.rmtree(site.root / "village")
    assert problems(site)["public/village"] == "foreign-eyes publish --source village"


def test_serve_knows_the_folders_below_and_their_own_base_urls(site: Installation) -> None:
    site.own("hamlet", output="public/h", base_url="https://h.example/")
    site.own("city", output="c", base_url="https://c.example/")
    site.crawl("hamlet", "city")
    for name in ("hamlet", "city"):
        site.publish(name)
    with read_archive(site.archive) as db:
        found = places_below(db, Path("public"))
    urls = {below: (place.source, place.base_url, place.own_base_url) for below, place in found.items()}
    assert urls == {
        "h/": ("hamlet", "https://h.example/", True),
        "village/": ("village", f"{URL}village/", False),
    }


def test_check_and_restore_read_the_folders_of_all_sources(site: Installation) -> None:
    site.own("hamlet", output="h", base_url="https://h.example/")
    site.crawl("hamlet")
    site.publish("hamlet")
    site.publish("village", "mirror", base_url="https://m.example/")
    top = site.root.parent
    with read_archive(site.archive) as db:
        assert sorted(usual_folders(db, site.root)) == [top / "h", site.root, site.root / "village"]
    named = [folder.resolve() for folder in folders_of_sources(site.context)]
    assert named == [site.root, site.root / "village", top / "h"]


def test_the_record_of_each_folder_names_its_source(site: Installation) -> None:
    for folder, source in ((site.root, "town"), (site.root / "village", "village")):
        record = read_record(folder)
        assert record is not None
        assert (record.source, record.url) == (source, f"http://{source}.example/")
        assert not any(name.startswith("village/") for name in record.files)


def test_a_site_is_the_same_whichever_source_is_published_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for order in (("town", "village"), ("village", "town")):
        folder = tmp_path / order[0]
        folder.mkdir()
        monkeypatch.chdir(folder)
        site = Installation(folder)
        site.tables |= {"default_source": "town"}
        site.own("town")
        site.crawl("town", "village")
        found.append({name: site.publish(name) for name in order})
    assert found[0] == found[1] == {"town": Path("public"), "village": Path("public/village")}


def test_publish_itself_keeps_to_the_folder_that_it_is_given(site: Installation) -> None:
    with open_archive(site.archive) as db:
        source = Source("village", "http://village.example/", "News of village", "en")
        done = publish(db, source, Target(site.root.parent / "plain", URL))
    assert done.folder == site.root.parent / "plain"
