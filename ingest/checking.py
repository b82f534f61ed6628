"""Looks at a generation before it is published: is everything in it that was read?"""

from __future__ import annotations

from collections.abc import Sequence

from ds542_tutor.documents import Chunk
from ds542_tutor.errors import IndexStoreError
from ds542_tutor.index.generation import Generation
from ds542_tutor.models.document_embedding import DocumentEmbedder
from ingest.vectors import VECTORS_FILE

# Chunks looked up by their own text before publishing: enough to notice a shifted or damaged
# index, quick enough (a second or two) to do every time.
SAMPLE = 48
TOP = 5
# A bfloat16 vector of one text may differ by this much in cosine between two batches.
SLACK = 2e-3


def check(generation: Generation, chunks: Sequence[Chunk], embedder: DocumentEmbedder) -> None:
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
                f"({VECTORS_FILE} in the index folder) and run the ingest again."
            )
