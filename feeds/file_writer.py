"""Writing files whole: a reader, or a run after a kill, finds the old bytes or the new ones and never a part.

    compare | temporary file beside it | fsync | replace | fsync of the folder

A file whose bytes are right already is left alone, so that servers and mirrors see no change where there is none. The
temporary file of `index.html` is `.index.html.foreign-eyes`: a name that is nobody else's, and always the same, so that what
a killed run left is found again without looking through folders.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath

from foreign_eyes.archive.feed_state.folder_record import record_path
from foreign_eyes.feeds.errors import OutputUnwritable

# whatever the umask is: a web server's user has to read what is published
FILE_MODE = 0o644
FILE_MODES = {f"{mode:04o}": mode for mode in (0o644, 0o640, 0o600, 0o604, 0o660, 0o664)}
_TEMPORARY = re.compile(r"\..+\.foreign-eyes")


def write_file(
    output: Path,
    name: str,
    content: bytes,
    mode: int = FILE_MODE,
    *,
    mend_mode: bool = False,
    before: Callable[[], None] = lambda: None,
) -> bool:
    """Make the file `name` below `output` hold `content`; return whether it was written.

    `name` is relative, with slashes. Files that are written get the permissions `mode`, folders that are made those of
    `folder_mode`; with `mend_mode` what is there already gets them too. `before` is called before anything is written.

    Raises:
        OutputUnwritable: it could not be done, and what was there before still is.
        ValueError: `name` leads out of the folder.
    """
    path = _inside(output, name)
    try:
        _temporary(path).unlink(missing_ok=True)  # of a killed run
        is_right = _holds(path, content)
        if not is_right:
            before()
            make_folder(path.parent, mode)
            _replace(path, content, mode)
        if mend_mode:
            _mend_modes(output, path, mode)
    except OSError as error:
        raise OutputUnwritable(path, error) from error
    return not is_right


def read_file_mode(text: str) -> int:
    """Return the permissions that a setting such as `0644` says: the owner reads and writes, nobody executes.

    Raises:
        ValueError: it says others.
    """
    try:
        return FILE_MODES[text]
    except KeyError:
        raise ValueError(f"{text!r}: must be one of {', '.join(FILE_MODES)}") from None


def leftovers(output: Path) -> Iterator[Path]:
    """Yield the temporary files that killed runs left below a folder, but not below folders that have a record of their own."""
    for folder, folders, names in os.walk(output):
        at = Path(folder)
        folders[:] = [name for name in folders if not record_path(at / name).exists()]
        yield from (at / name for name in names if _TEMPORARY.fullmatch(name))


def remove_leftovers(output: Path) -> None:
    """Remove these.

    Raises:
        OutputUnwritable: it could not be done.
    """
    for path in leftovers(output):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputUnwritable(path, error) from error


def digest_of(output: Path, name: str) -> str | None:
    """Return the SHA-256 of the file `name` below `output`, in hexadecimal; None if there is no such file to read."""
    path = output / name
    try:
        return sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None


def make_folder(folder: Path, mode: int) -> None:
    """Make `folder` and what is missing above it, each durably, with the permissions that go with a file's `mode`.

    Raises:
        OSError: it could not be done.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    folder.mkdir(exist_ok=True)
    permit(folder, folder_mode(mode))
    _sync_folder(folder.parent)


def folder_mode(mode: int) -> int:
    """Return the permissions of a folder of files with this mode: whoever may read them may enter it."""
    return mode | (mode & 0o444) >> 2


def permit(path: Path | int, mode: int) -> None:
    """Give a file or folder these permissions, unless it has them; its special bits stay.

    File systems without permissions, and files of another user, are left as they are: `check` reports them.
    """
    had = os.stat(path).st_mode  # noqa: PTH116 - a descriptor, too
    if stat.S_IMODE(had) & 0o777 != mode:
        with suppress(PermissionError):
            os.chmod(path, mode | stat.S_IMODE(had) & 0o7000)  # noqa: PTH101


def remove_file(output: Path, name: str) -> bool:
    """Remove the file `name` below `output`, and the folders that this empties; return whether there was such a file.

    Raises:
        OutputUnwritable: it could not be done.
        ValueError: `name` leads out of the folder.
    """
    path = _inside(output, name)
    try:
        _temporary(path).unlink(missing_ok=True)
        path.unlink()
        folder = path.parent
        while folder != output and _remove_empty(folder):
            folder = folder.parent
        _sync_folder(folder)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError as error:
        raise OutputUnwritable(path, error) from error
    return True


def _inside(output: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or name.endswith("/") or ".." in parts or "\0" in name:
        raise ValueError(f"not a path inside the output folder: {name!r}")
    return output.joinpath(*parts)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.foreign-eyes")


def _holds(path: Path, content: bytes) -> bool:
    """Whether the file has these bytes; what is no ordinary file (a pipe would block) or cannot be read has not."""
    try:
        status = path.stat()
        return stat.S_ISREG(status.st_mode) and status.st_size == len(content) and path.read_bytes() == content
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False


def _replace(path: Path, content: bytes, mode: int) -> None:
    temporary = _temporary(path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            permit(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _mend_modes(output: Path, path: Path, mode: int) -> None:
    permit(path, mode)
    folder = path.parent
    while True:
        permit(folder, folder_mode(mode))
        if folder == output:
            return
        folder = folder.parent


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
