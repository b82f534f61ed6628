"""From a list of course files to a published generation: read, chunk, embed, write, check, publish.

Nothing is changed in place: whatever goes wrong, the generation in use stays as it is. How files
are read and cut is for `readers` and `chunking`, how a generation is stored for `index`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ds542_tutor.course import Course
from ds542_tutor.documents import Chunk
from ds542_tutor.errors import EmptySourceError, IndexStoreError, SourceError
from ds542_tutor.index.chunks import DocumentRecord
from ds542_tutor.index.generations import Generation, GenerationWriter, IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.index.storage import reporting_write_errors
from ds542_tutor.protocols import Embedder, Vector
from ingest.chunking import MAX_TOKENS, chunk_document
from ingest.readers import read_course, read_document
from ingest.report import Embedded, FileDone, OnEvent, Phase, Report, Started
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


class DocumentEmbedder(Embedder, Protocol):
    """An embedder as ingest needs it: it also measures texts and says how exact its vectors are."""

    dtype: Any

    @property
    def max_tokens(self) -> int: ...

    def count_tokens(self, text: str) -> int: ...


@dataclass
class _Read:
    """What reading has gathered so far."""

    files: list[FileDone] = field(default_factory=list)
    documents: list[DocumentRecord] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)


def build(
    sources: SourceSet,
    store: IndexStore,
    embedder: DocumentEmbedder,
    on_event: OnEvent,
    *,
    allow_partial: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> Report:
    """Build a generation from `sources` and publish it.

    When a file failed nothing is published, unless `allow_partial`. `settings` are noted in the
    manifest.

    Raises:
        IndexFullError: the disk is full. IndexStoreError: another ingest runs, or a check failed.
        SourceError: a file changed meanwhile, or nothing at all could be read.
    """
    began = time.monotonic()
    with store.begin() as writer:
        # A passage should say one thing, so an embedder that reads more does not get more.
        size = min(embedder.max_tokens, MAX_TOKENS)
        read = _read_all(sources, embedder, size, writer, on_event)
        failed = tuple(f"{f.path}: {f.reason}" for f in read.files if f.status == "failed")
        course = read_course(sources)
        generation, embedded = None, 0
        if not failed or (allow_partial and read.chunks):
            if not read.chunks:
                raise EmptySourceError(
                    f"The corpus {sources.name} names no file that can be read; "
                    "check the patterns in its sources file and the --materials folder."
                )
            vectors, embedded = _embed(read.chunks, embedder, store, on_event)
            manifest = Manifest(
                embedder=embedder.model_id,
                dimension=embedder.dimension,
                corpus=sources.name,
                term=sources.term,
                settings={"embedder_dtype": embedder.dtype, **(settings or {})},
                chunking={"max_tokens": size},
                failed=failed,
            )
            _write(writer, read, vectors, course, manifest, embedder, on_event)
            seconds = round(time.monotonic() - began, 1)
            generation = writer.publish(dataclasses.replace(manifest, seconds=seconds)).id
    report = Report(
        generation=generation,
        files=tuple(read.files),
        chunks=len(read.chunks),
        embedded=embedded,
        seconds=round(time.monotonic() - began, 1),
        warnings=course.warnings,
    )
    on_event(report)
    return report


def _read_all(
    sources: SourceSet,
    embedder: DocumentEmbedder,
    max_tokens: int,
    writer: GenerationWriter,
    on_event: OnEvent,
) -> _Read:
    """Read and cut every file; tell what became of each."""
    read = _Read()
    total = len(sources.files) + len(sources.missing) + len(sources.skipped)
    on_event(Started(sources.name, total))
    for outcome in _outcomes(sources, embedder, max_tokens, writer, read):
        told = dataclasses.replace(outcome, done=len(read.files) + 1, total=total)
        read.files.append(told)
        on_event(told)
    return read


def _outcomes(
    sources: SourceSet,
    embedder: DocumentEmbedder,
    max_tokens: int,
    writer: GenerationWriter,
    read: _Read,
) -> Iterator[FileDone]:
    for absent in sources.missing:
        yield FileDone(absent.name, "failed", absent.reason)
    for skipped in sources.skipped:
        yield FileDone(skipped.name, "skipped", skipped.reason)
    for source in sources.files:
        try:
            yield _read_one(source, embedder, max_tokens, writer, read)
        except SourceError as error:
            yield FileDone(source.name, "failed", str(error))


def _read_one(
    source: SourceFile,
    embedder: DocumentEmbedder,
    max_tokens: int,
    writer: GenerationWriter,
    read: _Read,
) -> FileDone:
    document = read_document(source)
    chunks = _distinct(chunk_document(document, embedder.count_tokens, max_tokens))
    if not chunks:
        raise EmptySourceError(
            f"{source.name}: nothing but headings and boilerplate in it; "
            "put the real file in its place, or list it under [[skip]]"
        )
    writer.keep_file(source.path, document.sha256)
    read.documents.append(DocumentRecord.of(document, len(chunks)))
    read.chunks.extend(chunks)
    return FileDone(
        source.name,
        "read",
        chunks=len(chunks),
        pages=document.page_count,
        warnings=document.warnings,
    )


def _distinct(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Drop repetitions, which have one id: the same text at the same place twice finds no more."""
    unique = {chunk.id: chunk for chunk in reversed(chunks)}
    kept = [chunk for chunk in chunks if unique[chunk.id] is chunk]
    return [dataclasses.replace(chunk, ordinal=i) for i, chunk in enumerate(kept)]


def _embed(
    chunks: Sequence[Chunk], embedder: DocumentEmbedder, store: IndexStore, on_event: OnEvent
) -> tuple[list[Vector], int]:
    """Return one vector a chunk, in order, and how many texts were not in the cache."""
    # Longest first: texts of like length share a batch, and memory peaks at the start if at all.
    texts = sorted({chunk.search_text for chunk in chunks}, key=lambda t: (-len(t), t))
    with (
        reporting_write_errors(store.root),
        VectorCache(store.root / CACHE_FILE, embedder.model_id, embedder.dtype) as cache,
    ):
        known: dict[str, list[float]] = cache.get(texts)
        cached = len(known)
        missing = [text for text in texts if text not in known]
        on_event(Embedded(cached, len(texts), cached))
        for start in range(0, len(missing), BLOCK):
            block = missing[start : start + BLOCK]
            fresh = dict(zip(block, embedder.embed_documents(block), strict=True))
            cache.put(fresh)
            known.update(fresh)
            on_event(Embedded(len(known), len(texts), cached))
    return [known[chunk.search_text] for chunk in chunks], len(missing)


def _write(
    writer: GenerationWriter,
    read: _Read,
    vectors: Sequence[Vector],
    course: Course,
    manifest: Manifest,
    embedder: DocumentEmbedder,
    on_event: OnEvent,
) -> None:
    on_event(Phase("write"))
    writer.write(read.documents, read.chunks, vectors, course)
    on_event(Phase("check"))
    with writer.preview(manifest) as generation:
        check(generation, read.chunks, embedder)


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
