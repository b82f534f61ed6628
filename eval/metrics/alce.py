"""Citation recall and precision: do the cited passages support each sentence, and are all needed?

After ALCE (Gao, Yen, Yu, Chen, EMNLP 2023, https://arxiv.org/abs/2305.14627):

- a sentence is recalled (1) when it cites something and its cited passages together support it;
- a citation is precise (1) when its sentence is recalled and it is not irrelevant: irrelevant is a
  citation that does not support the sentence alone while the others do without it;
- recall is the mean over an answer's sentences, precision over its citations, and both are then
  averaged over answers.

Whether a passage supports a sentence says an exchangeable check (`eval.support`). With the check
that the tutor itself filters its sentences by, recall says how many sentences carry a citation that
passed, which flatters; page figures (`citation`) and an entailment model do not.

Departures: a sentence that claims nothing ("Yes.", a question) is left out unless it cites; code is
no sentence; a marker behind the stop belongs to the sentence before; a computed answer or a place
is checked against its passage with the passage's title and place, as ALCE's passages have theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ds542_tutor.sentences import block_sentences, split_blocks
from ds542_tutor.words import content_words

DEFINITIONS = {
    "citation recall": "sentences of an answer that their cited passages support (ALCE)",
    "citation precision": "citations of an answer that their sentence needs (ALCE)",
}

MEANS = frozenset(DEFINITIONS)

Supports = Callable[[Sequence[tuple[str, str]]], list[bool]]
"""Says for each (premise, claim) pair whether the premise supports the claim."""

_MARKER = re.compile(r"\[(\d{1,2})\]")
_CODE = re.compile(r"```.*?(?:```|\Z)", re.S)
_MIN_WORDS = 3  # content words from which a sentence claims something


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence without its markers, and the markers' numbers in order."""

    claim: str
    cited: tuple[int, ...]


def score(answer: Mapping[str, Any], supports: Supports) -> dict[str, float | None]:
    """Score one answer; None where nothing was answered or the answer states nothing.

    An answer that cites nothing has no citation to be imprecise: its precision is 0, as in ALCE.
    """
    if answer["status"] == "error":
        return dict.fromkeys(DEFINITIONS, 0.0)
    found = statements(answer["text"]) if answer["status"] == "answered" else []
    if not found:
        return dict.fromkeys(DEFINITIONS)
    premises = {
        c["marker"]: f"{c['title']}, {c['locator']}\n{c['text']}" for c in answer["citations"]
    }
    recalled, precise = 0, 0
    for statement in found:
        known = [premises[n] for n in statement.cited if n in premises]
        # A marker that points nowhere makes the sentence unsupported, whatever else it cites.
        if not known or len(known) < len(statement.cited):
            continue
        if not supports([("\n".join(known), statement.claim)])[0]:
            continue
        recalled += 1
        precise += _needed(known, statement.claim, supports)
    citations = sum(len(statement.cited) for statement in found)
    return {
        "citation recall": recalled / len(found),
        "citation precision": precise / max(1, citations),
    }


def _needed(premises: Sequence[str], claim: str, supports: Supports) -> int:
    """Count the citations of a recalled sentence that are not irrelevant."""
    if len(premises) == 1:
        return 1
    alone = supports([(premise, claim) for premise in premises])
    others = [
        "\n".join((*premises[:i], *premises[i + 1 :]))
        for i, stands in enumerate(alone)
        if not stands
    ]
    irrelevant = sum(supports([(rest, claim) for rest in others])) if others else 0
    return len(premises) - irrelevant


def statements(text: str) -> list[Statement]:
    """Split an answer into the sentences that are to be supported."""
    found: list[Statement] = []
    for block in split_blocks(_CODE.sub("\n", text)):
        for span in block_sentences(block):
            cited = tuple(dict.fromkeys(int(n) for n in _MARKER.findall(span.text)))
            claim = " ".join(_MARKER.sub(" ", span.text).split())
            claim = re.sub(r"\s+([.,;:!?])", r"\1", claim)
            if not any(character.isalnum() for character in claim):
                if cited and found:
                    both = tuple(dict.fromkeys((*found[-1].cited, *cited)))
                    found[-1] = Statement(found[-1].claim, both)
                continue
            says = len(content_words(claim)) >= _MIN_WORDS and not claim.endswith("?")
            if cited or says:
                found.append(Statement(claim, cited))
    return found
