"""Dense search: unit vectors in a Chroma collection, compared by cosine.

A collection is written once, in a new folder, and only read afterwards: a Chroma reader goes stale
when another process writes to its folder (see docs/decisions). Vectors come from outside; Chroma
never embeds anything here.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from ds542_tutor.protocols import Vector

COLLECTION = "chunks"
# The most records that Chroma 1.5.9 takes in one call (SQLite's limit on bound variables).
MAX_BATCH = 5461
# A course has some thousands of chunks, so a graph denser and searched more widely than Chroma's
# defaults (16, 100, 100) costs little and finds practically every true neighbour. With a search of
# 256, 3 of 158 questions missed one of their ten nearest chunks, with 512 none: see
# docs/experiments.md.
HNSW = {
    "space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 512,
    # The last records, up to 1000 by default, would otherwise wait in a log, and each process that
    # opens the index would build them into a graph of its own: neighbours then differ by process.
    "batch_size": 2, "sync_threshold": 2,
}  # fmt: skip

# Vectors that stay in memory, some 30 MB of MiniLM's; a hit of the last minutes is often one again.
KEPT_VECTORS = 20_000

Where = Mapping[str, Any]
"""A Chroma filter over metadata, such as {"lecture": 7} or {"kind": {"$in": ["slides"]}}."""

Metadata = Mapping[str, str | int | bool]
"""What a record can be filtered by; Chroma wants at least one key."""


class DenseIndex:
    """An opened collection; safe to share between threads, to be closed after use."""

    def __init__(self, client: Any, collection: Any) -> None:
        """Use `build` or `open`."""
        self._client = client
        self._collection = collection
        self._kept: LRUCache[str, NDArray[np.float32]] = LRUCache(KEPT_VECTORS)
        self._lock = threading.Lock()

    @classmethod
    def build(
        cls,
        folder: Path,
        ids: Sequence[str],
        vectors: Sequence[Vector],
        metadatas: Sequence[Metadata],
    ) -> DenseIndex:
        """Write a new collection into `folder`, which must not exist. All sequences equally long.

        `metadatas` are what `search` can filter on; Chroma wants at least one key in each.

        Raises:
            OSError: Chroma cannot write, for instance because the disk is full.
        """
        from chromadb.errors import ChromaError

        folder.mkdir(parents=True)
        client = _client(folder)
        try:
            collection = client.create_collection(
                COLLECTION, configuration={"hnsw": HNSW}, embedding_function=None
            )
            _add(collection, ids, vectors, metadatas)
        except ChromaError as error:
            # On a full disk Chroma says "Failed to apply logs", without the system's reason.
            client.close()
            raise OSError(f"Chroma could not write to {folder}: {error}") from error
        return cls(client, collection)

    @classmethod
    def derive(
        cls,
        base: Path,
        folder: Path,
        gone: Sequence[str],
        ids: Sequence[str],
        vectors: Sequence[Vector],
        metadatas: Sequence[Metadata],
    ) -> DenseIndex:
        """Write a copy of the collection in `base` without `gone` and with what is new.

        `base` was written by `build` or `derive` and is read by nobody for writing, so its files
        can be copied as they are. An id may be among `gone` and come again with another vector.

        Raises:
            OSError: Chroma cannot write, for instance because the disk is full.
        """
        from chromadb.errors import ChromaError

        shutil.copytree(base, folder)
        derived = cls.open(folder)
        try:
            for start in range(0, len(gone), MAX_BATCH):
                derived._collection.delete(ids=list(gone[start : start + MAX_BATCH]))
            _add(derived._collection, ids, vectors, metadatas)
        except ChromaError as error:
            derived.close()
            raise OSError(f"Chroma could not write to {folder}: {error}") from error
        return derived

    @classmethod
    def open(cls, folder: Path) -> DenseIndex:
        """Open what `build` wrote."""
        client = _client(folder)
        return cls(client, client.get_collection(COLLECTION, embedding_function=None))

    def __len__(self) -> int:
        return int(self._collection.count())

    def search(
        self, vector: Sequence[float], k: int, where: Where | None = None
    ) -> list[tuple[str, float]]:
        """Return up to `k` (id, cosine similarity in [-1, 1]) pairs, best first."""
        size = min(k, len(self))
        if size <= 0:
            return []
        found = self._collection.query(
            query_embeddings=[list(vector)],
            n_results=size,
            where=dict(where) if where else None,
            include=["distances"],
        )
        # Chroma's cosine distance is 1 - cosine.
        return [
            (identifier, 1.0 - float(distance))
            for identifier, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def similarities(self, vector: Sequence[float], ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of `vector` to each of `ids`; unknown ids are left out."""
        query = np.asarray(vector)
        return {i: float(np.dot(found, query)) for i, found in self._vectors(ids).items()}

    def vectors(self, ids: Sequence[str]) -> dict[str, list[float]]:
        """Return the unit vector of each of `ids`; unknown ids are left out."""
        return {i: [float(value) for value in vector] for i, vector in self._vectors(ids).items()}

    def _vectors(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        with self._lock:
            found = {i: self._kept[i] for i in ids if i in self._kept}
        missing = [identifier for identifier in ids if identifier not in found]
        for start in range(0, len(missing), MAX_BATCH):
            part = self._collection.get(
                ids=missing[start : start + MAX_BATCH], include=["embeddings"]
            )
            for identifier, vector in zip(part["ids"], part["embeddings"], strict=True):
                found[identifier] = np.asarray(vector, dtype=np.float32)
        with self._lock:
            self._kept.update((i, found[i]) for i in missing if i in found)
        return found

    def close(self) -> None:
        """Release the files. Closing twice is harmless."""
        self._client.close()


def _add(
    collection: Any,
    ids: Sequence[str],
    vectors: Sequence[Vector],
    metadatas: Sequence[Metadata],
) -> None:
    for start in range(0, len(ids), MAX_BATCH):
        end = start + MAX_BATCH
        collection.add(
            ids=list(ids[start:end]),
            embeddings=[np.asarray(v, dtype=np.float32) for v in vectors[start:end]],
            metadatas=[dict(metadata) for metadata in metadatas[start:end]],
        )


def _client(folder: Path) -> Any:
    # Imported late: it takes a second, and an ingest that finds nothing new never gets here.
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    return chromadb.PersistentClient(
        path=str(folder), settings=ChromaSettings(anonymized_telemetry=False)
    )
