"""Chunks and the records of their documents, in one SQLite file, written once and then only read.

The text of a generation: `dense` and `lexical` find ids, this module turns them into `Chunk`s.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from cachetools import LRUCache

from ds542_tutor.documents import Chunk, Document, Erratum, Locator, SourceKind, TextRun

_SCHEMA = """
CREATE TABLE documents (path TEXT PRIMARY KEY, position INTEGER NOT NULL, record TEXT NOT NULL);
CREATE TABLE chunks (
    id TEXT PRIMARY KEY, document TEXT NOT NULL, ordinal INTEGER NOT NULL, kind TEXT NOT NULL,
    term TEXT, lecture INTEGER, assignment TEXT, graded INTEGER NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, search_text TEXT NOT NULL,
    locator TEXT NOT NULL, pages TEXT NOT NULL, runs TEXT NOT NULL,
    exercise INTEGER NOT NULL, labels TEXT NOT NULL, ocr INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (document, ordinal)
) WITHOUT ROWID;
CREATE TABLE labels (label TEXT NOT NULL, chunk TEXT NOT NULL, PRIMARY KEY (label, chunk))
    WITHOUT ROWID;
CREATE TABLE errata (book TEXT NOT NULL, page INTEGER NOT NULL, record TEXT NOT NULL);
CREATE INDEX errata_by_page ON errata (book, page);
"""
_COLUMNS = (
    "id, document, title, kind, text, search_text, locator, pages, ordinal, runs, term, lecture, "
    "assignment, graded, exercise, labels, ocr, sha256"
)
# Chunks that stay in memory, some 50 MB; putting one together takes longer than finding it.
KEPT_CHUNKS = 20_000
# SQLite accepts at least 999 bound variables in one statement.
_MAX_VARIABLES = 900

Entry = tuple[str | int | None, ...]
"""What is indexed of a chunk: its search text, and what a search can filter on."""


def entry(chunk: Chunk) -> Entry:
    """Return what is indexed of a chunk; equal entries need no new vector in the index."""
    return (
        chunk.search_text,
        chunk.document,
        chunk.kind,
        chunk.term,
        chunk.lecture,
        chunk.assignment,
        chunk.locator.page,
        int(chunk.graded),
        int(chunk.exercise),
    )


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What a generation remembers of a document; its segments are dropped. See `Document`."""

    path: str
    kind: SourceKind
    title: str
    sha256: str
    chunks: int
    term: str | None = None
    lecture: int | None = None
    assignment: str | None = None
    graded: bool = False
    url: str | None = None
    licence: str | None = None
    page_count: int = 0
    warnings: tuple[str, ...] = ()
    blank: tuple[int, ...] = ()
    ocr_pages: tuple[int, ...] = ()

    @classmethod
    def of(cls, document: Document, chunks: int) -> DocumentRecord:
        """Return the record of `document`, which was cut into `chunks` chunks."""
        return cls(
            path=document.path,
            kind=document.kind,
            title=document.title,
            sha256=document.sha256,
            chunks=chunks,
            term=document.term,
            lecture=document.lecture,
            assignment=document.assignment,
            graded=document.graded,
            url=document.url,
            licence=document.licence,
            page_count=document.page_count,
            warnings=document.warnings,
            blank=document.blank,
            ocr_pages=document.ocr_pages,
        )


class ChunkStore:
    """Opened chunks; read-only, safe to share between threads, to be closed after use."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use `build` or `open`."""
        self._connection = connection
        self._lock = threading.Lock()
        self._kept: LRUCache[str, Chunk] = LRUCache(KEPT_CHUNKS)

    @classmethod
    def build(
        cls,
        file: Path,
        documents: Sequence[DocumentRecord],
        chunks: Sequence[Chunk],
        errata: Iterable[Erratum] = (),
    ) -> ChunkStore:
        """Write a new `file` and open it.

        Raises:
            sqlite3.IntegrityError: two chunks share an id, or two documents a path.
        """
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.executescript(_SCHEMA)
            connection.executemany(
                "INSERT INTO documents VALUES (?, ?, ?)",
                ((d.path, i, json.dumps(asdict(d))) for i, d in enumerate(documents)),
            )
            marks = ", ".join("?" * (_COLUMNS.count(",") + 1))
            connection.executemany(
                f"INSERT INTO chunks ({_COLUMNS}) VALUES ({marks})", map(to_row, chunks)
            )
            connection.executemany(
                "INSERT INTO labels VALUES (?, ?)",
                ((label, c.id) for c in chunks for label in dict.fromkeys(c.labels)),
            )
            connection.executemany(
                "INSERT INTO errata VALUES (?, ?, ?)",
                ((e.book, e.page, json.dumps(asdict(e))) for e in errata),
            )
        return cls.open(file)

    @classmethod
    def open(cls, file: Path) -> ChunkStore:
        """Open what `build` wrote. The file is never changed again, so SQLite need not lock it."""
        connection = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        return cls(connection)

    def __len__(self) -> int:
        return int(self._fetch("SELECT count(*) FROM chunks")[0][0])

    def get(self, ids: Sequence[str]) -> list[Chunk]:
        """Return the chunks with these ids in the order asked; unknown ids are left out."""
        with self._lock:
            found = {i: self._kept[i] for i in ids if i in self._kept}
        missing = [identifier for identifier in ids if identifier not in found]
        for start in range(0, len(missing), _MAX_VARIABLES):
            part = missing[start : start + _MAX_VARIABLES]
            marks = ",".join("?" * len(part))
            rows = self._fetch(f"SELECT {_COLUMNS} FROM chunks WHERE id IN ({marks})", part)
            found.update((row[0], from_row(row)) for row in rows)
        with self._lock:
            self._kept.update((i, found[i]) for i in missing if i in found)
        return [found[i] for i in ids if i in found]

    def entries(self) -> dict[str, Entry]:
        """Return what is indexed of every chunk, by id; quick, since no chunk is put together."""
        rows = self._fetch(
            "SELECT id, search_text, document, kind, term, lecture, assignment,"
            " json_extract(locator, '$.page'), graded, exercise FROM chunks"
        )
        return {row[0]: row[1:] for row in rows}

    def labelled(self, label: str) -> list[Chunk]:
        """Return the chunks that carry `label` ("figure 6.7"), by document and ordinal."""
        rows = self._fetch(
            f"SELECT {_COLUMNS} FROM chunks WHERE id IN (SELECT chunk FROM labels WHERE label = ?)"
            " ORDER BY document, ordinal",
            (label,),
        )
        return [from_row(row) for row in rows]

    def errata(self, book: str, page: int) -> list[Erratum]:
        """Return what is listed as wrong on a page of a book, errors before small changes."""
        rows = self._fetch("SELECT record FROM errata WHERE book = ? AND page = ?", (book, page))
        found = [Erratum(**json.loads(record)) for (record,) in rows]
        return sorted(found, key=lambda erratum: not erratum.serious)

    def neighbours(self, document: str, ordinal: int, reach: int = 1) -> list[Chunk]:
        """Return the chunks up to `reach` before and after, in order, without the one itself."""
        rows = self._fetch(
            f"SELECT {_COLUMNS} FROM chunks WHERE document = ? AND ordinal BETWEEN ? AND ?"
            " AND ordinal != ? ORDER BY ordinal",
            (document, ordinal - reach, ordinal + reach, ordinal),
        )
        return [from_row(row) for row in rows]

    def by_document(self, path: str) -> list[Chunk]:
        """Return all chunks of a document in order; none for an unknown path."""
        rows = self._fetch(
            f"SELECT {_COLUMNS} FROM chunks WHERE document = ? ORDER BY ordinal", (path,)
        )
        return [from_row(row) for row in rows]

    def select(
        self,
        *,
        kind: str | None = None,
        term: str | None = None,
        lecture: int | None = None,
        assignment: str | None = None,
        graded: bool | None = None,
    ) -> list[Chunk]:
        """Return the chunks that agree with every value given, by document and ordinal."""
        wanted = {"kind": kind, "term": term, "lecture": lecture, "assignment": assignment}
        clauses = {column: value for column, value in wanted.items() if value is not None}
        if graded is not None:
            clauses["graded"] = int(graded)
        where = " AND ".join(f"{column} = ?" for column in clauses) or "1"
        rows = self._fetch(
            f"SELECT {_COLUMNS} FROM chunks WHERE {where} ORDER BY document, ordinal",
            list(clauses.values()),
        )
        return [from_row(row) for row in rows]

    def documents(self) -> list[DocumentRecord]:
        """Return the records of all documents, in the order of the source list."""
        rows = self._fetch("SELECT record FROM documents ORDER BY position")
        return [document_record(json.loads(record)) for (record,) in rows]

    def close(self) -> None:
        """Release the file. Closing twice is harmless."""
        with self._lock:
            self._connection.close()

    def _fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()


def document_record(data: dict[str, Any]) -> DocumentRecord:
    """Rebuild a record from its JSON form."""
    lists = {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
    return DocumentRecord(**{**data, **lists})


def to_row(chunk: Chunk) -> tuple[Any, ...]:
    return (
        chunk.id,
        chunk.document,
        chunk.title,
        chunk.kind,
        chunk.text,
        chunk.search_text,
        json.dumps(asdict(chunk.locator)),
        json.dumps(chunk.pages),
        chunk.ordinal,
        json.dumps([(r.start, r.length, r.page, r.source) for r in chunk.runs]),
        chunk.term,
        chunk.lecture,
        chunk.assignment,
        int(chunk.graded),
        int(chunk.exercise),
        json.dumps(chunk.labels),
        int(chunk.ocr),
        chunk.sha256,
    )


def from_row(row: tuple[Any, ...]) -> Chunk:
    (identifier, document, title, kind, text, search_text, locator, pages, ordinal, runs, *rest) = (
        row
    )
    term, lecture, assignment, graded, exercise, labels, ocr, sha256 = rest
    place = json.loads(locator)
    return Chunk(
        id=identifier,
        document=document,
        title=title,
        kind=cast(SourceKind, kind),
        text=text,
        search_text=search_text,
        locator=Locator(**{**place, "section": tuple(place["section"])}),
        pages=tuple(json.loads(pages)),
        ordinal=ordinal,
        runs=tuple(TextRun(*run) for run in json.loads(runs)),
        term=term,
        lecture=lecture,
        assignment=assignment,
        graded=bool(graded),
        exercise=bool(exercise),
        labels=tuple(json.loads(labels)),
        ocr=bool(ocr),
        sha256=sha256,
    )
