"""Puts files into the course materials, keeps what they replaced, and undoes that.

    <data>/incoming/               files that are still arriving
    <data>/replaced/<stamp>.json   one change: which file, by whom
    <data>/replaced/<stamp>/<path> the file as it was before; none when there was none

Which files an ingest would read is asked of `python -m ingest files`; building the index from them
is `staff_jobs`' business.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ds542_tutor.app.file_types import check_type, clean_name
from ds542_tutor.app.ingest_commands import IngestCommands, Listing
from ds542_tutor.errors import UploadError
from ds542_tutor.index import storage

Action = Literal["added", "replaced", "removed"]

_STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True)
class Change:
    """One file that was put into the materials or taken out of them.

    Attributes:
        stamp: names the change. at: ISO 8601, UTC. path: below the materials folder.
        sha256: of the file as it is since; "" when it is gone. undoes: stamp of another change.
    """

    stamp: str
    at: str
    by: str
    path: str
    action: Action
    sha256: str = ""
    undoes: str = ""


class Materials:
    """The folder of the course materials, as staff may change it. One change at a time."""

    def __init__(self, commands: IngestCommands, data: Path, max_bytes: int) -> None:
        """`data`: where to keep what was replaced. `max_bytes`: of one file."""
        self._commands = commands
        self._incoming = data / "incoming"
        self._replaced = data / "replaced"
        self.max_bytes = max_bytes
        self._changing = threading.Lock()

    def place(self, name: str) -> str:
        """Return `name` cleaned, when an ingest would read a file there.

        Raises:
            UploadError: it would not; the message says which files it reads.
        """
        return self._place(name)[0]

    def _place(self, name: str) -> tuple[str, Path]:
        """Return the cleaned name, and its place on the disk."""
        path = clean_name(name)
        listing = self._commands.files(target=path)
        if not listing.accepted:
            patterns = ", ".join(dict.fromkeys(pattern for pattern, _ in listing.patterns))
            raise UploadError(
                f"An ingest would not read {path}: {self._commands.sources.name} names {patterns}."
            )
        # A file whose name on the disk has decomposed characters is replaced, not doubled.
        path = next((f for f in listing.files if unicodedata.normalize("NFC", f) == path), path)
        return path, _inside(listing, path)

    @contextmanager
    def arriving(self) -> Iterator[Path]:
        """Return a fresh path to write an upload to; what is left of it goes away afterwards.

        Raises:
            UploadError: the data folder cannot be written.
        """
        file = self._incoming / secrets.token_hex(12)
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            yield file
        except OSError as error:
            raise UploadError(f"The file cannot be kept ({error.strerror}): {file}.") from error
        finally:
            file.unlink(missing_ok=True)

    def put(self, arrived: Path, name: str, by: str) -> Change | None:
        """Check the arrived file and put it at `name`; return None when it was there already.

        Raises:
            UploadError: the place or the type is unfit, or the folder cannot be written.
        """
        path, target = self._place(name)
        check_type(arrived, path)
        return self._change(path, target, arrived, by)

    def undo(self, stamp: str, by: str) -> Change | None:
        """Bring back what a change replaced; itself a change, which can be undone in turn.

        Returns None when the file is already as it was.

        Raises:
            UploadError: there is no such change, or the folder cannot be written.
        """
        done = next((c for c in self.changes() if c.stamp == stamp), None)
        if done is None:
            raise UploadError("There is no such change; load the page anew.")
        path, target = self._place(done.path)
        kept = self._replaced / stamp / done.path
        return self._change(path, target, kept if kept.is_file() else None, by, undoes=stamp)

    def changes(self) -> list[Change]:
        """Return all changes, the latest first."""
        found = []
        for file in sorted(self._replaced.glob("*.json"), reverse=True):
            try:
                found.append(Change(**json.loads(file.read_text(encoding="utf-8"))))
            except (OSError, ValueError, TypeError):
                continue  # not one of ours
        return found

    def _change(
        self, path: str, target: Path, fresh: Path | None, by: str, undoes: str = ""
    ) -> Change | None:
        """Make `target` a copy of `fresh`, or remove it; keep what was there."""
        with self._changing:
            try:
                return self._carry_out(path, target, fresh, by, undoes)
            except OSError as error:
                raise UploadError(
                    f"{path} cannot be written ({error.strerror}); mend the permissions of "
                    f"{target.parent}, or free some space. The old file is as it was."
                ) from error

    def _carry_out(
        self, path: str, target: Path, fresh: Path | None, by: str, undoes: str
    ) -> Change | None:
        before = _sha256(target) if target.is_file() else ""
        after = _sha256(fresh) if fresh else ""
        if before == after:
            return None
        now = datetime.now(UTC)
        change = Change(
            stamp=now.strftime(_STAMP),
            at=now.isoformat(timespec="seconds"),
            by=by,
            path=path,
            action="removed" if not after else "replaced" if before else "added",
            sha256=after,
            undoes=undoes,
        )
        # In this order, so that a kill in between never loses a file: at worst the list names a
        # change that has not happened, whose undoing changes nothing.
        if before:
            kept = self._replaced / change.stamp / path
            kept.parent.mkdir(parents=True)
            shutil.copy2(target, kept)
            storage.sync(kept)
        self._replaced.mkdir(parents=True, exist_ok=True)
        storage.write_atomically(
            self._replaced / f"{change.stamp}.json", json.dumps(asdict(change))
        )
        if fresh is None:
            target.unlink()
        else:
            _replace(target, fresh)
        return change


def _inside(listing: Listing, path: str) -> Path:
    """Return the file's place on the disk, which no link may take out of the materials folder."""
    root = listing.root.resolve()
    target = root / path
    if not target.resolve().is_relative_to(root):
        raise UploadError(f"{path} is a link that leads out of the materials folder {root}.")
    if target.is_dir():
        raise UploadError(f"{path} is a folder; give the path of a file.")
    return target


def _replace(target: Path, fresh: Path) -> None:
    """Copy `fresh` to `target`, where a reader sees the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{secrets.token_hex(8)}.part")  # hidden: no pattern takes it
    try:
        shutil.copyfile(fresh, beside)
        storage.sync(beside)
        beside.replace(target)
        storage.sync(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
