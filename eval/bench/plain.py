"""The plain pipeline that `bench ingest` compares with: what most course tutors do with a file.

Page text, LangChain's recursive splitter at its usual 1,000 characters with 200 of overlap, MiniLM
in float32 through sentence-transformers, Chroma with its defaults; search by cosine. It reads the
same files as the index that it is compared with. Run as a program in a process of its own:

    python -m eval.bench.plain INDEX FOLDER [CASES ...]

prints one line of JSON: seconds, pages, chunks, and the hits of each case by its id.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pypdfium2

from ds542_tutor.index.generations import IndexStore
from ds542_tutor.models.packaged import minilm_path
from eval.cases import Case, load_cases

CHUNK_CHARS, OVERLAP_CHARS = 1000, 200
DEPTH = 10
_BATCH = 5000


def main(index: Path, folder: Path, case_files: Sequence[Path]) -> None:
    """Build the plain index of the files that `index` was read from, search it, and print."""
    began = time.perf_counter()
    # Both take seconds to import, as they would in such a program.
    import chromadb
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from sentence_transformers import SentenceTransformer

    manifest = IndexStore(index).current_manifest()
    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK_CHARS, chunk_overlap=OVERLAP_CHARS)
    model = SentenceTransformer(str(minilm_path()), device="cpu")
    texts: list[str] = []
    places: list[dict[str, Any]] = []
    pages = 0
    for document in manifest.documents:
        for number, text in _pages(Path(manifest.materials) / document.path):
            pages += 1
            for piece in splitter.split_text(text):
                texts.append(piece)
                places.append({"document": document.path, "page": number})
    vectors = model.encode(texts, show_progress_bar=False)
    collection = chromadb.PersistentClient(path=str(folder)).create_collection(
        "plain", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
    )
    for start in range(0, len(texts), _BATCH):
        end = start + _BATCH
        collection.add(
            ids=[str(i) for i in range(start, min(end, len(texts)))],
            embeddings=vectors[start:end],
            documents=texts[start:end],
            metadatas=[{k: v for k, v in p.items() if v is not None} for p in places[start:end]],
        )
    seconds = time.perf_counter() - began
    hits = {case.id: _search(collection, model, case) for case in load_cases(case_files)}
    print(json.dumps({"seconds": seconds, "pages": pages, "chunks": len(texts), "hits": hits}))


def _pages(file: Path) -> Iterator[tuple[int | None, str]]:
    """The text of each page of a PDF or slide of a deck; the whole of any other file."""
    suffix = file.suffix.lower()
    if suffix == ".pdf":
        with pypdfium2.PdfDocument(file) as pdf:
            for number in range(len(pdf)):
                yield number + 1, pdf[number].get_textpage().get_text_range()
    elif suffix == ".pptx":
        from pptx import Presentation

        for number, slide in enumerate(Presentation(str(file)).slides, start=1):
            shapes = [s.text_frame.text for s in slide.shapes if s.has_text_frame]
            yield number, "\n".join(shapes)
    elif suffix == ".ipynb":
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        yield None, "\n\n".join("".join(cell["source"]) for cell in cells)
    else:
        yield None, file.read_text(encoding="utf-8")


def _search(collection: Any, model: Any, case: Case) -> list[dict[str, Any]]:
    found = collection.query(
        query_embeddings=[model.encode(case.question).tolist()], n_results=DEPTH
    )
    return [
        {
            "document": m["document"],
            "page": m.get("page"),
            "pages": [m["page"]] if "page" in m else [],
        }
        for m in found["metadatas"][0]
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(file) for file in sys.argv[3:]])
