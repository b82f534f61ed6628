"""What was fetched, from where and with which hash: `.ds542-fetch.json` in the materials folder.

It tells a file that fetch put there, and may replace, from one that a person put there or edited.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ds542_tutor.errors import SettingsError

RECORD: Final = ".ds542-fetch.json"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A fetched file. `etag`, `last_modified`: as the server sent them; `fetched`: UTC time."""

    url: str
    sha256: str
    bytes: int
    fetched: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryRecord:
    """A fetched repository: the commit that was checked out."""

    url: str
    commit: str
    fetched: str
    ref: str | None = None


@dataclass
class Record:
    """All that was fetched into a folder, by the path below it."""

    files: dict[str, FileRecord] = field(default_factory=dict)
    repositories: dict[str, RepositoryRecord] = field(default_factory=dict)


def load(root: Path) -> Record:
    """The record of a materials folder; empty where there is none.

    Raises:
        SettingsError: it is there and cannot be read.
    """
    path = root / RECORD
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            {to: FileRecord(**entry) for to, entry in data["files"].items()},
            {to: RepositoryRecord(**entry) for to, entry in data["repositories"].items()},
        )
    except FileNotFoundError:
        return Record()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(
            f"{path} cannot be read ({error}); remove it: fetch then leaves every file that is "
            "there as it is"
        ) from error


def save(record: Record, root: Path) -> None:
    """Write the record so that a reader sees the old or the new one, never half of it."""
    text = json.dumps({"version": 1, **asdict(record)}, indent=1, ensure_ascii=False)
    write_atomically(root / RECORD, text + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Write a small text file beside its place, then move it there."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
