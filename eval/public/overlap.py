"""How much of one text's words another has: SQuAD's measures, numbers, runs of words.

Pure functions of strings. SQuAD's normalisation: lower case, no punctuation, no articles, single
blanks, as in the official script of Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MARKER = re.compile(r"\s*\[\d{1,2}\]")


def without_markers(text: str) -> str:
    """Return an answer's text without its citation markers."""
    return _MARKER.sub("", text)


def normalise(text: str) -> str:
    """Return `text` in SQuAD's normal form."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact(answer: str, golds: Sequence[str]) -> float:
    """Return 1 when the answer is one of the gold answers, normalised, else 0."""
    return float(any(normalise(answer) == normalise(gold) for gold in golds))


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Return the best harmonic mean of token precision and recall over the gold answers."""
    return max(_f1(normalise(answer).split(), normalise(gold).split()) for gold in golds)


def token_recall(answer: str, gold: str) -> float:
    """Return the share of the gold answer's tokens that the answer has, counting repetitions.

    A gold answer without tokens is met by an answer without tokens only, as in `token_f1`.
    """
    wanted, given = normalise(gold).split(), normalise(answer).split()
    if not wanted:
        return float(not given)
    return sum((Counter(wanted) & Counter(given)).values()) / len(wanted)


def contains(answer: str, golds: Sequence[str]) -> bool:
    """Say whether a gold answer stands in the answer, whole words, both normalised."""
    text = f" {normalise(answer)} "
    return any(f" {gold} " in text for gold in map(normalise, golds) if gold)


def number_recall(answer: str, gold: str) -> float | None:
    """Return the share of the gold answer's numbers that the answer has; None where it has none."""
    wanted = set(_NUMBER.findall(gold))
    return len(wanted & set(_NUMBER.findall(answer))) / len(wanted) if wanted else None


def shares_run(text: str, other: str, length: int) -> bool:
    """Say whether `length` words in a row of `text` stand in `other` too."""
    words, known = _WORD.findall(text.lower()), _WORD.findall(other.lower())
    runs = {tuple(known[i : i + length]) for i in range(len(known) - length + 1)}
    return any(tuple(words[i : i + length]) in runs for i in range(len(words) - length + 1))


def _f1(given: Sequence[str], wanted: Sequence[str]) -> float:
    if not given or not wanted:
        return float(given == wanted)
    shared = sum((Counter(given) & Counter(wanted)).values())
    return 2 * shared / (len(given) + len(wanted))
