"""Writing a generation of the index: all of it in a hidden folder, then renamed, then pointed at.

What stays the same since the generation in use is taken over rather than built again. Reading
course files and computing vectors is left to `ingest` and `models`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ds542_tutor.course import Course, to_json
from ds542_tutor.documents import Chunk, Erratum
from ds542_tutor.index import storage
from ds542_tutor.index.chunks import ChunkStore, DocumentRecord, entry
from ds542_tutor.index.dense import DenseIndex
from ds542_tutor.index.generation import (
    CHUNKS,
    COURSE,
    DENSE,
    FILES,
    GENERATIONS,
    LEXICAL,
    LEXICON,
    Generation,
)
from ds542_tutor.index.lexical import LexicalIndex
from ds542_tutor.index.lexicon import Lexicon
from ds542_tutor.index.manifest import MANIFEST_FILE, Manifest
from ds542_tutor.protocols import Vector

STAMP = "%Y%m%dT%H%M%SZ"
# Of a generation's vectors, this share may have been exchanged since its graph was last built as a
# whole: HNSW only marks what is deleted, and a graph of many holes finds less.
MAX_EXCHANGED = 0.2


class Store(Protocol):
    """What a writer asks of the index folder; see `generations.IndexStore`."""

    @property
    def root(self) -> Path: ...

    def current_id(self) -> str | None: ...

    def next_time(self) -> datetime: ...

    def point_at(self, identifier: str) -> None: ...

    def prune(self) -> None: ...


class GenerationWriter:
    """A generation in the making. As a context manager it discards what was not kept."""

    def __init__(self, store: Store, folder: Path, held: ExitStack) -> None:
        """Use `IndexStore.begin`, which makes the hidden `folder`; `held` carries the lock."""
        self._store = store
        self._folder = folder
        self._held = held
        self._stored = False
        self._now: datetime | None = None
        self._chunks: Sequence[Chunk] = ()
        self._documents: Sequence[DocumentRecord] = ()
        self._exchanged = 0

    def keep_file(self, path: Path, sha256: str) -> None:
        """Store a copy of a source file, unless the store has it.

        Raises:
            SourceError: it changed since its hash was taken. IndexFullError: the disk is full.
        """
        target = self._store.root / FILES / f"{sha256}{path.suffix.lower()}"
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
        *,
        terms: Iterable[Sequence[str]] | None = None,
        base: Generation | None = None,
    ) -> None:
        """Write everything that is searched; `vectors` has one unit vector a chunk, in order.

        Args:
            terms: the search terms of each chunk (`lexical.tokenize`), where they are known.
            base: the generation in use, with vectors of the same embedder; what few vectors differ
                are exchanged in a copy of its graph.

        Raises:
            IndexFullError: the disk is full.
        """
        ids = [chunk.id for chunk in chunks]
        texts = (chunk.search_text for chunk in chunks)
        with (
            storage.reporting_write_errors(self._store.root),
            # The graph takes longest, and Chroma builds it outside Python.
            ThreadPoolExecutor(max_workers=1) as beside,
        ):
            dense = beside.submit(self._write_dense, chunks, vectors, base)
            ChunkStore.build(self._folder / CHUNKS, documents, chunks, errata).close()
            LexicalIndex.build(self._folder / LEXICAL, ids, texts, terms)
            Lexicon.build(chunk.search_text for chunk in chunks).write(self._folder / LEXICON)
            dense.result()
            if course is not None:
                text = json.dumps(to_json(course), ensure_ascii=False, indent=1)
                (self._folder / COURSE).write_text(text, encoding="utf-8")
        self._documents, self._chunks = documents, chunks

    def _write_dense(
        self, chunks: Sequence[Chunk], vectors: Sequence[Vector], base: Generation | None
    ) -> None:
        if not self._exchange(chunks, vectors, base):
            ids = [chunk.id for chunk in chunks]
            metadatas = [metadata(chunk) for chunk in chunks]
            DenseIndex.build(self._folder / DENSE, ids, vectors, metadatas).close()

    def _exchange(
        self, chunks: Sequence[Chunk], vectors: Sequence[Vector], base: Generation | None
    ) -> bool:
        """Write the vectors as the base's with some exchanged; False where too many differ."""
        if base is None:
            return False
        old = base.chunks.entries()
        kept = {chunk.id for chunk in chunks if old.get(chunk.id) == entry(chunk)}
        gone = [identifier for identifier in old if identifier not in kept]
        fresh = [i for i, chunk in enumerate(chunks) if chunk.id not in kept]
        exchanged = base.manifest.exchanged + max(len(gone), len(fresh))
        if exchanged >= MAX_EXCHANGED * len(old):
            return False
        DenseIndex.derive(
            base.folder / DENSE,
            self._folder / DENSE,
            gone,
            [chunks[i].id for i in fresh],
            [vectors[i] for i in fresh],
            [metadata(chunks[i]) for i in fresh],
        ).close()
        self._exchanged = exchanged
        return True

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
            id=f"{self._now:{STAMP}}-{self._content_hash(manifest)}",
            created=self._now.isoformat(),
            chunks=len(self._chunks),
            documents=tuple(self._documents),
            exchanged=self._exchanged,
            replaces=self._store.current_id() or "",
            sizes=self._sizes(),
        )
        with storage.reporting_write_errors(self._store.root):
            full.write(self._folder)
        return full

    def _sizes(self) -> dict[str, int]:
        return {
            path.relative_to(self._folder).as_posix(): path.stat().st_size
            for path in sorted(self._folder.rglob("*"))
            if path.is_file() and path.name != MANIFEST_FILE
        }

    def stage(self, manifest: Manifest) -> Manifest:
        """Keep this generation beside the one in use, and return the completed manifest.

        `IndexStore.publish` makes it the current one, once this writer is closed.

        Raises:
            IndexFullError: the disk is full; nothing has changed.
        """
        root = self._store.root
        full = self.prepare(manifest)
        with storage.reporting_write_errors(root):
            storage.sync_tree(self._folder)
            self._folder = self._folder.rename(root / GENERATIONS / full.id)
            storage.sync(root / GENERATIONS)
        self._stored = True
        return full

    def publish(self, manifest: Manifest) -> Manifest:
        """Make this the current generation, prune old ones, and return the completed manifest.

        Raises:
            IndexFullError: the disk is full; nothing has changed.
        """
        full = self.stage(manifest)
        try:
            self._store.point_at(full.id)
        except BaseException:
            storage.remove_tree(self._folder)
            raise
        self._store.prune()
        self._held.close()
        return full

    def discard(self) -> None:
        """Delete what was neither published nor staged, and let another ingest begin."""
        if not self._stored:
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


def metadata(chunk: Chunk) -> dict[str, str | int | bool]:
    """Return what a dense search can filter on; Chroma takes no None, so unknowns are left out.

    Whatever is added here must be part of `chunks.entry`, which tells when it changed.
    """
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
