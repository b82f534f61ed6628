"""From a list of course files to a published generation: read, chunk, embed, write, check, publish.

Nothing is changed in place: whatever goes wrong, the generation in use stays as it is. How files
are read and cut is for `readers` and `chunking`, how a generation is stored for `index`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ds542_tutor.course import Course
from ds542_tutor.documents import Chunk, Erratum
from ds542_tutor.errors import EmptySourceError, IndexStoreError, SourceError
from ds542_tutor.index.chunks import DocumentRecord
from ds542_tutor.index.generations import Generation, GenerationWriter, IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.index.storage import reporting_write_errors
from ds542_tutor.protocols import Embedder, Vector
from ingest.chunking import MAX_TOKENS, chunk_document
from ingest.crossrefs import tie
from ingest.readers import read_course, read_document
from ingest.report import Embedded, FileDone, GateVerdict, OnEvent, Phase, Report, Started
from ingest.sources import SourceFile, SourceSet
from ingest.vectors import VectorCache

CACHE_FILE = "embeddings.sqlite"
# Texts embedded between two progress events: a few seconds' work on 2 CPU cores.
BLOCK = 128
# Chunks looked up by their own text before publishing: enough to notice a shifted or damaged
# index, quick enough (a second or two) to do every time.
SAMPLE = 48
TOP = 5
# A bfloat16 vector of one text may differ by this much in cosine between two batches.
SLACK = 2e-3


Gate = Callable[[Manifest], GateVerdict]
"""Says whether the prepared generation with this manifest may be published."""


class DocumentEmbedder(Embedder, Protocol):
    """An embedder as ingest needs it: it also measures texts and says how exact its vectors are."""

    @property
    def dtype(self) -> str: ...

    @property
    def max_tokens(self) -> int: ...

    def count_tokens(self, text: str) -> int: ...


def build(
    sources: SourceSet,
    store: IndexStore,
    embedder: DocumentEmbedder,
    on_event: OnEvent,
    *,
    allow_partial: bool = False,
    gate: Gate | None = None,
) -> Report:
    """Build a generation from `sources` and publish it.

    When a file failed nothing is published, unless `allow_partial` and another could be read; nor
    when `gate` says no, which is asked last.

    Raises:
        IndexFullError: the disk is full. IndexStoreError: another ingest runs, or a check failed.
        EmptySourceError: the sources name no file at all.
    """
    began = time.monotonic()
    with store.begin() as writer:
        run = _Run(sources, store, embedder, on_event, writer)
        run.read()
        course = read_course(sources)
        if not run.chunks and not run.failed():
            raise EmptySourceError(
                f"The corpus {sources.name} names no file that can be read; "
                "check the patterns in its sources file and the --materials folder."
            )
        generation = verdict = None
        if run.chunks and (allow_partial or not run.failed()):
            manifest = run.write(run.embed(), course)
            if gate is not None:
                on_event(Phase("gate"))
                verdict = gate(writer.prepare(manifest))
            if verdict is None or verdict.green:
                seconds = round(time.monotonic() - began, 1)
                generation = writer.publish(dataclasses.replace(manifest, seconds=seconds)).id
    report = Report(
        generation=generation,
        files=tuple(run.files),
        chunks=len(run.chunks),
        embedded=run.embedded,
        seconds=round(time.monotonic() - began, 1),
        warnings=course.warnings,
        gate=verdict,
    )
    on_event(report)
    return report


@dataclass
class _Run:
    """One ingest under way: its parts, and what it has gathered so far."""

    sources: SourceSet
    store: IndexStore
    embedder: DocumentEmbedder
    on_event: OnEvent
    writer: GenerationWriter
    files: list[FileDone] = field(default_factory=list)
    documents: list[DocumentRecord] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    errata: tuple[Erratum, ...] = ()
    embedded: int = 0

    @property
    def max_tokens(self) -> int:
        """Size of a chunk: it should say one thing, so an embedder that reads more gets no more."""
        return min(self.embedder.max_tokens, MAX_TOKENS)

    def failed(self) -> tuple[str, ...]:
        """Return "path: reason" of the files that failed."""
        return tuple(f"{f.path}: {f.reason}" for f in self.files if f.status == "failed")

    def read(self) -> None:
        """Read and cut every file; tell what became of each."""
        total = sum(map(len, (self.sources.files, self.sources.missing, self.sources.skipped)))
        self.on_event(Started(self.sources.name, total))
        for outcome in self._outcomes():
            told = dataclasses.replace(outcome, done=len(self.files) + 1, total=total)
            self.files.append(told)
            self.on_event(told)
        tied = tie(self.chunks, self.sources.files)
        self.chunks, self.errata = list(tied.chunks), tied.errata

    def _outcomes(self) -> Iterator[FileDone]:
        for absent in self.sources.missing:
            yield FileDone(absent.name, "failed", absent.reason)
        for skipped in self.sources.skipped:
            yield FileDone(skipped.name, "skipped", skipped.reason)
        for source in self.sources.files:
            try:
                yield self._read_one(source)
            except SourceError as error:
                reason = str(error).removeprefix(f"{source.name}: ")
                yield FileDone(source.name, "failed", reason)

    def _read_one(self, source: SourceFile) -> FileDone:
        document = read_document(source)
        chunks = _distinct(chunk_document(document, self.embedder.count_tokens, self.max_tokens))
        if not chunks:
            raise EmptySourceError(
                f"{source.name}: nothing but headings and boilerplate in it; "
                "put the real file in its place, or list it under [[skip]]"
            )
        self.writer.keep_file(source.path, document.sha256)
        self.documents.append(DocumentRecord.of(document, len(chunks)))
        self.chunks.extend(chunks)
        return FileDone(
            source.name,
            "read",
            chunks=len(chunks),
            pages=document.page_count,
            blank=document.blank,
            ocr=document.ocr_pages,
            warnings=document.warnings,
        )

    def embed(self) -> list[Vector]:
        """Return one vector a chunk, in order; only texts that are not in the cache cost time."""
        # Longest first: texts of like length share a batch, and memory peaks at once if it does.
        texts = sorted({chunk.search_text for chunk in self.chunks}, key=lambda t: (-len(t), t))
        file = self.store.root / CACHE_FILE
        with (
            reporting_write_errors(self.store.root),
            VectorCache(file, self.embedder.model_id, self.embedder.dtype) as cache,
        ):
            known: dict[str, list[float]] = cache.get(texts)
            cached = len(known)
            missing = [text for text in texts if text not in known]
            self.on_event(Embedded(cached, len(texts), cached))
            for start in range(0, len(missing), BLOCK):
                block = missing[start : start + BLOCK]
                fresh = dict(zip(block, self.embedder.embed_documents(block), strict=True))
                cache.put(fresh)
                known.update(fresh)
                self.on_event(Embedded(len(known), len(texts), cached))
        self.embedded = len(missing)
        return [known[chunk.search_text] for chunk in self.chunks]

    def write(self, vectors: Sequence[Vector], course: Course) -> Manifest:
        """Write the generation, check it, and return its manifest."""
        manifest = Manifest(
            embedder=self.embedder.model_id,
            dimension=self.embedder.dimension,
            corpus=self.sources.name,
            term=self.sources.term,
            settings={"embedder_dtype": self.embedder.dtype},
            chunking={"max_tokens": self.max_tokens},
            failed=self.failed(),
        )
        self.on_event(Phase("write"))
        self.writer.write(self.documents, self.chunks, vectors, course, self.errata)
        self.on_event(Phase("check"))
        with self.writer.preview(manifest) as generation:
            check(generation, self.chunks, self.embedder)
        return manifest


def _distinct(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Drop repetitions, which have one id: the same text at the same place twice finds no more."""
    unique = {chunk.id: chunk for chunk in reversed(chunks)}
    kept = [chunk for chunk in chunks if unique[chunk.id] is chunk]
    return [dataclasses.replace(chunk, ordinal=i) for i, chunk in enumerate(kept)]


def check(generation: Generation, chunks: Sequence[Chunk], embedder: Embedder) -> None:
    """Refuse a generation that lost something: compare counts, and look a sample up by its text.

    A chunk counts as found among the first `TOP` when it is one of them or as similar as the last
    of them, since decks repeat slides word for word.

    Raises:
        IndexStoreError: what was written is not what was read.
    """
    counts = (len(generation.chunks), len(generation.dense), len(generation.lexical))
    if counts != (len(chunks),) * 3:
        raise IndexStoreError(
            f"The new index holds {counts} texts, vectors and lexical entries instead of "
            f"{len(chunks)} each, so it was not published; run the ingest again."
        )
    sample = chunks[:: max(1, len(chunks) // SAMPLE)]
    queries = embedder.embed_documents([chunk.search_text for chunk in sample])
    for chunk, query in zip(sample, queries, strict=True):
        hits = generation.dense.search(query, TOP)
        if chunk.id not in [i for i, _ in hits] and hits[-1][1] < 1 - SLACK:
            raise IndexStoreError(
                f"The new index does not find {chunk.document} ({chunk.locator.describe()}) by its "
                "own text, so it was not published; delete the embedding cache "
                f"({CACHE_FILE} in the index folder) and run the ingest again."
            )
