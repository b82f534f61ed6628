"""Vectors kept by content, so that only new or changed text is embedded again.

One SQLite file, keyed by model, number type and the sha-256 of the text. It is a cache: deleting it
costs time and nothing else. Written block by block, so a killed ingest resumes where it was.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ds542_tutor.protocols import Vector
from ingest.caches import CacheFile

VECTORS_FILE = "embeddings.sqlite"
"""Name of the cache in the index folder."""
# SQLite accepts at least 999 bound variables in one statement.
_MAX_VARIABLES = 900


class VectorCache(CacheFile):
    """An opened cache for one model."""

    schema = (
        "CREATE TABLE IF NOT EXISTS vectors (model TEXT, text TEXT, vector BLOB NOT NULL,"
        " PRIMARY KEY (model, text)) WITHOUT ROWID"
    )

    def __init__(self, file: Path, model_id: str, dtype: str) -> None:
        """Open or create `file`; one that is damaged is deleted and begun anew."""
        super().__init__(file)
        self._key = f"{model_id} {dtype}"

    def get(self, texts: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors that are known, by text."""
        by_hash = {_hash(text): text for text in texts}
        hashes = list(by_hash)
        found: dict[str, Vector] = {}
        for start in range(0, len(hashes), _MAX_VARIABLES):
            part = hashes[start : start + _MAX_VARIABLES]
            marks = ",".join("?" * len(part))
            rows = self.fetch(
                f"SELECT text, vector FROM vectors WHERE model = ? AND text IN ({marks})",
                (self._key, *part),
            )
            found.update((by_hash[text], array("f", blob)) for text, blob in rows)
        return found

    def put(self, vectors: Mapping[str, Vector]) -> None:
        """Remember vectors by text, as float32."""
        self.change(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
            ((self._key, _hash(t), array("f", v).tobytes()) for t, v in vectors.items()),
        )

    def keep_only(self, texts: Iterable[str], *, dry_run: bool = False) -> int:
        """Forget the vectors of all other texts, of any model; return how many those are."""
        kept = {_hash(text) for text in texts}
        rows = self.fetch("SELECT model, text FROM vectors")
        gone = [(model, text) for model, text in rows if text not in kept]
        if not dry_run and gone:
            self.change("DELETE FROM vectors WHERE model = ? AND text = ?", gone)
            self.shrink()
        return len(gone)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
