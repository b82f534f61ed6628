"""Writing files so that a kill, a power cut or a full disk never leaves half a truth behind.

Small file-system helpers for `generations` and for `ingest`'s embedding cache; no knowledge of what
the files mean.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ds542_tutor.errors import IndexFullError, IndexStoreError, SourceError

# numpy and Chroma report a failed write without its reason, and have freed some space again by
# then; with less than this left, a full disk is the likely one.
_TIGHT = 64 << 20
_COPY_BLOCK = 1 << 20


@contextlib.contextmanager
def reporting_write_errors(folder: Path) -> Iterator[None]:
    """Turn what fails while an index is written into an error that says what to do.

    Raises:
        IndexFullError: the disk filled up. IndexStoreError: another reason.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if "database is locked" in str(error):
            raise IndexStoreError(
                f"Another ingest keeps a cache in {folder} busy; wait until it ends, and run again."
            ) from error
        if _is_full(error, folder):
            raise IndexFullError(
                f"The disk of {folder} is full, so no new index was written; the one in use is "
                "untouched. Free some space (or name another folder with --index) and run again."
            ) from error
        raise IndexStoreError(
            f"The index folder {folder} cannot be written ({error}); choose another with --index, "
            "or mend its permissions."
        ) from error


def _is_full(error: OSError | sqlite3.OperationalError, folder: Path) -> bool:
    """Tell a full disk: by errno, by SQLite's words, else by the space left."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "disk is full" in str(error) or shutil.disk_usage(folder).free < _TIGHT


@contextlib.contextmanager
def exclusive_lock(file: Path) -> Iterator[None]:
    """Hold `file` as a lock that ends with the process; its text is the holder's process id.

    Raises:
        IndexStoreError: another process holds it, or it cannot be written.
    """
    with reporting_write_errors(file.parent):
        opened = file.open("a+", encoding="utf-8")
    with opened as stream:
        if not _try_lock(stream):
            stream.seek(0)
            # Whoever has just taken it may not have signed yet.
            holder = stream.read().strip() or "unknown"
            raise IndexStoreError(
                f"Another ingest (process {holder}) is writing to {file.parent}; "
                "wait until it ends, or stop it, and run again."
            )
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _try_lock(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def hold_open(folder: Path) -> int:
    """Mark `folder` as being read, until the returned descriptor is closed.

    Raises:
        FileNotFoundError: there is no such folder, or it was taken away just now.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        folder.stat()  # `take_away` may have held it
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_held_open(folder: Path) -> bool:
    """Tell whether any process has `folder` marked as being read."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def take_away(folder: Path) -> bool:
    """Delete `folder` unless it is being read; nobody can begin to read it meanwhile.

    Hidden first, so that a kill in the middle leaves no half of it under its name.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden = folder.rename(folder.with_name(f".removed-{folder.name}"))
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    remove_tree(hidden)
    return True


def write_atomically(file: Path, text: str) -> None:
    """Replace `file` by `text`: a reader sees the old or the new text, even after a power cut."""
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    sync(file.parent)


def copy_verified(source: Path, target: Path, sha256: str) -> None:
    """Copy `source` to `target`, which appears only when its bytes have this sha-256 (hex).

    A copy, not a hard link: an editor that saves in place would change a linked file.

    Raises:
        SourceError: the file is not the one that was read.
    """
    digest = hashlib.sha256()
    fresh = target.with_name(f".{target.name}.new")
    try:
        with source.open("rb") as reading, fresh.open("wb") as writing:
            while block := reading.read(_COPY_BLOCK):
                digest.update(block)
                writing.write(block)
            writing.flush()
            os.fsync(writing.fileno())
        if digest.hexdigest() != sha256:
            raise SourceError(f"{source} changed while it was being read; run the ingest again.")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Flush every file and folder below `folder` to the disk."""
    for path in (*folder.rglob("*"), folder):
        sync(path)


def sync(path: Path) -> None:
    """Flush one file, or the names in one folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(folder: Path) -> None:
    """Delete a folder; what is already gone is no error."""
    shutil.rmtree(folder, ignore_errors=True)
