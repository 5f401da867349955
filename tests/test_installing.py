"""The wheel, the source distribution and the egg: what they hold, and that they work without the checkout."""

from __future__ import annotations

import json
import sqlite3
import sys
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT
from support.installing import Environment, build, build_egg, run, write_wheel

OTHERS = ("crawler", "archive", "web", "cli")
PACKAGES = sorted(path.name for path in (ROOT / "foreign_eyes").iterdir() if path.is_symlink())


def files_of(archive: Path) -> dict[str, int]:
    """Return the files in a zip archive below `foreign_eyes/`, each with its checksum."""
    with zipfile.ZipFile(archive) as opened:
        infos = opened.infolist()
    return {info.filename: info.CRC for info in infos if info.filename.startswith("foreign_eyes/")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and four packages whose names are those of folders in the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    environment = Environment(folder / "installed")
    environment.install(wheel, *(write_wheel(name, folder) for name in OTHERS))
    environment.add_dependencies()
    return environment


def test_the_wheel_holds_one_package_and_its_metadata(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"foreign_eyes", f"{wheel.name.rsplit('-', 3)[0]}.dist-info"}


def test_the_wheel_holds_every_source_and_data_file_of_the_checkout(wheel: Path) -> None:
    in_checkout = {
        f"foreign_eyes/{path.relative_to(ROOT)}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    own = {f"foreign_eyes/{name}" for name in ("__init__.py", "__main__.py", "py.typed")}
    assert set(files_of(wheel)) == in_checkout | own


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path / "sdist")) as opened:
        opened.extractall(tmp_path / "source", filter="data")
    [source] = (tmp_path / "source").iterdir()
    assert files_of(build("wheel", source, tmp_path / "again")) == files_of(wheel)


@pytest.mark.parametrize("first", ["foreign_eyes", "others"])
def test_the_wheel_and_packages_named_like_its_folders_are_imported_in_either_order(
    installed: Environment, first: str
) -> None:
    ours = [f"foreign_eyes.{name}" for name in PACKAGES]
    theirs = [f"{name}.only" for name in OTHERS]
    imports = [*ours, *theirs] if first == "foreign_eyes" else [*theirs, *ours]
    by_name = f"{{name: sys.modules[name].__file__ for name in {imports}}}"
    code = f"import json, sys, {', '.join(imports)}; print(json.dumps({by_name}))"
    files: dict[str, str] = json.loads(run(installed.python, "-c", code, cwd=installed.folder))
    expected = {name: installed.site_packages / name.replace(".", "/") for name in imports}
    assert {name: Path(file).with_suffix("") for name, file in files.items()} == {
        name: path / "__init__" if name in ours else path for name, path in expected.items()
    }


def test_the_installed_command_does_the_main_job_from_any_folder(installed: Environment, tmp_path: Path) -> None:
    stdout = run(installed.folder / "bin" / "foreign-eyes", "up", "--no-serve", cwd=tmp_path)
    assert "40 entries on 8 pages" in stdout
    assert {"atom.xml", "rss.xml", "index.html", "style.css"} <= {path.name for path in (tmp_path / "public").iterdir()}


def test_the_installed_package_runs_as_a_module(installed: Environment, tmp_path: Path) -> None:
    from foreign_eyes import __version__  # noqa: PLC0415 - the version of the checkout, to be compared

    assert __version__ in run(installed.python, "-P", "-m", "foreign_eyes", "--version", cwd=tmp_path)


def test_removing_a_package_named_like_a_folder_removes_no_file_of_ours(wheel: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "installed")
    environment.install(wheel, write_wheel("archive", tmp_path))
    environment.pip("uninstall", "--quiet", "--yes", "archive")
    environment.add_dependencies()
    left = {
        path.relative_to(environment.site_packages) for path in environment.site_packages.rglob("*") if path.is_file()
    }
    assert {path.as_posix() for path in left if "dist-info" not in path.parts[0]} == {
        *files_of(wheel),
        "dependencies.pth",
    }
    assert run(environment.folder / "bin" / "foreign-eyes", "init", "--help", cwd=tmp_path)


@pytest.fixture(scope="module")
def egg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_egg(tmp_path_factory.mktemp("egg"))


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the dependencies alone, as on a machine that runs scrapyd."""
    environment = Environment(tmp_path_factory.mktemp("scrapyd") / "installed")
    environment.add_dependencies()
    return environment


def in_egg(egg: Path) -> dict[str, str]:
    """Return the environment in which scrapyd runs a project: its egg is on the path, its entry point names the settings."""
    return {"PYTHONPATH": str(egg), "SCRAPY_SETTINGS_MODULE": "foreign_eyes.crawler.settings"}


def test_the_egg_holds_the_files_of_the_wheel(egg: Path, wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(egg).namelist() if not name.endswith((".pyc", "/"))}
    assert {name for name in names if not name.startswith("EGG-INFO/")} == set(files_of(wheel))


def test_scrapyd_finds_the_settings_in_the_egg(egg: Path) -> None:
    assert (
        "[scrapy]\nsettings = foreign_eyes.crawler.settings\n"
        in zipfile.ZipFile(egg).read("EGG-INFO/entry_points.txt").decode()
    )


def test_scrapy_lists_the_spider_of_the_zipped_egg(egg: Path, scrapyd: Environment, tmp_path: Path) -> None:
    assert run(scrapyd.python, "-m", "scrapy", "list", cwd=tmp_path, env=in_egg(egg)) == "listing\n"


@pytest.mark.long
def test_the_spider_of_the_zipped_egg_crawls_the_sample(egg: Path, scrapyd: Environment, tmp_path: Path) -> None:
    run(scrapyd.python, "-m", "scrapy", "crawl", "listing", cwd=tmp_path, env=in_egg(egg))
    with closing(sqlite3.connect(tmp_path / "archive.db")) as archive:
        assert archive.execute("SELECT outcome, entries FROM crawl_log").fetchall() == [("complete", 40)]


# written by every process at its end: the names under which each file was loaded
NAMES_BY_FILE = """
import atexit, collections, json, os, pathlib, sys

def write():
    names = collections.defaultdict(list)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name != "__main__":
            names[os.path.realpath(file)].append(name)
    pathlib.Path(os.environ["NAMES_FOLDER"], f"{os.getpid()}.json").write_text(json.dumps(names))

atexit.register(write)
"""


def names_by_file(*arguments: str, cwd: Path, folder: Path) -> tuple[str, list[dict[str, list[str]]]]:
    """Run Python with `arguments`; return its standard output, and for each process the names of loaded files."""
    (folder / "site").mkdir()
    (folder / "names").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(NAMES_BY_FILE)
    environment = {
        "PYTHONPATH": str(folder / "site"),
        "NAMES_FOLDER": str(folder / "names"),
        "FOREIGN_EYES_ARCHIVE": str(folder / "archive.db"),
    }
    stdout = run(sys.executable, *arguments, cwd=cwd, env=environment)
    return stdout, [json.loads(path.read_text()) for path in (folder / "names").iterdir()]


def wrongly_named(loaded: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the files of the checkout's packages that were loaded under two names, or not below `foreign_eyes`."""
    folders = {*PACKAGES, "foreign_eyes"}
    ours = {
        file: names for file, names in loaded.items() if file.startswith(tuple(f"{ROOT}/{name}/" for name in folders))
    }
    assert ours
    return {file: names for file, names in ours.items() if len(names) > 1 or names[0].split(".")[0] != "foreign_eyes"}


def test_the_main_job_in_a_checkout_loads_no_module_under_two_names(tmp_path: Path) -> None:
    _, processes = names_by_file("-m", "foreign_eyes", "up", "--no-serve", cwd=tmp_path, folder=tmp_path)
    assert len(processes) > 1
    assert [wrongly_named(loaded) for loaded in processes] == [{}] * len(processes)


def test_scrapy_lists_the_spider_in_a_checkout_and_loads_no_module_under_two_names(tmp_path: Path) -> None:
    stdout, processes = names_by_file("-m", "scrapy", "list", cwd=ROOT, folder=tmp_path)
    assert stdout == "listing\n"
    assert [wrongly_named(loaded) for loaded in processes] == [{}]
