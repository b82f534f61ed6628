"""What commands read: earlier turns from a file, a day or a moment from an option."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from pathlib import Path

from ds542_tutor.dialogue import Turn
from ds542_tutor.errors import QuestionError

# A date without a time means that day at noon: late enough for "today", before any deadline.
_NOON = time(12, 0)


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
                turns.append(Turn(role, text))
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
