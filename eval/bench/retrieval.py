"""`bench retrieval`: what a search costs, on a real index and on synthetic ones of growing size.

Every index is searched in a process that has opened nothing else, so that its memory can be read.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil
from numpy.typing import NDArray

from ds542_tutor.dialogue import Query
from ds542_tutor.index.generation import Generation
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.retrieval import Retriever
from ds542_tutor.settings import ModelSettings, RetrievalSettings, Settings
from eval.bench.measuring import (
    BenchError,
    Spread,
    in_child,
    p50,
    p95,
    progress,
    ratio,
    spread_of_medians,
)
from eval.bench.synthetic import Built, build_synthetic, real_vectors, vectors_of
from eval.bench.table import Row, Table
from eval.memory import MIB

T = TypeVar("T")

TOP = 10  # depth of the recall against exact search

# Bytes of a chunk while an index is built, and on the disk. Measured with 10^5 chunks of 384
# dimensions and 590 characters: 4,800 and 7,000; the rest is margin.
BUILD_MEMORY, BUILD_DISK = 8_000, 10_000


@dataclass(frozen=True, slots=True)
class Probe:
    """One question made ready for search, and its vector."""

    query: Query
    vector: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What searching one index costs.

    Attributes:
        dense, lexical, whole: milliseconds; `whole` is `Retriever.search` without embedding, of
            questions that were not asked before.
        recall: share of the `TOP` nearest chunks, by exact search, that the graph search found.
        resident_mib: memory of the process after the searches; own_mib: of this, gained since
            before the index was opened. disk_mib: of the generation, source files not counted.
    """

    chunks: int
    dense: Spread
    lexical: Spread
    whole: Spread
    recall: float
    resident_mib: float
    own_mib: float
    disk_mib: float


def bench_retrieval(
    settings: Settings, queries: Sequence[Query], sizes: Sequence[int], repeats: int, work: Path
) -> list[Table]:
    """Measure the index of `settings` and synthetic ones of `sizes`, which live below `work`.

    Raises:
        IndexStoreError: there is no index to begin with. ModelError: its embedder cannot be loaded.
        BenchError: memory or disk do not suffice for a size.
    """
    index = settings.paths.index
    IndexStore(index).current_manifest()
    progress(f"embedding {len(queries)} questions")
    vectors, embedding = in_child(
        embed_queries, settings.models, [query.text for query in queries], repeats
    )
    probes = [Probe(q, tuple(v)) for q, v in zip(queries, vectors, strict=True)]
    progress("searching the given index")
    real = in_child(measure_index, index, None, probes, settings.retrieval, repeats)
    searches = [_search_row("given", real, embedding)]
    storage = [_size_row("given", real, None)]
    grown: list[tuple[Figures, Built]] = []
    for size in sorted(set(sizes)):
        with room_for(size, work) as folder:
            progress(f"{size:,} chunks: building")
            built = in_child(build_synthetic, index, folder, size)
            progress(f"{size:,} chunks: built in {built.seconds:.0f} s; searching")
            figures = in_child(
                measure_index, folder / "index", folder, probes, settings.retrieval, repeats
            )
        grown.append((figures, built))
        searches.append(_search_row("synthetic", figures, None))
        storage.append(_size_row("synthetic", figures, built))
    tables = [
        Table(f"Search, over {len(queries)} questions", searches),
        Table("Building and storage", storage),
    ]
    if grown:
        growth = [_growth(*one, *grown[0]) for one in grown]
        tables.append(Table("Growth: ratios to the smallest synthetic size", growth))
    return tables


def embed_queries(
    models: ModelSettings, texts: Sequence[str], repeats: int
) -> tuple[list[list[float]], Spread]:
    """Return the vectors of `texts`, and what embedding one takes (milliseconds)."""
    from ds542_tutor.models.embedding import load_embedder

    embedder = load_embedder(models)
    vectors = [embedder.embed_query(text) for text in texts]
    # An embedder keeps what it embedded; with more spaces the tokens are the same, the key is not.
    fresh = itertools.count(1)
    return vectors, _times(lambda t: embedder.embed_query(t + " " * next(fresh)), texts, repeats)


def measure_index(
    index: Path,
    made: Path | None,
    probes: Sequence[Probe],
    settings: RetrievalSettings,
    repeats: int,
) -> Figures:
    """Search the index with every probe; `made` has the vectors of a synthetic one."""
    process = psutil.Process()
    before = process.memory_info().rss
    with IndexStore(index).open_current() as generation:
        model, dimension = generation.manifest.embedder, generation.manifest.dimension

        def search(probe: Probe) -> object:
            known = _Known(model, dimension, list(probe.vector))
            return Retriever(generation, known, settings, term=generation.course.term).search(
                probe.query
            )

        depth = settings.candidates
        dense = _times(lambda p: generation.dense.search(p.vector, depth), probes, repeats)
        lexical = _times(lambda p: generation.lexical.search(p.query.text, depth), probes, repeats)
        whole = _times(search, probes, repeats)
        after = process.memory_info().rss
        if made is None:
            exact = real_vectors(generation, generation.chunks.select())
        else:
            exact = vectors_of(made)
        return Figures(
            chunks=len(generation.dense),
            dense=dense,
            lexical=lexical,
            whole=whole,
            recall=graph_recall(generation, exact, [p.vector for p in probes], depth),
            resident_mib=after / MIB,
            own_mib=(after - before) / MIB,
            disk_mib=_bytes_below(index / "generations" / generation.id) / MIB,
        )


def graph_recall(
    generation: Generation,
    vectors: NDArray[np.float32],
    queries: Sequence[Sequence[float]],
    depth: int,
) -> float:
    """Return the mean share of each query's `TOP` nearest `vectors` that a dense search found.

    Judged by similarity, so that of several equal chunks any will do.
    """
    top = min(TOP, len(vectors))
    similarities = np.asarray(queries, dtype=np.float32) @ vectors.T
    limits = np.partition(similarities, -top, axis=1)[:, -top]
    shares = []
    for query, limit in zip(queries, limits, strict=True):
        found = generation.dense.search(query, depth)[:top]
        # float32 sums in another order differ by this much at most.
        shares.append(sum(similarity >= limit - 1e-5 for _, similarity in found) / top)
    return float(np.mean(shares))


@dataclass(frozen=True, slots=True)
class _Known:
    """An embedder that has one vector for all texts: the time of a search without embedding."""

    model_id: str
    dimension: int
    vector: list[float]

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return [self.vector for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.vector


def _times(action: Callable[[T], object], items: Sequence[T], repeats: int) -> Spread:
    """Time `action` on each item, in milliseconds, after one round that is not counted."""
    times: list[list[float]] = [[] for _ in items]
    for repeat in range(repeats + 1):
        for item, taken in zip(items, times, strict=True):
            began = time.perf_counter()
            action(item)
            if repeat:
                taken.append((time.perf_counter() - began) * 1000)
    return spread_of_medians(times)


@contextmanager
def room_for(size: int, work: Path) -> Iterator[Path]:
    """Give a temporary folder below `work` that is gone afterwards, also after Ctrl-C.

    Raises:
        BenchError: the folder, its disk or the memory cannot take an index of `size` chunks.
    """
    memory, disk = size * BUILD_MEMORY, size * BUILD_DISK
    try:
        work.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(work).free
        folder = tempfile.TemporaryDirectory(prefix="bench-", dir=work, ignore_cleanup_errors=True)
    except OSError as error:
        raise BenchError(
            f"{work} cannot hold a synthetic index ({error.strerror}); name another --workdir."
        ) from error
    with folder as name:
        if psutil.virtual_memory().available < memory:
            raise BenchError(
                f"{size:,} chunks need about {memory / 2**30:.1f} GiB of free memory; "
                "free some, or choose smaller --sizes."
            )
        if free < disk:
            raise BenchError(
                f"{size:,} chunks need about {disk / 2**30:.1f} GiB in {work}; "
                "free some, name another --workdir, or choose smaller --sizes."
            )
        yield Path(name)


def _search_row(name: str, figures: Figures, embedding: Spread | None) -> Row:
    return {
        "index": name,
        "chunks": figures.chunks,
        "embed_p50_ms": p50(embedding),
        "embed_p95_ms": p95(embedding),
        "dense_p50_ms": figures.dense.p50,
        "dense_p95_ms": figures.dense.p95,
        "bm25_p50_ms": figures.lexical.p50,
        "bm25_p95_ms": figures.lexical.p95,
        "whole_p50_ms": figures.whole.p50,
        "whole_p95_ms": figures.whole.p95,
        f"recall_at_{TOP}": figures.recall,
    }


def _size_row(name: str, figures: Figures, built: Built | None) -> Row:
    return {
        "index": name,
        "chunks": figures.chunks,
        "build_s": built.seconds if built else None,
        "build_cpu_s": built.cpu_s if built else None,
        "build_peak_mib": built.peak_mib if built else None,
        "disk_mib": figures.disk_mib,
        "resident_mib": figures.resident_mib,
        "of_this_index_mib": figures.own_mib,
    }


def _growth(figures: Figures, built: Built, first: Figures, first_built: Built) -> Row:
    return {
        "chunks": figures.chunks,
        "chunks_ratio": ratio(figures.chunks, first.chunks),
        "build": ratio(built.seconds, first_built.seconds),
        "build_cpu": ratio(built.cpu_s, first_built.cpu_s),
        "disk": ratio(figures.disk_mib, first.disk_mib),
        "index_memory": ratio(figures.own_mib, first.own_mib),
        "dense_p50": ratio(figures.dense.p50, first.dense.p50),
        "bm25_p50": ratio(figures.lexical.p50, first.lexical.p50),
        "whole_p50": ratio(figures.whole.p50, first.whole.p50),
        "whole_p95": ratio(figures.whole.p95, first.whole.p95),
    }


def _bytes_below(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
