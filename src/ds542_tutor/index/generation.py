"""One opened generation of the index: its chunks, both searchers, the calendar and source files.

Which generation answers, and how one comes about, is for `generations` and `writer`.
"""

from __future__ import annotations

import json
import os
import re
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from ds542_tutor.course import Course, from_json
from ds542_tutor.errors import IndexStoreError
from ds542_tutor.index import storage
from ds542_tutor.index.chunks import ChunkStore
from ds542_tutor.index.dense import DenseIndex
from ds542_tutor.index.lexical import LexicalIndex
from ds542_tutor.index.lexicon import Lexicon
from ds542_tutor.index.manifest import Manifest

GENERATIONS, FILES = "generations", "files"
"""Folders of an index."""
COURSE, CHUNKS, DENSE, LEXICAL = "course.json", "chunks.sqlite", "dense", "lexical"
LEXICON = "lexicon.json"
"""What a generation's folder holds beside its manifest."""


class Generation:
    """One opened generation: `chunks`, `dense`, `lexical`, `lexicon`, `course`, `manifest`; to be
    closed.

    While it is open, no later ingest deletes it. One that nobody refers to any more closes itself:
    a server need not know when the last answer from it was read.
    """

    def __init__(self, root: Path, folder: Path, manifest: Manifest) -> None:
        """Open the generation in `folder`; `IndexStore.open_current` is the usual way."""
        self.id = manifest.id
        self.manifest = manifest
        self.folder = folder
        self._files = root / FILES
        with ExitStack() as opened:
            opened.callback(os.close, storage.hold_open(folder))
            self.chunks = ChunkStore.open(folder / CHUNKS)
            opened.callback(self.chunks.close)
            self.dense = DenseIndex.open(folder / DENSE)
            opened.callback(self.dense.close)
            self.lexical = LexicalIndex.open(folder / LEXICAL)
            self.lexicon = Lexicon.read(folder / LEXICON)
            self.course = _read_course(folder / COURSE, manifest)
            self._opened = opened.pop_all()
        weakref.finalize(self, self._opened.close).atexit = False

    def source_file(self, sha256: str) -> Path:
        """Return the stored copy of the file with this sha-256, as it was when it was read.

        Raises:
            IndexStoreError: there is none.
        """
        # Checked, since the value may come from an address that a visitor typed.
        if re.fullmatch(r"[0-9a-f]{64}", sha256):
            for file in self._files.glob(f"{sha256}*"):
                return file
        raise IndexStoreError(f"The index holds no source file {sha256[:64]!r}; run `make ingest`.")

    def close(self) -> None:
        """Release the files. Closing twice is harmless."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read_course(file: Path, manifest: Manifest) -> Course:
    """Return the stored calendar; one that knows nothing where the corpus has no course site."""
    if not file.is_file():
        return Course(name=manifest.corpus, term=manifest.term or "")
    return from_json(Course, json.loads(file.read_text(encoding="utf-8")))
