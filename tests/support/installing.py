"""Wheels, sdists and eggs of the checkout, and virtual environments to install them in."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPENDENCIES = sysconfig.get_path("purelib")

# scrapyd-deploy writes this file into a project that has no setup.py
SCRAPYD_SETUP_PY = """
from setuptools import setup, find_packages

setup(
    name         = 'project',
    version      = '1.0',
    packages     = find_packages(),
    entry_points = {'scrapy': ['settings = foreign_eyes.crawler.settings']},
)
"""


def run(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; return its standard output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, arguments)),
        cwd=cwd,
        env={**environment, **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(kind: str, checkout: Path, folder: Path) -> Path:
    """Build the `wheel` or `sdist` of `checkout` in `folder`; return its path."""
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder, cwd=checkout)
    [built] = folder.iterdir()
    return built


def link_checkout(project: Path) -> Path:
    """Make a folder with a link to each file of the checkout, for tools that write into a checkout; return it."""
    project.mkdir()
    made_by_tools = {"setup.py", "build", "dist", "foreign_eyes.egg-info"}
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name not in made_by_tools:
            (project / path.name).symlink_to(path)
    return project


def build_egg(folder: Path) -> Path:
    """Build an egg of the checkout as scrapyd-deploy does; return its path."""
    project = link_checkout(folder / "project")
    (project / "setup.py").write_text(SCRAPYD_SETUP_PY)
    run(sys.executable, "setup.py", "clean", "-a", cwd=project)
    run(sys.executable, "setup.py", "bdist_egg", "-d", folder, cwd=project)
    [egg] = folder.glob("*.egg")
    return egg


def write_wheel(name: str, folder: Path) -> Path:
    """Write a wheel with one package, `name`, that holds an `__init__.py` and a module `only`."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": f"OWNER = 'the other {name}'\n",
        f"{name}/only.py": f"OWNER = 'the other {name}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return wheel


class Environment:
    """A virtual environment with the dependencies of the test environment, without the checkout."""

    def __init__(self, folder: Path) -> None:
        run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.site_packages = Path(
            run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
        )

    def pip(self, *arguments: str | Path) -> None:
        """Run the pip of the tests' own environment on this one."""
        own = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check"]
        run(*own, *arguments, cwd=self.folder)

    def install(self, *wheels: Path) -> None:
        """Install wheels without their dependencies and without an index."""
        self.pip("install", "--quiet", "--no-deps", "--no-index", "--no-compile", *wheels)

    def add_dependencies(self) -> None:
        """Make the packages of the test environment importable, but not the checkout.

        Python reads no .pth file in a folder that a .pth file names, so the editable install has no effect.
        """
        (self.site_packages / "dependencies.pth").write_text(f"{DEPENDENCIES}\n")
