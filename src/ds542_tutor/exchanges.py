"""Where the exchanges of a disclosure come from: output of `ask --json`, saved conversations.

How they are exported is `policy.disclosure`'s business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ds542_tutor
from ds542_tutor.conversations import SavedAnswer
from ds542_tutor.errors import DisclosureError
from ds542_tutor.policy.appendix import Exchange, parts

_FORM = "one or more JSON objects as `ds542-tutor ask --json` prints them"


def read_exchanges(path: Path) -> tuple[Exchange, ...]:
    """Read the answers in a file: one JSON object, one a line, or a list of them.

    Raises:
        DisclosureError: the file is missing or is something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DisclosureError(f"The answer file {path} cannot be read ({error}).") from error
    try:
        data = json.loads(text)
    except ValueError:
        try:
            data = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise DisclosureError(f"{path} must hold {_FORM} ({error}).") from error
    answers = data if isinstance(data, list) else [data]
    if not answers:
        raise DisclosureError(f"{path} holds no answer; it must hold {_FORM}.")
    return tuple(exchange_of(answer, str(path)) for answer in answers)


def exchange_of(answer: Any, where: str = "The answer") -> Exchange:
    """Return the exchange that an answer in its JSON form records.

    Raises:
        DisclosureError: it is no such object.
    """
    disclosure = answer.get("disclosure") if isinstance(answer, dict) else None
    if not isinstance(disclosure, dict):
        raise DisclosureError(f"{where} has no disclosure; it must hold {_FORM}.")
    values = [
        answer.get("question"), answer.get("text"), disclosure.get("tool"),
        disclosure.get("model"), disclosure.get("date"), disclosure.get("link", ""),
    ]  # fmt: skip
    if not all(isinstance(value, str) for value in values):
        raise DisclosureError(f"{where} lacks question, text, tool, model or date; get {_FORM}.")
    return Exchange(*values)


def saved_exchanges(answers: Sequence[SavedAnswer]) -> tuple[Exchange, ...]:
    """Return saved answers as exchanges; their day is that of this machine's zone."""
    tool = f"ds542_tutor {ds542_tutor.__version__}"
    return tuple(
        Exchange(a.question, a.text, tool, a.model, a.created.astimezone().date().isoformat())
        for a in answers
    )


def mark_used(exchanges: Sequence[Exchange], used: str) -> tuple[Exchange, ...]:
    """Return the exchanges with the parts marked that `used` lists.

    Args:
        used: "all", "none" or numbers such as "1,3": of the only answer's parts, or "2.1,2.3" of
            the second answer's.

    Raises:
        DisclosureError: it is none of these, or names what is not there.
    """
    if used.strip() in ("", "none"):
        return tuple(exchanges)
    if used.strip() == "all":
        return tuple(
            replace(e, used=frozenset(range(1, len(parts(e.answer)) + 1))) for e in exchanges
        )
    marked: dict[int, set[int]] = {}
    for item in re.split(r"[,\s]+", used.strip()):
        match = re.fullmatch(r"(?:(\d{1,4})\.)?(\d{1,4})", item)
        if not match or (match[1] is None and len(exchanges) > 1):
            raise DisclosureError(
                f"--used cannot be {item!r}: name parts as 1,3 for one answer, as 2.1,2.3 "
                "(answer.part) for several, or all; --parts lists them."
            )
        answer = int(match[1] or 1)
        if not 1 <= answer <= len(exchanges):
            raise DisclosureError(f"--used names answer {answer}, but there are {len(exchanges)}.")
        marked.setdefault(answer, set()).add(int(match[2]))
    return tuple(
        replace(exchange, used=frozenset(marked.get(number, ())))
        for number, exchange in enumerate(exchanges, start=1)
    )


def listed_parts(exchanges: Sequence[Exchange]) -> str:
    """Return the parts that can be marked, each with its number and how it begins."""
    lines = []
    for number, exchange in enumerate(exchanges, start=1):
        lines.append(f"Answer {number} to: {_short(exchange.prompt)}")
        prefix = f"{number}." if len(exchanges) > 1 else ""
        lines += [f"  {prefix}{i}  {_short(p)}" for i, p in enumerate(parts(exchange.answer), 1)]
    return "\n".join(lines)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 70 else f"{line[:69].rsplit(' ', 1)[0]}…"
