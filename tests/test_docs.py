"""The documentation: its links, the files and commands that it names, the tables that it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

from foreign_eyes import __version__
from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.main import main

PAPERS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*.md"))
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
DECISIONS = [page for page in PAGES if page.startswith("docs/decisions/") and not page.endswith("README.md")]
FENCE = re.compile(r"^(?: *)```.*?^ *```$", re.MULTILINE | re.DOTALL)
# the changelog names files that earlier versions had
PRESENT = [page for page in PAPERS + PAGES if page != "CHANGELOG.md"]
FOLDERS = ("alerts", "archive", "crawler", "listing", "warc", "feeds", "web", "cli", "sample", "foreign_eyes", "tests")
FOLDERS += ("benchmarks", "tools", "docs", ".ci")
NAMED = re.compile(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[^\s`:]*)(?:::\w+)?`")
# of the paths that a page names, those that stand for any name, and those of published files
PLACEHOLDER = re.compile(r"\*|\bN\b|NNN|NAME|SLUG|MODULE|^archive/[^/]+\.(xml|json)$")
# settings of web servers and CDNs
NAMES_OF_OTHERS = {"proxy_cache_path", "fastcgi_cache_path", "purge_cache", "pkg_resources"}
ARCHITECTURE_WORDS = 900
README_LINES = 120
LARGEST_PICTURE = 120_000


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose_of(page: str) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", text_of(page))


def anchors_of(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAPERS + PAGES)
def test_every_link_of_a_page_leads_to_a_file_and_heading(page: str) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(page)):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors_of(file.resolve().relative_to(ROOT).as_posix())):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PRESENT)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    named = NAMED.findall(prose_of(page))
    assert [path for path in named if not PLACEHOLDER.search(path) and not exists(path)] == []


@pytest.mark.parametrize("page", PRESENT)
def test_every_script_that_a_printed_command_runs_exists(page: str) -> None:
    scripts = re.findall(
        r"\b(?:tests|tools|benchmarks|docs)/[\w/]+\.(?:py|sh)\b", "".join(FENCE.findall(text_of(page)))
    )
    assert [script for script in scripts if not exists(script)] == []


def exists(path: str) -> bool:
    return (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).exists()


@pytest.mark.parametrize("page", DECISIONS)
def test_a_decision_has_context_decision_and_consequences(page: str) -> None:
    text = text_of(page)
    places = [text.find(f"\n**{part}.**") for part in ("Context", "Decision", "Consequences")]
    assert -1 not in places
    assert places == sorted(places)


def test_the_index_of_decisions_lists_each_of_them() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", text_of("docs/decisions/README.md")))
    assert listed == {Path(page).name for page in DECISIONS}


def test_the_architecture_fits_on_one_page_and_names_every_package() -> None:
    page = text_of("ARCHITECTURE.md")
    packages = [link.name for link in (ROOT / "foreign_eyes").iterdir() if link.is_symlink()]
    assert len(page.split()) <= ARCHITECTURE_WORDS
    assert packages
    assert [name for name in packages if f"{name}/" not in page] == []


def test_the_index_lists_every_page() -> None:
    pages = {page for page in PAGES if not page.startswith("docs/decisions/")} - {"docs/index.md"}
    listed = {f"docs/{name}" for name in re.findall(r"\]\(([\w-]+\.md)\)", text_of("docs/index.md"))}
    assert listed == pages


def test_the_page_of_commands_has_every_command() -> None:
    listed = re.findall(r"^\| (`.+?) \|", text_of("docs/commands.md"), re.MULTILINE)
    assert {name for cell in listed for name in re.findall(r"`([\w-]+)`", cell)} == set(main.commands)


def test_the_page_of_exit_codes_has_every_exit_code() -> None:
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert {int(row) for row in re.findall(r"^\| (\d+) \|", text_of("docs/exit-codes.md"), re.MULTILINE)} == codes


@pytest.mark.parametrize("row", re.findall(r"^\| .+ \|$", text_of("docs/glossary.md"), re.MULTILINE))
def test_a_word_of_the_glossary_has_one_sentence(row: str) -> None:
    word, meaning = row.strip("| ").split(" | ")
    assert word == "word" or (meaning.endswith(".") and ". " not in meaning)


def test_the_changelog_has_a_dated_section_for_the_version() -> None:
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", text_of("CHANGELOG.md"), re.MULTILINE)


def test_the_readme_is_short_and_its_pictures_are_small() -> None:
    pictures = [ROOT / name for name in re.findall(r"!\[[^]]+\]\(([^)]+)\)", text_of("README.md"))]
    assert len(text_of("README.md").splitlines()) <= README_LINES
    assert len(pictures) >= 2
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST_PICTURE] == []


def test_the_version_is_in_one_place() -> None:
    code = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if not path.parent.is_symlink()]
    assert [path.relative_to(ROOT).as_posix() for path in code if f'"{__version__}"' in path.read_text("utf-8")] == [
        "foreign_eyes/__init__.py"
    ]
    assert f'"{__version__}"' not in text_of("pyproject.toml")


@pytest.fixture(scope="module")
def words_of_the_code() -> set[str]:
    folders = [ROOT / folder for folder in FOLDERS if folder not in {"docs", "foreign_eyes"}]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".yaml", ".toml"}]
    files += [ROOT / name for name in ("Makefile", "pyproject.toml", "foreign-eyes.example.toml", "compose.yaml")]
    return {word for path in files for word in re.findall(r"\w+", path.read_text("utf-8"))}


@pytest.mark.parametrize("page", PRESENT)
def test_every_name_of_code_or_a_table_that_a_page_has_exists(page: str, words_of_the_code: set[str]) -> None:
    names = re.findall(r"`(?:\w+\.)*(\w*_\w+|[A-Z]{5,})(?:\(\))?`", prose_of(page))
    known = words_of_the_code | NAMES_OF_OTHERS | set(re.findall(r"\w+", "".join(FENCE.findall(text_of(page)))))
    assert sorted({name for name in names if not PLACEHOLDER.search(name)} - known) == []
