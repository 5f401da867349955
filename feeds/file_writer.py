"""Atomic writes: a file holds its old bytes or its new ones, never a part.

This is true for readers during a write, and for the next run after a kill.

    compare | temporary file in the same folder | fsync | rename | fsync of the folder

A file that has the right bytes already is not written, so servers and mirrors see no change. The temporary file of
`index.html` is `.index.html.foreign-eyes`: no other program uses that name, and it is always the same, so the next run finds
the temporary file of a killed run without searching folders.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath

from foreign_eyes.archive.feed_state.output_record import record_path
from foreign_eyes.feeds.errors import OutputUnwritable

# regardless of the umask, because the web server's user must be able to read the files
FILE_MODE = 0o644
FILE_MODES = {f"{mode:04o}": mode for mode in (0o644, 0o640, 0o600, 0o604, 0o660, 0o664)}
_TEMPORARY = re.compile(r"\..+\.foreign-eyes")


def write_file(
    output: Path,
    name: str,
    content: bytes,
    mode: int = FILE_MODE,
    *,
    repair_mode: bool = False,
    before: Callable[[], None] = lambda: None,
) -> bool:
    """Write `content` to the file `name` below `output` unless it has these bytes.

    Return whether the file was written.

    Args:
        output: the output folder.
        name: the relative path, with slashes.
        content: the bytes.
        mode: the permissions of the file; new folders get those of `folder_mode`.
        repair_mode: also set the permissions of an existing file and its folders.
        before: called before anything is written.

    Raises:
        OutputUnwritable: the file could not be written; the old file is still there.
        ValueError: `name` leads out of the folder.
    """
    path = _inside(output, name)
    try:
        _temporary(path).unlink(missing_ok=True)  # of a killed run
        is_right = _has_content(path, content)
        if not is_right:
            before()
            make_folder(path.parent, mode)
            _replace(path, content, mode)
        if repair_mode:
            _repair_modes(output, path, mode)
    except OSError as error:
        raise OutputUnwritable(path, error) from error
    return not is_right


def read_file_mode(text: str) -> int:
    """Parse a setting of file permissions, such as `0644`.

    With each allowed value, the owner can read and write, and nobody can execute.

    Raises:
        ValueError: the value is not one of `FILE_MODES`.
    """
    try:
        return FILE_MODES[text]
    except KeyError:
        raise ValueError(f"{text!r}: must be one of {', '.join(FILE_MODES)}") from None


def leftovers(output: Path) -> Iterator[Path]:
    """Yield the temporary files that killed runs left below a folder.

    Skip subfolders that have a record of their own.
    """
    for folder, folders, names in os.walk(output):
        at = Path(folder)
        folders[:] = [name for name in folders if not record_path(at / name).exists()]
        yield from (at / name for name in names if _TEMPORARY.fullmatch(name))


def remove_leftovers(output: Path) -> None:
    """Remove the temporary files that killed runs left below a folder.

    Raises:
        OutputUnwritable: a file could not be removed.
    """
    for path in leftovers(output):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputUnwritable(path, error) from error


def digest_of(output: Path, name: str) -> str | None:
    """Return the SHA-256 of the file `name` below `output`, in hexadecimal.

    Return None if the file cannot be read.
    """
    path = output / name
    try:
        return sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None


def make_folder(folder: Path, mode: int) -> None:
    """Create `folder` and missing folders above it, durably.

    `mode` is that of the files in them; `folder_mode` derives the permissions of the folders.

    Raises:
        OSError: a folder could not be created.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    folder.mkdir(exist_ok=True)
    set_mode(folder, folder_mode(mode))
    _sync_folder(folder.parent)


def folder_mode(mode: int) -> int:
    """Return the permissions of a folder with files of this mode.

    Users who can read the files can enter the folder.
    """
    return mode | (mode & 0o444) >> 2


def set_mode(path: Path | int, mode: int) -> None:
    """Set the permissions of a file or folder, except its special bits.

    On a file system without permissions, or on a file of another user, this does nothing; `check` reports such files.
    """
    had = os.stat(path).st_mode  # noqa: PTH116 - a descriptor, too
    if stat.S_IMODE(had) & 0o777 != mode:
        with suppress(PermissionError):
            os.chmod(path, mode | stat.S_IMODE(had) & 0o7000)  # noqa: PTH101


def remove_file(output: Path, name: str) -> bool:
    """Remove the file `name` below `output`, and folders that become empty.

    Return whether there was such a file.

    Raises:
        OutputUnwritable: the file could not be removed.
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


def _has_content(path: Path, content: bytes) -> bool:
    """Return whether `path` is a readable regular file with these bytes.

    Other files are not read, because reading a pipe could block.
    """
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
            set_mode(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _repair_modes(output: Path, path: Path, mode: int) -> None:
    set_mode(path, mode)
    folder = path.parent
    while True:
        set_mode(folder, folder_mode(mode))
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
