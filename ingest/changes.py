"""What sets a new index apart from the one in use: documents and chunks that come, change or go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ds542_tutor.documents import Chunk
from ds542_tutor.index.chunks import DocumentRecord, entry
from ds542_tutor.index.generation import Generation
from ingest.report import Changes, DocumentChange


def compare(
    base: Generation | None, documents: Sequence[DocumentRecord], chunks: Sequence[Chunk]
) -> Changes:
    """Compare the documents and chunks of a new index with those of `base`, the one in use.

    A chunk counts as the same when its text, its place and all that a search can filter on are;
    else the old one is removed and the new one added.
    """
    old = base.chunks.entries() if base is not None else {}
    new = {chunk.id: entry(chunk) for chunk in chunks}
    titles = {document.path: document.title for document in documents}
    files = {document.path: document.sha256 for document in documents}
    before = {document.path: document for document in base.chunks.documents()} if base else {}
    added = Counter(c.document for c in chunks if old.get(c.id) != new[c.id])
    # The second value of an entry is the document's path.
    removed = Counter(str(value[1]) for i, value in old.items() if new.get(i) != value)

    def change(path: str) -> DocumentChange:
        title = titles.get(path) or before[path].title
        return DocumentChange(path, title, added[path], removed[path])

    both = [path for path in files if path in before]
    changed = [p for p in both if added[p] or removed[p] or files[p] != before[p].sha256]
    return Changes(
        since=base.id if base is not None else None,
        added=tuple(change(path) for path in files if path not in before),
        changed=tuple(change(path) for path in changed),
        removed=tuple(change(path) for path in before if path not in files),
        unchanged=len(both) - len(changed),
        chunks_added=added.total(),
        chunks_removed=removed.total(),
    )
