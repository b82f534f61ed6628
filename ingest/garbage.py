"""Deletes what no kept generation needs: old generations, leftovers, cache entries, files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ds542_tutor.index import storage
from ds542_tutor.index.chunks import ChunkStore
from ds542_tutor.index.generation import CHUNKS, FILES, GENERATIONS
from ds542_tutor.index.generations import IndexStore
from ingest.parsing import PARSED_FILE, ParsedCache
from ingest.vectors import VECTORS_FILE, VectorCache


@dataclass(frozen=True, slots=True)
class Collected:
    """What was deleted, or would be. `freed`: bytes on disk."""

    generations: tuple[str, ...]
    leftovers: int
    files: int
    vectors: int
    parsed: int
    freed: int


def collect(store: IndexStore, keep: int, *, files: bool, dry_run: bool) -> Collected:
    """Keep the newest `keep` published generations and what they need.

    Args:
        files: also delete source files that only deleted generations were read from; saved answers
            then no longer show pages of them.
        dry_run: only count.

    Raises:
        IndexStoreError: an ingest is running, or the folder cannot be written.
    """
    if not (store.root / GENERATIONS).is_dir():
        return Collected((), 0, 0, 0, 0, 0)
    with storage.exclusive_lock(store.lock), storage.reporting_write_errors(store.root):
        before = _size(store.root)
        old = store.old(keep)
        leftovers = store.leftovers()
        kept = [manifest for manifest in store.generations() if manifest.id not in old]
        hashes = {document.sha256 for manifest in kept for document in manifest.documents}
        stale = [
            file
            for file in sorted((store.root / FILES).glob("*"))
            if files and file not in leftovers and file.name.partition(".")[0] not in hashes
        ]
        size = sum(map(_size, (store.root / GENERATIONS / identifier for identifier in old)))
        size += sum(map(_size, (*leftovers, *stale)))
        if not dry_run:
            old = [identifier for identifier in old if store.remove(identifier)]
            store.clear_leftovers()
            for file in stale:
                file.unlink()
        texts: set[str] = set()
        for manifest in kept:
            chunks = ChunkStore.open(store.root / GENERATIONS / manifest.id / CHUNKS)
            texts.update(str(entry[0]) for entry in chunks.entries().values())
            chunks.close()
        with VectorCache(store.root / VECTORS_FILE, "", "") as vectors:
            forgotten = vectors.keep_only(texts, dry_run=dry_run)
        with ParsedCache(store.root / PARSED_FILE) as parsed:
            unread = parsed.keep_only(hashes, dry_run=dry_run)
        freed = size if dry_run else before - _size(store.root)
    return Collected(tuple(old), len(leftovers), len(stale), forgotten, unread, freed)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
