"""Reads the files of public sets; what is unfit is named by file, item and field.

An item is never skipped: the number of items is part of a published figure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ds542_tutor.errors import TutorError

T = TypeVar("T")


class PublicSetError(TutorError):
    """A public set cannot be used; the message names file, item and field, and what is expected."""


@dataclass(frozen=True, slots=True)
class Item:
    """One JSON object of a set.

    Attributes:
        place: where it stands, as messages name it. fields: what it holds.
        expected: what --path must be, the end of every message.
    """

    place: str
    fields: dict[str, Any]
    expected: str

    def text(self, name: str, *, blank: bool = False) -> str:
        """Return a string field. Raises PublicSetError: missing, no string, or not to be blank."""
        value = self._value(name)
        if not isinstance(value, str):
            self.fail(name, f"must be a string, but is {short(value)}")
        if not blank and not value.strip():
            self.fail(name, "must not be blank")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a field that lists strings. Raises PublicSetError: missing, or something else."""
        values = self._value(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.fail(name, f"must be a list of strings, but is {short(values)}")
        return values

    def flag(self, name: str) -> bool:
        """Return a true-or-false field. Raises PublicSetError: missing, or something else."""
        value = self._value(name)
        if not isinstance(value, bool):
            self.fail(name, f"must be true or false, but is {short(value)}")
        return value

    def items(self, name: str) -> list[Item]:
        """Return a field that lists objects. Raises PublicSetError: missing, or something else."""
        values = self._value(name)
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self.fail(name, f"must be a list of objects, but is {short(values)}")
        return [
            Item(f"{self.place}, {name}[{i}]", value, self.expected)
            for i, value in enumerate(values)
        ]

    def one_of(self, name: str, known: Sequence[str]) -> str:
        """Return a string field that is one of `known`. Raises PublicSetError: it is not."""
        value = self.text(name)
        if value not in known:
            self.fail(name, f"must be one of {', '.join(known)}, but is {value!r}")
        return value

    def fail(self, name: str, problem: str) -> NoReturn:
        """Raise the PublicSetError of a field."""
        raise PublicSetError(
            f"{self.place}: field {name} {problem}; --path must be {self.expected}."
        )

    def _value(self, name: str) -> Any:
        if name not in self.fields:
            self.fail(name, "is missing")
        return self.fields[name]


def read_lines(path: Path, expected: str) -> list[Item]:
    """Read JSON Lines, one object a line.

    Raises:
        PublicSetError: missing, empty, not UTF-8, or a line is no JSON object.
    """
    # Not splitlines(): JSON strings may hold U+2028 and other characters that it splits at.
    numbered = enumerate(read_text(path).split("\n"), start=1)
    places = [(f"{path}:{number}", line) for number, line in numbered if line.strip()]
    return _items(
        [(place, _parse(line, place, expected)) for place, line in places], path, expected
    )


def read_list(path: Path, expected: str) -> list[Item]:
    """Read a JSON list of objects.

    Raises:
        PublicSetError: missing, empty, not UTF-8, not JSON, or something else than a list.
    """
    values = _parse(read_text(path), str(path), expected)
    if not isinstance(values, list):
        raise PublicSetError(f"{path} is no JSON list, but {short(values)}; it must be {expected}.")
    return _items([(f"{path}: item {i}", v) for i, v in enumerate(values, 1)], path, expected)


def read_object(path: Path, expected: str) -> Item:
    """Read a JSON object.

    Raises:
        PublicSetError: missing, empty, not UTF-8, not JSON, or something else than an object.
    """
    value = _parse(read_text(path), str(path), expected)
    return _items([(str(path), value)] if value else [], path, expected)[0]


def read_text(path: Path) -> str:
    """Read a UTF-8 file.

    Raises:
        PublicSetError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PublicSetError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise PublicSetError(f"{path} is not UTF-8 ({error}); save it as UTF-8.") from error


def every_nth(items: Sequence[T], limit: int | None) -> list[T]:
    """Return at most `limit` items, spread evenly over the set; all of them without a limit."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]


def short(value: object) -> str:
    """Show a value in a message, cut to about half a line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _parse(text: str, place: str, expected: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise PublicSetError(f"{place}: not JSON ({error}); --path must be {expected}.") from error


def _items(values: Sequence[tuple[str, Any]], path: Path, expected: str) -> list[Item]:
    if not values:
        raise PublicSetError(f"{path} holds no items; --path must be {expected}.")
    for place, value in values:
        if not isinstance(value, dict):
            raise PublicSetError(
                f"{place} is no JSON object, but {short(value)}; --path must be {expected}."
            )
    return [Item(place, value, expected) for place, value in values]
