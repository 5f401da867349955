"""The structure: which package may import which, and where SQL and third-party libraries may be used."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

# who may import whom; every package may import itself
ARROWS = {
    "cli": {"alerts", "crawler", "warc", "feeds", "web", "archive", "listing", "sample"},
    "crawler": {"archive", "listing", "sample"},
    "warc": {"archive", "listing"},
    "feeds": {"archive", "listing"},
    "web": {"feeds", "archive", "listing"},
    "alerts": {"archive"},
    "archive": {"listing"},
    "listing": set(),
    "sample": set(),
}
# the static server loads of the publisher only its table of paths, which imports nothing but the standard library
SITE_MAP = "foreign_eyes.feeds.site_map"
# third-party libraries, and the only files that may import them
ALLOWED_FILES = {
    "scrapy": ("crawler/",),
    "twisted": ("crawler/",),
    "protego": ("crawler/robots_txt.py", "crawler/crawl_delay.py"),
    "OpenSSL": ("crawler/tls_errors.py", "crawler/download_errors.py"),
    "cryptography": ("crawler/tls_errors.py", "crawler/site_access.py"),
    "service_identity": ("crawler/tls_errors.py",),
    "w3lib": ("crawler/redirects.py", "listing/parser/link_keys.py"),
    "feedgen": ("feeds/render/atom_rss.py", "feeds/render/feedgen_extensions.py", "alerts/channels/operator_feed.py"),
    "httpx": ("feeds/websub.py", "alerts/channels/ping.py", "cli/site_fetcher.py"),
    "apprise": ("alerts/channels/apprise_urls.py",),
    "idna": ("listing/host_names.py",),
    "jinja2": ("feeds/render/html_pages.py",),
    "datasette": ("web/browse/",),
    "uvicorn": ("web/",),
    "starlette": ("web/",),
    "platformdirs": ("crawler/settings_file.py",),
    "filelock": ("archive/file_lock.py",),
    "rapidfuzz": ("archive/matching/",),
    "click": ("cli/",),
    "rich": ("cli/",),
    "prometheus_client": ("cli/status_metrics.py",),
    "warcio": ("warc/record_reader.py", "warc/record_writer.py"),
}
SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|WITH|BEGIN|COMMIT|ROLLBACK|VACUUM)\b")
# the SQL guard calls slow functions by a statement of its own, and limits memory by pragmas; they read nothing of the archive
SQL_ELSEWHERE = {"web/browse/sql_guard.py", "web/browse/sql_memory.py"}
LONGEST = 350

MODULES = sorted(path.relative_to(ROOT).as_posix() for package in ARROWS for path in (ROOT / package).rglob("*.py"))


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> set[str]:
    """Absolute names of all modules that `module` imports, at its top or inside functions."""
    package = Path(module).parent.parts
    found: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *([node.module] if node.module else [])))
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def tops(module: str) -> set[str]:
    """Return the packages that `module` imports, ours without the name that they are installed under."""
    return top_packages(imports_of(module))


def top_packages(names: set[str]) -> set[str]:
    return {name.removeprefix("foreign_eyes.").partition(".")[0] for name in names}


def text_of(tree: ast.Module) -> Iterator[str]:
    """Every string literal that is not a docstring, and the beginning of every f-string."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_the_walk_finds_the_packages() -> None:
    assert {module.partition("/")[0] for module in MODULES} == set(ARROWS)
    assert "listing/parser/listing_page.py" in MODULES


@pytest.mark.parametrize("module", MODULES)
def test_arrows_between_packages_run_one_way(module: str) -> None:
    package = module.partition("/")[0]
    assert tops(module) & set(ARROWS) <= ARROWS[package] | {package}


@pytest.mark.parametrize("module", [name for name in MODULES if re.fullmatch(r"web/\w+\.py", name)])
def test_the_static_server_imports_of_the_publisher_only_the_site_map(module: str) -> None:
    feeds = {name for name in imports_of(module) if name.startswith("foreign_eyes.feeds")}
    assert {name for name in feeds if not f"{name}.".startswith(f"{SITE_MAP}.")} == set()


def test_the_site_map_imports_only_the_standard_library() -> None:
    assert tops("feeds/site_map.py") <= sys.stdlib_module_names


# inside a package: the folders and modules that a folder must not import
ABOVE = {
    "archive/matching/": ("archive.settling", "archive.rebuilding", "archive.feed_state", "archive.redaction"),
    "archive/redaction/": ("archive.settling", "archive.rebuilding", "archive.feed_state"),
    "archive/settling/": ("archive.rebuilding", "archive.feed_state"),
    "archive/rebuilding/": ("archive.feed_state",),
    "archive/feed_state/": ("archive.rebuilding",),
    "feeds/compose/": ("feeds.render", "feeds.documents", "feeds.publish", "feeds.file_writer", "feeds.websub"),
    "feeds/render/": ("feeds.documents", "feeds.publish", "feeds.file_writer", "feeds.websub"),
    "listing/parser/": (
        "listing.reader",
        "listing.listing_checks",
        "listing.known_listing",
        "listing.quality_gate",
        "listing.pagination",
    ),
}


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith(tuple(ABOVE))])
def test_inside_a_package_arrows_run_one_way(module: str) -> None:
    above = next(names for folder, names in ABOVE.items() if module.startswith(folder))
    refused = [f"foreign_eyes.{name}." for name in above]
    assert [name for name in imports_of(module) if f"{name}.".startswith(tuple(refused))] == []


@pytest.mark.parametrize(("third_party", "files"), ALLOWED_FILES.items())
def test_a_third_party_library_is_imported_only_by_the_files_listed_for_it(
    third_party: str, files: tuple[str, ...]
) -> None:
    importing = [module for module in MODULES if third_party in tops(module)]
    assert importing, f"{third_party} is imported nowhere: strike it out here and in pyproject.toml"
    assert [module for module in importing if not module.startswith(files)] == []


PURE_FOLDERS = ("listing/", "archive/matching/", "feeds/compose/", "web/browse/pictures/")
PURE_MODULES = {
    *[f"archive/{name}.py" for name in ("search_query", "times", "values", "word_diff")],
    *[f"archive/settling/{name}.py" for name in ("dating", "clock_rules", "edit_kinds")],
    *[f"crawler/{name}.py" for name in ("backoff", "first_contact", "public_addresses")],
    *[f"warc/{name}.py" for name in ("digest_fields", "http_message", "listing_search", "crawl_grouping")],
    *[f"feeds/{name}.py" for name in ("published_urls", "html_text", "plan", "site_map", "slugs", "topic_matching")],
    *[f"feeds/render/{name}.py" for name in ("json_feed", "opml_sitemap", "atom_rss", "feedgen_extensions")],
    *[f"alerts/{name}.py" for name in ("state", "state_json", "tasks", "transitions", "values")],
    "web/http_headers.py",
    "alerts/message_text.py",
}


def test_the_list_of_pure_modules_names_only_modules_that_exist() -> None:
    assert set(MODULES) >= PURE_MODULES


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith(PURE_FOLDERS) or name in PURE_MODULES])
def test_a_pure_module_imports_nothing_that_does_io(module: str) -> None:
    touching = {
        "sqlite3",
        "sqlite_utils",
        "socket",
        "os",
        "subprocess",
        "pathlib",
        "time",
        "asyncio",
        "scrapy",
        "random",
    }
    assert tops(module).isdisjoint(touching)


@pytest.mark.parametrize("module", [module for module in MODULES if not module.startswith("archive/")])
def test_only_the_archive_has_sql_statements(module: str) -> None:
    statements = [text for text in text_of(tree_of(module)) if SQL.match(text)]
    assert statements == [] or module in SQL_ELSEWHERE


def test_no_module_has_the_name_of_a_used_package_or_a_catch_all_name() -> None:
    in_use = {name for module in MODULES for name in tops(module)} - set(ARROWS) - {"__future__", "foreign_eyes"}
    refused = in_use | {"datasette", "scrapy", "logging", "operator", "utils", "helpers", "common", "misc"}
    names = {part.removesuffix(".py") for module in MODULES for part in Path(module).parts}
    assert names & refused == set()


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_longer_than_the_limit(module: str) -> None:
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize(
    "imported",
    [
        "foreign_eyes.cli.main",
        "foreign_eyes.crawler",
        "foreign_eyes.crawler.sources",
        "foreign_eyes.archive.database",
        "foreign_eyes.archive.overview",
    ],
)
def test_what_the_help_needs_loads_no_framework(imported: str) -> None:
    heavy = {"scrapy", "twisted", "datasette", "feedgen", "lxml", "uvicorn", "starlette"}
    code = f"import json, sys, {imported}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert {name.partition(".")[0] for name in json.loads(done.stdout)} & heavy == set()


@pytest.mark.parametrize("package", sorted(ARROWS))
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    names = {
        f"foreign_eyes.{module.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}": module
        for module in MODULES
    }
    arrows: dict[str, set[str]] = {
        name: {
            target
            for imported in imports_of(module)
            if (target := next((n for n in (imported, imported.rpartition(".")[0]) if n in names), None))
            and target != name
        }
        for name, module in names.items()
        if name.split(".")[1] == package
    }
    while leaves := [name for name, targets in arrows.items() if not targets & arrows.keys()]:
        for name in leaves:
            del arrows[name]
    assert arrows == {}
