"""The manifest of a generation: what it was made of and how, kept beside it as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ds542_tutor.errors import IndexMismatchError, IndexStoreError
from ds542_tutor.index.chunks import DocumentRecord, document_record

# Raised whenever a reader of the old layout would misread the new one.
FORMAT = 3
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation was made of and how.

    Attributes:
        embedder, dimension: `Embedder.model_id` and the length of its vectors.
        corpus, term: of the source list. settings, chunking: what the text was cut and embedded by.
        failed: "path: reason" of the files that could not be read, when a partial index was wanted.
        warnings: about the corpus as a whole, such as contradictions in the course calendar.
        sources, materials: the sources file and the folder that it was read with, as paths.
        fingerprint: of all that the generation depends on: files, settings, code; "" where a file
            failed, since another try may read it.
        exchanged: how many vectors of its graph were exchanged since that was built as a whole.
        replaces: id of the generation in use when this one was written.
        seconds: how long the ingest took.
        sizes: bytes of every other file of the generation, by its path in the folder.
        format, id, created (ISO 8601, UTC), chunks: filled in when it is published.
    """

    embedder: str
    dimension: int
    corpus: str = ""
    term: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    chunking: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[DocumentRecord, ...] = ()
    failed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sources: str = ""
    materials: str = ""
    fingerprint: str = ""
    exchanged: int = 0
    replaces: str = ""
    seconds: float = 0.0
    sizes: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT
    id: str = ""
    created: str = ""
    chunks: int = 0

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of the generation in `folder`.

        Raises:
            IndexMismatchError: another format. IndexStoreError: missing or damaged.
        """
        file = folder / MANIFEST_FILE
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            found = data["format"]
            if found == FORMAT:
                documents = tuple(document_record(d) for d in data.pop("documents"))
                failed = tuple(data.pop("failed"))
                warnings = tuple(data.pop("warnings"))
                return cls(**data, documents=documents, failed=failed, warnings=warnings)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexStoreError(
                f"The index generation {folder} is damaged ({error}); run `python -m ingest "
                "rollback` to return to an earlier one, or `make ingest` to build a new one."
            ) from error
        raise IndexMismatchError(
            f"The index generation {folder.name} has format {found}, but this version reads "
            f"format {FORMAT}; run `make ingest` to build it anew."
        )

    def is_whole(self, folder: Path) -> bool:
        """Tell whether every file of the generation in `folder` is there, and none cut short."""
        try:
            return all((folder / name).stat().st_size >= n for name, n in self.sizes.items())
        except OSError:
            return False

    def write(self, folder: Path) -> None:
        """Write the manifest of the generation in `folder`."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")
