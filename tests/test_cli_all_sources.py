"""The commands publish the page and the feeds over all sources to `all/` below the root."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.settling import entry, listing
from support.several_sources import BASE_URL, Listing, mix, publish_listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.feed_state.journal_cursor import JournalCursor
from foreign_eyes.archive.feed_state.published_sources import PublishedFolder
from foreign_eyes.archive.forgotten_sources import forget_source
from foreign_eyes.archive.values import Source
from foreign_eyes.cli.all_sources import choose_folders, make_all, refresh_all, url_of_root
from foreign_eyes.cli.all_sources_problems import all_sources_problems
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.settings_loader import checked
from foreign_eyes.feeds.publish_all_sources import NAMES as FILES

TEXTS = ("index.html", "subscriptions.opml", "atom.xml", "rss.xml", "feed.json")
ROOT = Path("/srv/public")


def folder(
    name: str, path: str, base_url: str = BASE_URL, root: str = "/srv/public", *, own: bool = False
) -> PublishedFolder:
    source = Source(name, f"http://{name}.example/", "", "en")
    return PublishedFolder(Path(path), Path(root), 1, source, "tag:x", base_url, 1, JournalCursor(0, ""), own)


# which folders, and which base URL


def test_the_sources_of_the_site_are_shown_wherever_they_lie() -> None:
    folders = [folder("town", "/srv/public"), folder("village", "/srv/public/village"), folder("hamlet", "/srv/own")]
    assert choose_folders(folders, ROOT) == folders


def test_sources_of_another_site_are_not_shown() -> None:
    folders = [folder("town", "/srv/public"), folder("village", "/srv/public2/village", root="/srv/public2")]
    assert choose_folders(folders, ROOT) == folders[:1]


@pytest.mark.parametrize("order", [1, -1])
def test_a_source_in_two_folders_is_shown_once_where_it_is_highest(order: int) -> None:
    twice = [folder("town", "/srv/public"), folder("town", "/srv/public/town")][::order]
    assert [of.folder for of in choose_folders(twice, ROOT)] == [ROOT]


def test_sources_that_are_left_out_are_not_shown() -> None:
    assert choose_folders([folder("town", "/srv/public")], ROOT, left_out={"town"}) == []


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        pytest.param([("town", "/srv/public", "https://a.example/")], "https://a.example/", id="of the source in it"),
        pytest.param(
            [("village", "/srv/public/village", "https://a.example/x/village/")],
            "https://a.example/x/",
            id="of one below",
        ),
        pytest.param([("village", "/srv/public/village", "https://village.example/")], None, id="of none"),
        pytest.param([("village", "/srv/own", "https://a.example/own/")], None, id="not of one elsewhere"),
    ],
)
def test_the_base_url_is_found_from_the_published_sources(
    folders: Sequence[tuple[str, str, str]], expected: str | None
) -> None:
    assert url_of_root([folder(*one) for one in folders], ROOT) == expected


def test_the_base_url_is_not_taken_from_a_source_with_its_own() -> None:
    assert url_of_root([folder("village", "/srv/public/village", f"{BASE_URL}village/", own=True)], ROOT) is None


# the command


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.chdir(tmp_path)
    return Context(None, archive_option=tmp_path / "archive.db")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with two published sources."""
    folder = tmp_path_factory.mktemp("template")
    with chdir(folder):
        crawl(Context(None, archive_option=folder / "archive.db"), "town", "village")
    return folder


@pytest.fixture
def two_sources(context: Context, template: Path) -> None:
    """Give the context a copy of that archive and its files."""
    shutil.copytree(template, context.archive.parent, dirs_exist_ok=True)


def crawl(context: Context, *names: str, folder_of: Callable[[str], str] = "{}/".format) -> None:
    with open_archive(context.archive) as db:
        for hours, name in enumerate(names):
            column = Listing(db, name, title=f"News of the {name}", hours=hours)
            column.crawl(listing(entry(f"Apples of the {name}")))
            publish_listing(Path("public"), column, folder_of(name) if hours else "")


@pytest.mark.usefixtures("two_sources")
def test_with_two_sources_the_files_are_written_and_the_folder_is_named(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    done = make_all(context, quiet=False)
    assert done is not None
    assert (done.written, capsys.readouterr().out) == (9, "public/all: 9 files written, 0 unchanged\n")
    assert f"{BASE_URL}all/atom.xml" in Path("public/all/atom.xml").read_text()
    make_all(context, quiet=False)
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("two_sources")
def test_a_folder_of_the_site_names_it(context: Context) -> None:
    context.__dict__["configuration"] = checked({"publish": {"output": "elsewhere"}}, Path("foreign-eyes.toml"))
    assert make_all(context, quiet=True) is None
    done = make_all(context, Path("public/village"), quiet=True)
    assert done is not None
    assert done.folder == Path("public/all").resolve()


def test_with_one_source_nothing_is_written(context: Context) -> None:
    crawl(context, "town")
    assert make_all(context, quiet=True) is None
    assert not Path("public/all").exists()


def test_the_sample_is_not_shown(context: Context) -> None:
    with open_archive(context.archive) as db:
        for column in (Listing(db, "town"), Listing(db, "sample", hours=1)):
            column.crawl(listing(entry(f"Apples of {column.name}")))
            publish_listing(Path("public"), column)
        mix(db)
    assert make_all(context, quiet=True) is None


def test_a_forgotten_source_is_not_shown(context: Context) -> None:
    crawl(context, "town", "village", "hamlet")
    with open_archive(context.archive) as db:
        forget_source(db, "village", datetime(2026, 4, 1, tzinfo=UTC))
    make_all(context, quiet=True)
    assert "Apples of the hamlet" in Path("public/all/atom.xml").read_text()
    assert "of the village" not in "".join(Path("public/all", name).read_text() for name in TEXTS)


@pytest.mark.usefixtures("two_sources")
def test_the_folder_is_written_again_after_a_source_was_forgotten_and_never_created(context: Context) -> None:
    refresh_all(context, quiet=True)
    assert not Path("public/all").exists()
    make_all(context, quiet=True)
    with open_archive(context.archive) as db:
        forget_source(db, "village", datetime(2026, 4, 1, tzinfo=UTC))
    refresh_all(context, quiet=True)
    assert "of the village" not in "".join(Path("public/all", name).read_text() for name in TEXTS)
    with open_archive(context.archive) as db:
        forget_source(db, "town", datetime(2026, 4, 2, tzinfo=UTC))
    refresh_all(context, quiet=True)
    assert not Path("public/all/index.html").exists()


@pytest.mark.usefixtures("two_sources")
def test_the_settings_switch_it_off(context: Context) -> None:
    context.__dict__["configuration"] = checked({"publish": {"all_sources": False}}, Path("foreign-eyes.toml"))
    assert make_all(context, quiet=True) is None
    assert not Path("public/all").exists()


def test_a_source_that_lies_in_the_folder_keeps_it_with_a_notice(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    crawl(context, "town", "village", folder_of=lambda _: "all/")
    before = Path("public/all/atom.xml").read_bytes()
    assert make_all(context, take_over=True, quiet=True) is None
    assert capsys.readouterr().err.startswith("notice: ")
    assert Path("public/all/atom.xml").read_bytes() == before


@pytest.mark.usefixtures("two_sources")
def test_the_folder_is_kept_up_to_date_with_one_source_and_emptied_without_any(context: Context) -> None:
    make_all(context, quiet=True)
    Path("public/village/index.html").unlink()
    make_all(context, quiet=True)
    assert "Apples of the village" not in Path("public/all/atom.xml").read_text()
    Path("public/index.html").unlink()
    make_all(context, quiet=True)
    assert not Path("public/all/atom.xml").exists()


@pytest.mark.usefixtures("two_sources")
def test_the_links_to_datasette_lead_to_that_of_the_root(context: Context) -> None:
    make_all(context, quiet=True)
    assert 'action="../browse/archive/search"' in Path("public/all/index.html").read_text()
    assert len(FILES) == 9


# what `status` and `check` report


def problems(context: Context) -> list[str]:
    with open_archive(context.archive) as db:
        found = list(all_sources_problems(context, db, running=False, all_files=True))
    return [f"{Path(problem.where).name}: {problem.what}" for problem in found]


@pytest.mark.usefixtures("two_sources")
def test_a_complete_folder_has_no_problem(context: Context) -> None:
    make_all(context, quiet=True)
    assert problems(context) == []


def test_one_source_needs_no_folder(context: Context) -> None:
    crawl(context, "town")
    assert problems(context) == []


LACKING = "all: the page and the feeds over all sources lack changes: a publish failed, or was not run"


@pytest.mark.usefixtures("two_sources")
def test_a_folder_that_was_not_written_or_lags_behind_is_a_problem(context: Context) -> None:
    assert problems(context) == [LACKING]
    make_all(context, quiet=True)
    crawl(context, "town", "village", "hamlet")
    assert problems(context) == [LACKING]


@pytest.mark.usefixtures("two_sources")
def test_missing_and_changed_files_are_problems(context: Context) -> None:
    make_all(context, quiet=True)
    Path("public/all/atom.xml").write_text("changed")
    Path("public/all/rss.xml").unlink()
    assert problems(context) == [
        "atom.xml: a published file was changed by another program",
        "rss.xml: a published file is missing",
    ]
    make_all(context, everything=True, quiet=True)
    assert problems(context) == []


@pytest.mark.usefixtures("two_sources")
def test_files_of_others_are_kept_with_a_notice_and_are_a_problem(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("public/all").mkdir()
    Path("public/all/index.html").write_text("mine")
    assert make_all(context, quiet=True) is None
    assert "public/all: holds a file that was not published there: index.html" in capsys.readouterr().err
    assert [path.name for path in Path("public/all").iterdir()] == ["index.html"]
    (problem,) = problems(context)
    assert problem.startswith("all: holds files that were not published there (index.html)")
    make_all(context, take_over=True, quiet=True)
    assert problems(context) == []


@pytest.mark.usefixtures("two_sources")
def test_a_damaged_record_is_a_problem_that_taking_over_repairs(context: Context) -> None:
    make_all(context, quiet=True)
    Path("public/all/.foreign-eyes.jsonl").write_text("not a record\n")
    assert len(problems(context)) == 1
    make_all(context, take_over=True, quiet=True)
    assert problems(context) == []
