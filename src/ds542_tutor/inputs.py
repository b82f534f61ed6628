"""What comes in: questions, earlier turns from a file, a day or a moment from an option."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, datetime, time
from pathlib import Path

from ds542_tutor.dialogue import Turn
from ds542_tutor.errors import QuestionError

# A date without a time means that day at noon: late enough for "today", before any deadline.
_NOON = time(12, 0)

_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # colours, in what was copied from a terminal
_LINE_END = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control, format (zero-width, direction), halves of a pair, private use: nobody sees what they say.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def legible(text: str) -> str:
    """Return `text` without characters that nobody sees; every line ends in a line feed.

    "drop\\u200bout" is "dropout" to a reader, so it is to us; tabs stay, they indent code.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_END.sub("\n", _TERMINAL.sub("", text))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _HIDDEN)


def read_question(text: str, limit: int) -> str:
    """Return a question as `legible` text.

    Raises:
        QuestionError: nothing is left of it, it is broken, or longer than `limit` characters.
    """
    if len(text) > limit:
        raise QuestionError(
            f"The question has {len(text):,} characters, the limit is {limit:,}; "
            "keep the part that matters, for instance the error message and the lines around it."
        )
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise QuestionError(
            "The question has a broken character, as a copy from elsewhere may have; "
            "type the question anew, or paste it as plain text."
        )
    if not (seen := legible(text)).strip():
        raise QuestionError("The question is empty; type what you would like to know.")
    return seen


def read_history(path: Path) -> tuple[Turn, ...]:
    """Read earlier turns from a JSON file of [role, text] pairs, oldest first.

    Raises:
        QuestionError: the file is missing or not of that form.
    """
    form = 'a JSON list of ["user" or "assistant", "text"] pairs'
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QuestionError(f"The history file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise QuestionError(f"The history file {path} is not JSON; it must be {form}.") from error
    turns = []
    for pair in pairs if isinstance(pairs, list) else [None]:
        match pair:
            case ["user" | "assistant" as role, str(text)]:
                turns.append(Turn(role, legible(text)))
            case _:
                raise QuestionError(f"The history file {path} must be {form}.")
    return tuple(turns)


def read_moment(text: str) -> datetime:
    """Read --today: a day (taken at noon) or a moment, in the course's zone when it names none.

    Raises:
        QuestionError: it is neither.
    """
    try:
        if len(text) == len("YYYY-MM-DD"):
            return datetime.combine(date.fromisoformat(text), _NOON)
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise QuestionError(f"--today must be like 2026-02-10, but is {text!r}.") from error
