"""Small chunks and vectors for tests of the index, and an embedder that needs no model."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from ds542_tutor.documents import Chunk, Locator, TextRun, chunk_id
from ds542_tutor.index.chunks import DocumentRecord
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest

EMBEDDER = "hash@1"
TOML = """
[corpus]
name = "tiny"
term = "sp2026"

[[source]]
files = "*.md"
kind = "notes"

[[source]]
files = "*.pdf"
kind = "slides"
"""
"""Sources of a corpus of notes and decks in one folder."""


def vector(text: str, dimension: int = 16) -> list[float]:
    """A unit vector that depends on nothing but the text."""
    source = random.Random(hashlib.sha256(text.encode()).digest())
    raw = [source.gauss(0, 1) for _ in range(dimension)]
    length = math.sqrt(sum(x * x for x in raw))
    return [x / length for x in raw]


def words(text: str) -> int:
    """Count words; a function of a module, so that reading processes can have it."""
    return len(text.split())


class HashEmbedder:
    """Vectors by hash: a text is like itself and like nothing else. Words count as tokens."""

    model_id = EMBEDDER
    dimension = 16
    max_tokens = 230
    dtype = "float32"

    def __init__(self) -> None:
        self.embedded: list[str] = []

    @property
    def token_counter(self) -> Callable[[str], int]:
        return words

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.embedded.extend(texts)
        return [vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return vector(text)


def chunk(text: str, document: str = "lectures/07.pdf", ordinal: int = 0, **more: object) -> Chunk:
    page = ordinal + 1
    values: dict[str, object] = {
        "id": chunk_id(document, [page], text),
        "document": document,
        "title": "Lecture 7: Attention",
        "kind": "slides",
        "text": text,
        "search_text": text,
        "locator": Locator(
            page=page, page_label=str(page), slide_title="Scores", section=("A", "B")
        ),
        "pages": (page,),
        "ordinal": ordinal,
        "runs": (TextRun(0, len(text), page, 3),),
        "term": "sp2026",
        "lecture": 7,
        "sha256": "a" * 64,
    }
    return Chunk(**{**values, **more})  # type: ignore[arg-type]


def record(path: str, chunks: int, sha256: str = "a" * 64) -> DocumentRecord:
    return DocumentRecord(path, "slides", "A title", sha256, chunks, warnings=("odd page 3",))


def publish(
    root: Path, texts: dict[str, list[str]], embedder: str = EMBEDDER, *, stage: bool = False
) -> Manifest:
    """Publish, or stage, a generation with these texts by document path."""
    chunks = [chunk(t, path, i) for path, found in texts.items() for i, t in enumerate(found)]
    with IndexStore(root).begin() as writer:
        records = [record(path, len(found)) for path, found in texts.items()]
        writer.write(records, chunks, [vector(c.search_text) for c in chunks])
        manifest = Manifest(embedder=embedder, dimension=16, corpus="test")
        return writer.stage(manifest) if stage else writer.publish(manifest)
