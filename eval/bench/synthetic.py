"""Makes corpora of any size out of a real index: noisy copies of its chunks and their vectors.

They cost what a real corpus of that size would cost to build, store and search; whether the right
pages are found cannot be judged on them. Vectors are made, not computed: embedding a million texts
would take a processor a day. Times are taken in `retrieval`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, overload

import numpy as np
from numpy.typing import NDArray

from ds542_tutor.documents import Chunk
from ds542_tutor.index.generation import Generation
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from eval.memory import peak_memory_mib
from eval.stats import SEED

COSINE = 0.8
"""Mean cosine of a made vector to its origin. In the index of the course (6,316 chunks, MiniLM) a
chunk and its nearest neighbour have 0.80 on average, so the made ones lie as close together."""

REPLACED = 0.3
"""Share of a text's words that are replaced by words drawn from the whole corpus, each as often as
it occurs there, so that rare words stay rare."""

NOTES = (
    f"Synthetic vectors are those of the index with Gaussian noise, at a mean cosine of {COSINE} "
    "to their origin: as far as a chunk of the course lies from its nearest neighbour. The noise "
    "has no direction of its own, which makes the recall of the graph search a low estimate.",
    f"Synthetic texts have {REPLACED:.0%} of their words replaced by words of the corpus, each "
    "drawn as often as it occurs there.",
    "Building is GenerationWriter.write and publish; the making of the texts is in it, the "
    "computing of vectors is not.",
    "Memory is resident memory in MiB, mapped files included.",
)

_BLOCK = 1 << 14  # rows made at once: 24 MiB at 384 dimensions
_VECTORS = "vectors.npy"


@dataclass(frozen=True, slots=True)
class Built:
    """A built index: seconds of writing and publishing, peak memory of the process in MiB.

    `cpu_s`: of the processors, all threads together; steadier than `seconds` on a shared machine.
    """

    seconds: float
    cpu_s: float
    peak_mib: float


def build_synthetic(source: Path, folder: Path, size: int) -> Built:
    """Build an index of `size` made chunks in `folder`/index, from the index `source`.

    Their vectors stay in `folder`, for `vectors_of`. Meant for a process of its own.

    Raises:
        IndexStoreError, IndexFullError: see `IndexStore` and `GenerationWriter`.
    """
    with IndexStore(source).open_current() as real:
        origins = real.chunks.select()
        vectors = make_vectors(folder, real_vectors(real, origins), size)
        began, busy = time.perf_counter(), time.process_time()
        with IndexStore(folder / "index").begin() as writer:
            # An array is as good as a sequence of sequences, and 20 times smaller than one.
            made = cast("Sequence[Sequence[float]]", vectors)
            writer.write([], SyntheticChunks(origins, size), made, real.course)
            manifest = real.manifest
            writer.publish(Manifest(manifest.embedder, manifest.dimension, "synthetic"))
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - busy
        return Built(seconds, cpu_s, peak_memory_mib())


def real_vectors(generation: Generation, chunks: Sequence[Chunk]) -> NDArray[np.float32]:
    """Return the unit vectors of `chunks`, in order. Shape: (len(chunks), dimension)."""
    found = generation.dense.vectors([chunk.id for chunk in chunks])
    return np.array([found[chunk.id] for chunk in chunks], dtype=np.float32)


def make_vectors(folder: Path, origins: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Make `size` unit vectors, the i-th a noisy copy of origin i modulo their number.

    Gaussian noise of standard deviation s in each of d dimensions has length s·√d, at a right
    angle to its origin but for little, so the cosine between them is 1/√(1 + s²d); s is chosen to
    make that `COSINE`. The noise has no direction of its own: harder for a graph search than a
    real corpus, whose neighbours differ in few ways.

    The array is a file in `folder`, mapped into memory.
    """
    count, dimension = origins.shape
    deviation = float(np.sqrt((COSINE**-2 - 1) / dimension))
    made = np.lib.format.open_memmap(
        folder / _VECTORS, mode="w+", dtype=np.float32, shape=(size, dimension)
    )
    source = np.random.default_rng(SEED)
    for start in range(0, size, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, size)) % count
        noise = source.standard_normal((len(rows), dimension), dtype=np.float32)
        block = origins[rows] + deviation * noise
        made[start : start + len(rows)] = block / np.linalg.norm(block, axis=1, keepdims=True)
    made.flush()
    return vectors_of(folder)


def vectors_of(folder: Path) -> NDArray[np.float32]:
    """Return the vectors that `make_vectors` left in `folder`, mapped, in the order of chunks."""
    mapped: NDArray[np.float32] = np.load(folder / _VECTORS, mmap_mode="r")
    return mapped


class SyntheticChunks(Sequence[Chunk]):
    """`size` noisy copies of `origins`, each made anew whenever it is asked for."""

    def __init__(self, origins: Sequence[Chunk], size: int) -> None:
        """Take the words that replace others from all `origins` together."""
        self._origins = origins
        self._size = size
        self._words = [origin.search_text.split() for origin in origins]
        self._all = [word for words in self._words for word in words]

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Chunk: ...
    @overload
    def __getitem__(self, index: slice) -> list[Chunk]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._made(i) for i in range(*index.indices(self._size))]
        if not 0 <= index < self._size:
            raise IndexError(index)
        return self._made(index)

    def __iter__(self) -> Iterator[Chunk]:
        return map(self._made, range(self._size))

    def _made(self, index: int) -> Chunk:
        copy, number = divmod(index, len(self._origins))
        origin = self._origins[number]
        source = random.Random(SEED + index)
        draw, known = source.random, self._all
        text = " ".join(
            known[int(draw() * len(known))] if draw() < REPLACED else word
            for word in self._words[number]
        )
        return Chunk(
            id=f"{index:016x}",
            document=f"copy-{copy}/{origin.document}",
            title=origin.title,
            kind=origin.kind,
            text=text,
            search_text=text,
            locator=origin.locator,
            pages=origin.pages,
            ordinal=origin.ordinal,
            term=origin.term,
            lecture=origin.lecture,
            assignment=origin.assignment,
            graded=origin.graded,
            exercise=origin.exercise,
            sha256=origin.sha256,
        )
