"""Immutable generations of the index, and the pointer to the current one.

    <root>/current                  id of the generation that answers
    <root>/generations/<id>/        manifest.json course.json chunks.sqlite dense/ lexical/
    <root>/files/<sha256>.<ext>     the very files that were read, for page images
    <root>/history                  ids of the generations that ever were current, oldest first
    <root>/.lock                    one writer at a time

A generation is written in a hidden folder (`writer`), renamed when it is whole, and never changed
again; then the pointer moves, at once or when staff publish what was staged. A failed or killed
writer therefore leaves the current generation untouched, and a document that was removed cannot be
found.
"""

from __future__ import annotations

import re
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ds542_tutor.errors import IndexMismatchError, IndexMissingError, IndexStoreError
from ds542_tutor.index import storage
from ds542_tutor.index.generation import FILES, GENERATIONS, Generation
from ds542_tutor.index.manifest import MANIFEST_FILE, Manifest
from ds542_tutor.index.writer import STAMP, GenerationWriter

# The current generation, one to roll back to, and one more in case that was bad too.
KEEP = 3

_POINTER, _HISTORY, _LOCK = "current", "history", ".lock"
_BUILDING = ".building-"
_REMEDY = "run `make ingest` (or `python -m ingest SOURCES.toml --index {root}`)"


class IndexStore:
    """The index folder: all generations, and which one answers."""

    def __init__(self, root: Path) -> None:
        """Nothing is created before `begin`."""
        self.root = root
        self.lock = root / _LOCK

    def current_id(self) -> str | None:
        """Return the id of the current generation, None before the first ingest."""
        try:
            text = (self.root / _POINTER).read_text(encoding="utf-8", errors="replace")
            return text.strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None

    def current_manifest(self) -> Manifest:
        """Read the manifest of the current generation.

        Raises:
            IndexMissingError: there is none. IndexMismatchError: another format.
            IndexStoreError: it is damaged.
        """
        current = self.current_id()
        if current is None:
            remedy = _REMEDY.format(root=self.root)
            raise IndexMissingError(f"There is no index in {self.root}; {remedy} to build one.")
        # Only a name: whatever else a damaged pointer says leads nowhere outside.
        return Manifest.read(self.root / GENERATIONS / Path(current).name)

    def open_current(self, embedder_id: str | None = None) -> Generation:
        """Open the current generation for an embedder; None skips the check (no dense search then).

        Raises:
            IndexMissingError, IndexMismatchError, IndexStoreError: see `current_manifest`;
            IndexMismatchError also for another embedder.
        """
        while True:
            current = self.current_id()
            try:
                manifest = self.current_manifest()
                return self._open(self.root / GENERATIONS / manifest.id, manifest, embedder_id)
            except IndexStoreError:
                if self.current_id() == current:
                    raise
                # Another was published, and this one deleted, while it was being opened.

    def candidate_manifest(self) -> Manifest:
        """Read the manifest of the generation that an ingest is about to publish.

        Raises:
            IndexMissingError: none is prepared. Others: see `current_manifest`.
        """
        return Manifest.read(self._candidate())

    def open_candidate(self, embedder_id: str) -> Generation:
        """Open the generation that an ingest is about to publish, to judge it before.

        Raises:
            IndexMissingError: none is prepared. Others: see `open_current`.
        """
        folder = self._candidate()
        return self._open(folder, Manifest.read(folder), embedder_id)

    def _candidate(self) -> Path:
        for manifest in (self.root / GENERATIONS).glob(f"{_BUILDING}*/{MANIFEST_FILE}"):
            return manifest.parent
        raise IndexMissingError(
            f"No ingest into {self.root} is about to publish; `python -m ingest --gate CASES` "
            "judges a new index before it is used."
        )

    def _open(self, folder: Path, manifest: Manifest, embedder_id: str | None) -> Generation:
        if embedder_id is not None and manifest.embedder != embedder_id:
            raise IndexMismatchError(
                f"The index in {self.root} was built with the embedder {manifest.embedder}, but "
                f"the tutor is set to {embedder_id}; {_REMEDY.format(root=self.root)}, or set "
                "models.embedder back."
            )
        try:
            return Generation(self.root, folder, manifest)
        except Exception as error:
            raise IndexStoreError(
                f"The index generation {folder} cannot be opened ({error}); run `python -m ingest "
                f"rollback --index {self.root}`, or build it anew."
            ) from error

    def generations(self) -> list[Manifest]:
        """Return the manifests of all readable generations, oldest first."""
        found = []
        for folder in self._folders():
            try:
                found.append(Manifest.read(folder))
            except IndexStoreError:
                continue  # an older format or a damaged one: nothing to offer here
        return found

    def begin(self) -> GenerationWriter:
        """Start a new generation, after clearing away what a killed ingest left.

        Raises:
            IndexStoreError: another process is writing, or the folder cannot be written.
        """
        with ExitStack() as held:
            with storage.reporting_write_errors(_existing(self.root)):
                (self.root / GENERATIONS).mkdir(parents=True, exist_ok=True)
                (self.root / FILES).mkdir(exist_ok=True)
                held.enter_context(storage.exclusive_lock(self.lock))
                self.clear_leftovers()
                folder = self.root / GENERATIONS / f"{_BUILDING}{uuid.uuid4().hex[:12]}"
                folder.mkdir()
            return GenerationWriter(self, folder, held.pop_all())

    def published(self) -> list[str]:
        """Return the ids that ever were current, oldest first; some may be deleted by now."""
        try:
            lines = (self.root / _HISTORY).read_text(encoding="utf-8").split()
        except (FileNotFoundError, NotADirectoryError):
            lines = []
        return list(dict.fromkeys([*lines, *filter(None, [self.current_id()])]))

    def publish(self, identifier: str, *, force: bool = False) -> Manifest:
        """Make a staged generation the current one, and prune old ones.

        Args:
            force: also when another generation was published since this one was staged, whose
                changes it does not have.

        Raises:
            IndexStoreError: no such generation, another came between, or an ingest is running.
        """
        self._known(identifier)
        with storage.exclusive_lock(self.lock):
            manifest = self._known(identifier)
            current = self.current_id()
            new = identifier not in self.published()
            if new and (manifest.replaces or None) != current and not force:
                raise IndexStoreError(
                    f"{identifier} was made to replace {manifest.replaces or 'nothing'}, but "
                    f"{current} is in use now and would be undone; stage it anew, or publish "
                    "with --force."
                )
            self.point_at(identifier)
            self.prune()
        return manifest

    def discard(self, identifier: str) -> None:
        """Delete a staged generation that was never published.

        Raises:
            IndexStoreError: there is none, it was published, or an ingest is running.
        """
        self._known(identifier)
        with storage.exclusive_lock(self.lock):
            self._known(identifier)
            if identifier in self.published():
                raise IndexStoreError(
                    f"{identifier} was in use once, so it is kept to roll back to; "
                    "`python -m ingest gc` removes the oldest."
                )
            if not self.remove(identifier):
                raise IndexStoreError(
                    f"{identifier} is being read; close what reads it, and run again."
                )

    def rollback(self, to: str | None = None) -> Manifest:
        """Point back at the generation published before the current one, or at the one named `to`.

        Raises:
            IndexMissingError: no index. IndexStoreError: no such or no earlier generation, or an
            ingest is running.
        """
        current = self.current_id()
        if current is None:
            raise IndexMissingError(
                f"There is no index in {self.root}; {_REMEDY.format(root=self.root)} to build one."
            )
        with storage.exclusive_lock(self.lock):
            there = {manifest.id for manifest in self.generations()}
            earlier = [i for i in self.published() if i in there and i < current]
            target = to or max(earlier, default=None)
            if target is None:
                raise IndexStoreError(
                    f"There is no generation before {current} in {self.root}; `python -m ingest "
                    f"list --index {self.root}` shows what there is."
                )
            manifest = self._known(target)
            if target not in self.published():
                raise IndexStoreError(
                    f"{target} was never in use, so there is no going back to it; `python -m "
                    f"ingest publish {target} --index {self.root}` puts it to use."
                )
            self.point_at(target)
        return manifest

    def point_at(self, identifier: str) -> None:
        """Make a generation the current one. Call with the writer's lock held.

        Raises:
            IndexFullError: the disk is full; the pointer has not moved.
        """
        with storage.reporting_write_errors(self.root):
            history = [*self.published(), identifier]
            storage.write_atomically(self.root / _HISTORY, "\n".join(dict.fromkeys(history)) + "\n")
            storage.write_atomically(self.root / _POINTER, identifier + "\n")

    def _known(self, identifier: str) -> Manifest:
        for manifest in self.generations():
            if manifest.id == identifier:
                return manifest
        raise IndexStoreError(
            f"There is no generation {identifier} in {self.root}; `python -m ingest list --index "
            f"{self.root}` shows what there is."
        )

    def prune(self, keep: int = KEEP) -> None:
        """Delete what `old` names. Source files stay: saved answers show pages of them."""
        for identifier in self.old(keep):
            self.remove(identifier)

    def old(self, keep: int = KEEP) -> list[str]:
        """Return the ids of all but the newest `keep` generations that were published.

        Spared are the current one, those being read, and what was staged since the current one was
        published.
        """
        current, published = self.current_id() or "", set(self.published())
        folders = self._folders()
        newest = [folder.name for folder in folders if folder.name in published][-keep:]
        spared = {current, *newest}
        spared |= {f.name for f in folders if f.name not in published and f.name > current}
        return [f.name for f in folders if f.name not in spared and not storage.is_held_open(f)]

    def remove(self, identifier: str) -> bool:
        """Delete a generation that is not in use; False where it is being read.

        Call with the writer's lock held.
        """
        return storage.take_away(self.root / GENERATIONS / identifier)

    def leftovers(self) -> list[Path]:
        """Return what killed ingests left. Call with the writer's lock held."""
        return [*self._hidden(GENERATIONS), *self._hidden(FILES)]

    def clear_leftovers(self) -> None:
        """Delete what killed ingests left. Call with the writer's lock held."""
        for path in self.leftovers():
            if path.is_dir():
                storage.remove_tree(path)
            else:
                path.unlink(missing_ok=True)

    def _hidden(self, folder: str) -> list[Path]:
        return sorted((self.root / folder).glob(".*"))

    def next_time(self) -> datetime:
        """Return the time for a new id: now, but later than every id there, so that ids sort."""
        now = datetime.now(UTC).replace(microsecond=0)
        stamps = [folder.name.split("-")[0] for folder in self._folders()]
        if stamps:
            newest = datetime.strptime(max(stamps), STAMP).replace(tzinfo=UTC)
            now = max(now, newest + timedelta(seconds=1))
        return now

    def _folders(self) -> list[Path]:
        """Return the folders of published generations, oldest first."""
        return sorted(
            folder
            for folder in (self.root / GENERATIONS).glob("*")
            if re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", folder.name)
        )


def _existing(folder: Path) -> Path:
    """Return `folder` or its nearest parent that exists."""
    return next(p for p in (folder, *folder.absolute().parents) if p.exists())
