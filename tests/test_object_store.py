"""The upload of docs/serving.md, run as printed, by rclone into an imitation of S3 on 127.0.0.1."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from conftest import ROOT
from support.programs import lacking, needs
from support.published import published

from foreign_eyes.web.http_headers import cache_control, media_type

# .ci/run makes it, with the packages in .ci/store-packages
ENVIRONMENT = ROOT / ".venv-store"
PATIENCE = 60.0
SERVING = (ROOT / "docs/serving.md").read_text("utf-8")
BUCKET = "eyes"


class Store:
    """A bucket of the store, and rclone's configuration for it."""

    def __init__(self, port: int) -> None:
        self.port = port
        remote = {
            "TYPE": "s3",
            "PROVIDER": "Other",
            "ENDPOINT": f"http://127.0.0.1:{port}",
            "ACCESS_KEY_ID": "key",
            "SECRET_ACCESS_KEY": "secret",
            "ACL": "public-read",
        }
        self.environment = {f"RCLONE_CONFIG_REMOTE_{name}": value for name, value in remote.items()}

    def ask(self, path: str, method: str = "GET") -> tuple[HTTPResponse, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer, answer.read()

    def upload(self, output: Path, folder: Path) -> None:
        [script] = re.findall(
            r"^```sh\n(set -e\nfrom=public to=remote:bucket\n.*?)^```$", SERVING, re.MULTILINE | re.DOTALL
        )
        script = script.replace("from=public to=remote:bucket", f"from={output} to=remote:{BUCKET}")
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def objects(self) -> dict[str, tuple[bytes, str | None, str | None]]:
        """Return body, media type and cache class of each object."""
        _, listing = self.ask(f"/{BUCKET}?list-type=2&max-keys=1000")
        assert b"<IsTruncated>false" in listing
        found = {}
        for name in re.findall(r"<Key>([^<]*)</Key>", listing.decode()):
            answer, body = self.ask(f"/{BUCKET}/{name}")
            found[name] = (body, answer.getheader("Content-Type"), answer.getheader("Cache-Control"))
        return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    needs("rclone")
    program = ENVIRONMENT / "bin" / "moto_server"
    if not program.exists():
        lacking(f"{ENVIRONMENT.name} with moto is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("store") / "log"
    with log.open("wb") as file:
        process = subprocess.Popen([program, "--host", "127.0.0.1", "--port", str(port)], stdout=file, stderr=file)
    try:
        until = time.monotonic() + PATIENCE
        while "Running on" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        store = Store(port)
        assert store.ask(f"/{BUCKET}", "PUT")[0].status == 200
        yield store
    finally:
        process.terminate()
        process.wait(PATIENCE)


def as_published(*folders: Path) -> dict[str, tuple[bytes, str | None, str | None]]:
    """Return what a store should have: `folders` are the output folder and those of other sources below it."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not path.name.startswith("."):
                key = path.relative_to(folders[0]).as_posix()
                found[key] = (path.read_bytes(), media_type(name), cache_control(name))
    return found


def test_an_upload_sends_each_file_with_its_type_and_cache_class_and_later_ones_what_changed(
    store: Store, tmp_path: Path
) -> None:
    output = published(tmp_path, "quiet", "https://eyes.example.org/").output
    other = Path(shutil.copytree(output, tmp_path / "other")).rename(output / "village")
    store.upload(output, tmp_path)
    assert store.objects() == as_published(output, other)
    page = next(output.glob("entries/*/index.html"))
    text = (output / "index.html").read_text()
    (output / "index.html").write_text(text.replace("</title>", "</TITLE>"))  # a change that keeps the length
    (output / "new.html").write_text("<title>New</title>")
    page.unlink()
    store.upload(output, tmp_path)
    assert store.objects() == as_published(output, other)
