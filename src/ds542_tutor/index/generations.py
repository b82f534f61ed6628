"""Immutable generations of the index, and the pointer to the current one.

    <root>/current                  id of the generation that answers
    <root>/generations/<id>/        manifest.json course.json chunks.sqlite dense/ lexical/
    <root>/files/<sha256>.<ext>     the very files that were read, for page images
    <root>/.lock                    one writer at a time

A generation is written in a hidden folder, renamed when it is whole, and never changed again; then
the pointer moves. A failed or killed writer therefore leaves the current generation untouched, and
a document that was removed cannot be found. Reading course files and computing vectors is left to
`ingest` and `models`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from ds542_tutor.course import Course, from_json, to_json
from ds542_tutor.documents import Chunk, Erratum
from ds542_tutor.errors import IndexMismatchError, IndexMissingError, IndexStoreError
from ds542_tutor.index import storage
from ds542_tutor.index.chunks import ChunkStore, DocumentRecord
from ds542_tutor.index.dense import DenseIndex
from ds542_tutor.index.lexical import LexicalIndex
from ds542_tutor.index.manifest import MANIFEST_FILE, Manifest
from ds542_tutor.protocols import Vector

# The current generation, one to roll back to, and one more in case that was bad too.
KEEP = 3

_POINTER, _LOCK, _GENERATIONS, _FILES = "current", ".lock", "generations", "files"
_COURSE, _CHUNKS, _DENSE, _LEXICAL = "course.json", "chunks.sqlite", "dense", "lexical"
_BUILDING = ".building-"
_STAMP = "%Y%m%dT%H%M%SZ"
_REMEDY = "run `make ingest` (or `python -m ingest SOURCES.toml --index {root}`)"


class Generation:
    """One opened generation: `chunks`, `dense`, `lexical`, `course`, `manifest`; to be closed.

    While it is open, no later ingest deletes it.
    """

    def __init__(self, root: Path, folder: Path, manifest: Manifest) -> None:
        """Open the generation in `folder`; `IndexStore.open_current` is the usual way."""
        self.id = manifest.id
        self.manifest = manifest
        self._files = root / _FILES
        with ExitStack() as opened:
            opened.callback(os.close, storage.hold_open(folder))
            self.chunks = ChunkStore.open(folder / _CHUNKS)
            opened.callback(self.chunks.close)
            self.dense = DenseIndex.open(folder / _DENSE)
            opened.callback(self.dense.close)
            self.lexical = LexicalIndex.open(folder / _LEXICAL)
            self.course = _read_course(folder / _COURSE, manifest)
            self._opened = opened.pop_all()

    def source_file(self, sha256: str) -> Path:
        """Return the stored copy of the file with this sha-256, as it was when it was read.

        Raises:
            IndexStoreError: there is none.
        """
        # Checked, since the value may come from an address that a visitor typed.
        if re.fullmatch(r"[0-9a-f]{64}", sha256):
            for file in self._files.glob(f"{sha256}*"):
                return file
        raise IndexStoreError(f"The index holds no source file {sha256[:64]!r}; run `make ingest`.")

    def close(self) -> None:
        """Release the files. Closing twice is harmless."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class GenerationWriter:
    """A generation in the making. As a context manager it discards what was not published."""

    def __init__(self, store: IndexStore, folder: Path, held: ExitStack) -> None:
        """Use `IndexStore.begin`, which makes the hidden `folder`; `held` carries the lock."""
        self._store = store
        self._folder = folder
        self._held = held
        self._published = False
        self._now: datetime | None = None
        self._chunks: Sequence[Chunk] = ()
        self._documents: Sequence[DocumentRecord] = ()

    def keep_file(self, path: Path, sha256: str) -> None:
        """Store a copy of a source file, unless the store has it.

        Raises:
            SourceError: it changed since its hash was taken. IndexFullError: the disk is full.
        """
        target = self._store.root / _FILES / f"{sha256}{path.suffix.lower()}"
        if not target.is_file():
            with storage.reporting_write_errors(self._store.root):
                storage.copy_verified(path, target, sha256)

    def write(
        self,
        documents: Sequence[DocumentRecord],
        chunks: Sequence[Chunk],
        vectors: Sequence[Vector],
        course: Course | None = None,
        errata: Sequence[Erratum] = (),
    ) -> None:
        """Write everything that is searched; `vectors` has one unit vector a chunk, in order.

        Raises:
            IndexFullError: the disk is full.
        """
        ids = [chunk.id for chunk in chunks]
        with storage.reporting_write_errors(self._store.root):
            ChunkStore.build(self._folder / _CHUNKS, documents, chunks, errata).close()
            LexicalIndex.build(self._folder / _LEXICAL, ids, (c.search_text for c in chunks))
            metadatas = [_metadata(chunk) for chunk in chunks]
            DenseIndex.build(self._folder / _DENSE, ids, vectors, metadatas).close()
            if course is not None:
                text = json.dumps(to_json(course), ensure_ascii=False, indent=1)
                (self._folder / _COURSE).write_text(text, encoding="utf-8")
        self._documents, self._chunks = documents, chunks

    def preview(self, manifest: Manifest) -> Generation:
        """Open what was written, for checks before it is published. Close it before `publish`."""
        return Generation(self._store.root, self._folder, manifest)

    def prepare(self, manifest: Manifest) -> Manifest:
        """Complete the manifest, so that `IndexStore.open_candidate` finds this generation.

        The id stays the same when it is called again.

        Raises:
            IndexFullError: the disk is full.
        """
        self._now = self._now or self._store.next_time()
        full = dataclasses.replace(
            manifest,
            id=f"{self._now:{_STAMP}}-{self._content_hash(manifest)}",
            created=self._now.isoformat(),
            chunks=len(self._chunks),
            documents=tuple(self._documents),
        )
        with storage.reporting_write_errors(self._store.root):
            full.write(self._folder)
        return full

    def publish(self, manifest: Manifest, keep: int = KEEP) -> Manifest:
        """Make this the current generation, prune old ones, and return the completed manifest.

        Raises:
            IndexFullError: the disk is full; nothing has changed.
        """
        root = self._store.root
        full = self.prepare(manifest)
        with storage.reporting_write_errors(root):
            storage.sync_tree(self._folder)
            self._folder = self._folder.rename(root / _GENERATIONS / full.id)
            storage.sync(root / _GENERATIONS)
            storage.write_atomically(root / _POINTER, full.id + "\n")
        self._published = True
        self._store.prune(keep)
        self._held.close()
        return full

    def discard(self) -> None:
        """Delete what was written and let another ingest begin. Harmless after `publish`."""
        if not self._published:
            storage.remove_tree(self._folder)
        self._held.close()

    def _content_hash(self, manifest: Manifest) -> str:
        digest = hashlib.sha256(manifest.embedder.encode())
        for chunk in self._chunks:
            digest.update(chunk.id.encode())
        for document in self._documents:
            digest.update(document.sha256.encode())
        return digest.hexdigest()[:8]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()


class IndexStore:
    """The index folder: all generations, and which one answers."""

    def __init__(self, root: Path) -> None:
        """Nothing is created before `begin`."""
        self.root = root

    def current_id(self) -> str | None:
        """Return the id of the current generation, None before the first ingest."""
        try:
            return (self.root / _POINTER).read_text(encoding="utf-8").strip() or None
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
        return Manifest.read(self.root / _GENERATIONS / current)

    def open_current(self, embedder_id: str | None = None) -> Generation:
        """Open the current generation for an embedder; None skips the check (no dense search then).

        Raises:
            IndexMissingError, IndexMismatchError, IndexStoreError: see `current_manifest`;
            IndexMismatchError also for another embedder.
        """
        manifest = self.current_manifest()
        return self._open(self.root / _GENERATIONS / manifest.id, manifest, embedder_id)

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
        for manifest in (self.root / _GENERATIONS).glob(f"{_BUILDING}*/{MANIFEST_FILE}"):
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
                (self.root / _GENERATIONS).mkdir(parents=True, exist_ok=True)
                (self.root / _FILES).mkdir(exist_ok=True)
                held.enter_context(storage.exclusive_lock(self.root / _LOCK))
                for leftover in (self.root / _GENERATIONS).glob(".*"):
                    storage.remove_tree(leftover)
                folder = self.root / _GENERATIONS / f"{_BUILDING}{uuid.uuid4().hex[:12]}"
                folder.mkdir()
            return GenerationWriter(self, folder, held.pop_all())

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
        with storage.exclusive_lock(self.root / _LOCK):
            known = {manifest.id: manifest for manifest in self.generations()}
            target = to or max((i for i in known if i < current), default=None)
            if target not in known:
                wanted = f"no generation {to}" if to else f"no generation before {current}"
                raise IndexStoreError(
                    f"There is {wanted} in {self.root}; `python -m ingest list --index "
                    f"{self.root}` shows what there is."
                )
            storage.write_atomically(self.root / _POINTER, target + "\n")
        return known[target]

    def prune(self, keep: int = KEEP) -> list[str]:
        """Delete all but the newest `keep` generations, sparing the current and those being read.

        Source files stay: saved answers show pages of them. Call with the writer's lock held.
        """
        removed = []
        for folder in self._folders()[:-keep]:
            if folder.name == self.current_id() or storage.is_held_open(folder):
                continue
            # Hidden first, so that a kill in the middle leaves no half generation in the list.
            storage.remove_tree(folder.rename(folder.with_name(f".removed-{folder.name}")))
            removed.append(folder.name)
        return removed

    def next_time(self) -> datetime:
        """Return the time for a new id: now, but later than every id there, so that ids sort."""
        now = datetime.now(UTC).replace(microsecond=0)
        stamps = [folder.name.split("-")[0] for folder in self._folders()]
        if stamps:
            newest = datetime.strptime(max(stamps), _STAMP).replace(tzinfo=UTC)
            now = max(now, newest + timedelta(seconds=1))
        return now

    def _folders(self) -> list[Path]:
        """Return the folders of published generations, oldest first."""
        return sorted(
            folder
            for folder in (self.root / _GENERATIONS).glob("*")
            if re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", folder.name)
        )


def _metadata(chunk: Chunk) -> dict[str, str | int | bool]:
    """Return what a dense search can filter on; Chroma takes no None, so unknowns are left out."""
    values = {
        "document": chunk.document,
        "kind": chunk.kind,
        "term": chunk.term,
        "lecture": chunk.lecture,
        "assignment": chunk.assignment,
        "page": chunk.locator.page,
        "graded": chunk.graded,
        "exercise": chunk.exercise,
    }
    return {key: value for key, value in values.items() if value is not None}


def _read_course(file: Path, manifest: Manifest) -> Course:
    """Return the stored calendar; one that knows nothing where the corpus has no course site."""
    if not file.is_file():
        return Course(name=manifest.corpus, term=manifest.term or "")
    return from_json(Course, json.loads(file.read_text(encoding="utf-8")))


def _existing(folder: Path) -> Path:
    """Return `folder` or its nearest parent that exists."""
    return next(p for p in (folder, *folder.absolute().parents) if p.exists())
