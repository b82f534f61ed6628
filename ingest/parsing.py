"""One file into a document, its chunks and their search terms; the result kept by content.

What `ingest.workers` does in other processes, and the cache that spares doing it again. A file is
known by its bytes, by what the sources file says of it, and by the code that reads it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import importlib.util
import json
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ds542_tutor.documents import Chunk
from ds542_tutor.errors import EmptySourceError, SourceError
from ds542_tutor.index.chunks import DocumentRecord, document_record, from_row, to_row
from ds542_tutor.index.lexical import tokenize
from ingest.caches import CacheFile
from ingest.chunking import chunk_document
from ingest.readers import read_document
from ingest.sources import SourceFile

CountTokens = Callable[[str], int]

PARSED_FILE: Final = "parsed.sqlite"
"""Name of the cache in the index folder."""
# Of a course site, what its pages and its calendar are made of; other files matter by name only.
_SITE_TEXT: Final = frozenset((".md", ".yml", ".yaml", ".html", ".json", ".txt", ".csv", ".tsv"))
_READERS: Final = ("pypdfium2", "python-pptx", "nbformat", "python-frontmatter", "tokenizers")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What an ingest needs of a file: the document's record, its chunks, and the terms of each."""

    record: DocumentRecord
    chunks: tuple[Chunk, ...]
    terms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read and cut; picklable.

    Attributes:
        count_tokens: the embedder's count of tokens in a text.
        max_tokens: size of a chunk in these tokens, heading path included.
        images: read pages and slides that have no text off their images.
        seen: folder that keeps what images say; None to keep nothing.
    """

    count_tokens: CountTokens
    max_tokens: int
    images: bool = True
    seen: Path | None = None


def parse(source: SourceFile, reading: Reading) -> Parsed:
    """Read a file and cut it into chunks.

    Raises:
        SourceError: it cannot be read, or nothing in it is worth a chunk.
    """
    document = read_document(source, images=reading.images)
    chunks = distinct(chunk_document(document, reading.count_tokens, reading.max_tokens))
    if not chunks:
        raise EmptySourceError(
            f"{source.name}: nothing but headings and boilerplate in it; "
            "put the real file in its place, or list it under [[skip]]"
        )
    return Parsed(
        DocumentRecord.of(document, len(chunks)),
        tuple(chunks),
        tuple(tuple(tokenize(chunk.search_text)) for chunk in chunks),
    )


def distinct(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Drop repetitions, which have one id: the same text at the same place twice finds no more."""
    unique = {chunk.id: chunk for chunk in reversed(chunks)}
    kept = [chunk for chunk in chunks if unique[chunk.id] is chunk]
    return [dataclasses.replace(chunk, ordinal=i) for i, chunk in enumerate(kept)]


# --- by what a file is known ---------------------------------------------------------------------


class Keys:
    """Gives each source file a key that changes whenever reading it would give something else."""

    def __init__(self, root: Path, tokens: str) -> None:
        """`root`: the materials folder. `tokens`: what counts tokens, and how many a chunk has."""
        self._root = root
        self._common = f"{code_hash()} {tokens}"
        self._sites: dict[Path, str] = {}

    def of(self, source: SourceFile) -> tuple[str, str]:
        """Return the key of a file and the sha-256 of its bytes, both in hex.

        Raises:
            SourceError: it cannot be read.
        """
        fields = dataclasses.asdict(source)
        # Where the materials folder is makes no difference.
        fields |= {"path": "", "site": str(source.site and source.site.relative_to(self._root))}
        site = self.site(source.site) if source.site is not None else ""
        try:
            with source.path.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise SourceError(
                f"{source.name}: cannot be read ({error.strerror}); mend its permissions"
            ) from error
        key = _digest(self._common, json.dumps(fields, sort_keys=True), site, content)
        return key, content

    def site(self, folder: Path) -> str:
        """Return a hash of all that pages of a course site may include, list or link to."""
        if folder not in self._sites:
            parts: list[str] = []
            for path in sorted(folder.rglob("*")):
                if ".git" in path.parts or not path.is_file():
                    continue
                parts.append(path.relative_to(folder).as_posix())
                if path.suffix.lower() in _SITE_TEXT:
                    parts.append(_file_hash(path))
            self._sites[folder] = _digest(*parts)
        return self._sites[folder]


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Return a hash of the code that reads, cuts and indexes files, and of its libraries."""
    import ds542_tutor
    import ingest

    package, own = Path(ds542_tutor.__file__).parent, Path(ingest.__file__).parent
    files = [*own.rglob("*.py"), *package.glob("*.py"), *(package / "index").glob("*.py")]
    parts = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)]
    parts += [importlib.metadata.version(name) for name in _READERS]
    # Read where it is installed: then slides that are images have text.
    parts.append(str(importlib.util.find_spec("rapidocr_onnxruntime") is not None))
    return _digest(*parts)


def _file_hash(path: Path) -> str:
    """Return the hash of a file's bytes; of what keeps it from being read, where something does."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


# --- the cache -----------------------------------------------------------------------------------


class ParsedCache(CacheFile):
    """Parsed files by key; deleting the file costs time and nothing else."""

    schema = (
        "CREATE TABLE IF NOT EXISTS parsed"
        " (key TEXT PRIMARY KEY, sha256 TEXT NOT NULL, data BLOB NOT NULL)"
    )

    def get(self, keys: Iterable[str]) -> dict[str, Parsed]:
        """Return what is known, by key."""
        found: dict[str, Parsed] = {}
        for key in keys:
            for (data,) in self.fetch("SELECT data FROM parsed WHERE key = ?", (key,)):
                try:
                    found[key] = _load(data)
                except (zlib.error, ValueError, KeyError, TypeError):
                    continue  # damaged: it is read again and replaced
        return found

    def put(self, key: str, parsed: Parsed) -> None:
        """Remember a file."""
        row = (key, parsed.record.sha256, _dump(parsed))
        self.change("INSERT OR REPLACE INTO parsed VALUES (?, ?, ?)", [row])

    def forget(self, keys: Iterable[str]) -> None:
        """Forget these files."""
        self.change("DELETE FROM parsed WHERE key = ?", ((key,) for key in keys))

    def keep_only(self, contents: Collection[str], *, dry_run: bool = False) -> int:
        """Forget all but files with these sha-256; return how many those are."""
        rows = self.fetch("SELECT key, sha256 FROM parsed")
        gone = [(key,) for key, content in rows if content not in contents]
        if not dry_run and gone:
            self.change("DELETE FROM parsed WHERE key = ?", gone)
            self.shrink()
        return len(gone)


def _dump(parsed: Parsed) -> bytes:
    data = {
        "record": dataclasses.asdict(parsed.record),
        "chunks": [to_row(chunk) for chunk in parsed.chunks],
        "terms": [" ".join(terms) for terms in parsed.terms],
    }
    return zlib.compress(json.dumps(data, ensure_ascii=False).encode(), level=1)


def _load(data: bytes) -> Parsed:
    found: Mapping[str, Any] = json.loads(zlib.decompress(data))
    return Parsed(
        document_record(found["record"]),
        tuple(from_row(tuple(row)) for row in found["chunks"]),
        tuple(tuple(terms.split()) for terms in found["terms"]),
    )
