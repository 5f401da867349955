"""A real scrapyd on 127.0.0.1, to which the checkout is deployed by scrapyd-deploy."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from conftest import ROOT

from support.installing import DEPENDENCIES, link_checkout
from support.programs import lacking

# .ci/run makes it, with the packages in .ci/scrapyd-packages
ENVIRONMENT = ROOT / ".venv-scrapyd"
PROJECT = "foreign_eyes"
PATIENCE = 120.0


@dataclass
class Scrapyd:
    """A running scrapyd: its working directory, which also holds its log, and its port."""

    folder: Path
    port: int

    @property
    def log(self) -> str:
        return (self.folder / "scrapyd.log").read_text()

    def ask(self, name: str, **form: str) -> dict[str, Any]:
        """Call a method of the API: with a form if there are parameters besides the project."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            if form:
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", f"/{name}.json", urlencode({"project": PROJECT, **form}), headers)
            else:
                connection.request("GET", f"/{name}.json?project={PROJECT}")
            found: dict[str, Any] = json.load(connection.getresponse())
        assert found["status"] == "ok", found
        return found

    def run_job(self, **arguments: str) -> Job:
        """Run a job to its end."""
        job = self.start_job(**arguments)
        job.wait()
        return job

    def start_job(self, **arguments: str) -> Job:
        """Schedule a job."""
        return Job(self, self.ask("schedule", spider="listing", **arguments)["jobid"])

    def deploy(self, folder: Path) -> str:
        """Deploy the checkout by scrapyd-deploy and return its output."""
        project = link_checkout(folder / "project")
        config = (project / "scrapy.cfg").read_text()
        (project / "scrapy.cfg").unlink()
        (project / "scrapy.cfg").write_text(config.replace(":6800/", f":{self.port}/"))
        done = subprocess.run(
            [ENVIRONMENT / "bin" / "scrapyd-deploy"], cwd=project, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass
class Job:
    """A job of scrapyd."""

    server: Scrapyd
    job_id: str

    def wait(self) -> None:
        """Wait until the job has ended."""
        until = time.monotonic() + PATIENCE
        while self.job_id not in (job["id"] for job in self.server.ask("listjobs")["finished"]):
            assert time.monotonic() < until, self.server.log
            time.sleep(0.1)

    @property
    def log(self) -> str:
        """The job's own log, which scrapyd's web page links."""
        return (self.server.folder / "logs" / PROJECT / "listing" / f"{self.job_id}.log").read_text()

    @property
    def end(self) -> str:
        """How the job ended, by scrapyd's log."""
        pattern = rf"#(?:info|error)\] (Process (?:finished|died)[^\n]*?):? project=[^\n]*job='{self.job_id}'"
        [found] = re.findall(pattern, self.server.log)
        return str(found)


@contextmanager
def scrapyd(folder: Path, **env: str) -> Iterator[Scrapyd]:
    """Run scrapyd in `folder` on a free port."""
    if not ENVIRONMENT.exists():
        lacking(f"{ENVIRONMENT.name} with scrapyd is not installed")
    [site_packages] = (ENVIRONMENT / "lib").glob("python*/site-packages")
    (site_packages / "dependencies.pth").write_text(f"{DEPENDENCIES}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:  # scrapyd starts no server on port 0
        port = free.getsockname()[1]
    (folder / "scrapyd.conf").write_text(f"[scrapyd]\nhttp_port = {port}\npoll_interval = 0.1\nmax_proc = 1\n")
    log = folder / "scrapyd.log"
    with log.open("wb") as file:
        command = [ENVIRONMENT / "bin" / "scrapyd"]
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **env}, stdout=file, stderr=file)
    try:
        until = time.monotonic() + PATIENCE
        while "Site starting on" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield Scrapyd(folder, port)
    finally:
        process.terminate()
        process.wait(PATIENCE)
