"""A cache of an ingest: one table in one SQLite file of the index folder, used by several at once.

Deleting the file costs time and nothing else, so one that turns out damaged is begun anew. What is
kept in it is for `vectors` and `parsing`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

# An ingest beside this one writes for moments; only `gc` holds the file longer, for seconds.
_WAIT_S = 60.0


class CacheFile:
    """An opened cache. Use it as a context manager, or close it."""

    schema: ClassVar[str]
    """The statement that creates the table where it is missing."""

    def __init__(self, file: Path) -> None:
        """Open or create `file`; one that is damaged is deleted and begun anew."""
        self._file = file
        try:
            self._connection = self._connect()
        except sqlite3.DatabaseError as error:
            _pass_on(error)
            self._begin_anew()

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none from a damaged file, which is begun anew."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            _pass_on(error)
            self._begin_anew()
            return []

    def change(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Carry out a statement for each of `rows`, all or none."""
        wanted = list(rows)
        try:
            self._change(sql, wanted)
        except sqlite3.DatabaseError as error:
            _pass_on(error)
            self._begin_anew()
            self._change(sql, wanted)

    def shrink(self) -> None:
        """Give the space of deleted rows back to the disk."""
        self._connection.execute("VACUUM")

    def close(self) -> None:
        """Release the file. Closing twice is harmless."""
        self._connection.close()

    def _change(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._connection:
            self._connection.executemany(sql, rows)

    def _begin_anew(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()
        # With the journal, which would be played back into the new file.
        for file in (self._file, self._file.with_name(f"{self._file.name}-journal")):
            file.unlink(missing_ok=True)
        self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=_WAIT_S)
        try:
            connection.execute(self.schema)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pass_on(error: sqlite3.DatabaseError) -> None:
    """Raise `error` unless it says that the file is damaged.

    SQLite's other troubles (the disk, a lock, permissions) have classes of their own.
    """
    if type(error) is not sqlite3.DatabaseError:
        raise error
