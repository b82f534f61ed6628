"""Gives every text of an ingest its vector: from the cache, or from the embedder, some ahead.

While one large file is still being read, what the others say is embedded already: reading keeps one
core busy for long, embedding keeps all. Which texts there are is for `build`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from ds542_tutor.index.storage import reporting_write_errors
from ds542_tutor.models.document_embedding import DocumentEmbedder
from ds542_tutor.protocols import Vector
from ingest.report import Embedded, OnEvent
from ingest.vectors import VECTORS_FILE, VectorCache

# Texts embedded between two progress events: a second or two of work on 2 CPU cores.
BLOCK = 128


class TextEmbedding:
    """Embeds texts by means of a cache in the index folder. As a context manager it ends in order.

    `embedded` counts the texts that had no vector before.
    """

    def __init__(self, root: Path, embedder: DocumentEmbedder) -> None:
        """`root`: the index folder, which must exist."""
        self._root = root
        self._embedder = embedder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed-ahead")
        self._enough = threading.Event()
        self.embedded = 0

    def begin(self, texts: Sequence[str]) -> None:
        """Embed `texts` in the background; `vectors` takes over what is left of them.

        Whatever fails there is left to `vectors`, where it happens again and is told.
        """
        self._thread.submit(self._ahead, texts)

    def vectors(self, texts: Iterable[str], on_event: OnEvent) -> dict[str, Vector]:
        """Return the vector of each text; only texts that are not in the cache cost time.

        Raises:
            IndexFullError, IndexStoreError: the cache cannot be written. ModelError: see the
            embedder.
        """
        self.close()
        wanted = _ordered(texts)
        with reporting_write_errors(self._root), self._cache() as cache:
            known = cache.get(wanted)
            cached = len(known) - self.embedded
            on_event(Embedded(len(known), len(wanted), cached))
            for fresh in self._fresh(cache, [text for text in wanted if text not in known]):
                known.update(fresh)
                on_event(Embedded(len(known), len(wanted), cached))
        return known

    def _ahead(self, texts: Sequence[str]) -> None:
        with self._cache() as cache:
            wanted = _ordered(texts)
            known = cache.get(wanted)
            for _ in self._fresh(cache, [text for text in wanted if text not in known]):
                if self._enough.is_set():
                    return

    def _fresh(self, cache: VectorCache, missing: Sequence[str]) -> Iterator[dict[str, Vector]]:
        for start in range(0, len(missing), BLOCK):
            block = missing[start : start + BLOCK]
            fresh = dict(zip(block, self._embedder.embed_documents(block), strict=True))
            cache.put(fresh)
            self.embedded += len(fresh)
            yield fresh

    def _cache(self) -> VectorCache:
        file = self._root / VECTORS_FILE
        return VectorCache(file, self._embedder.model_id, self._embedder.dtype)

    def close(self) -> None:
        """End what goes on in the background, after the block that is under way."""
        self._enough.set()
        self._thread.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ordered(texts: Iterable[str]) -> list[str]:
    """Longest first: texts of like length share a batch, and memory peaks at once if it does."""
    return sorted(set(texts), key=lambda text: (-len(text), text))
