"""Formulas and rows of numbers, by which an exercise is known however it is typed.

"(φ0 + φ1·x_i − y_i)²" and "(phi0+phi1*xi-yi)^2" are the same formula.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

_SHORTEST = 8  # characters without white space: less is everybody's
_OPERATORS = 2  # at least so many
_GREEK = {
    "φ": "phi",
    "ϕ": "phi",
    "θ": "theta",
    "α": "alpha",
    "β": "beta",
    "ω": "omega",
    "σ": "sigma",
}
_POWERS = {"²": "^2", "³": "^3"}
_TERM = r"[\w^()\[\].]+"
_FORMULA = re.compile(rf"{_TERM}(?:[ \t]*[+\-/=^][ \t]*{_TERM}){{{_OPERATORS},}}")
_NUMBER = re.compile(r"(?<![\w.])\d{1,6}(?:\.\d{1,6})?(?![\w.])")
_RUN = 6  # numbers in a row
_DROPPED = re.compile(r"[\s*·_{}\\]|\bcdot\b")


def formulas_in(text: str) -> frozenset[str]:
    """Return the longer formulas of `text`, each in the form of `squeezed`."""
    found = {squeezed(m.group()) for m in _FORMULA.finditer(_written(text))}
    found |= {side for formula in found for side in formula.split("=")}
    return frozenset(filter(_tells, found))


def _tells(formula: str) -> bool:
    """Whether it is more than an assignment of code or a ratio."""
    signs = len(re.findall(r"[+\-]", formula))
    return (
        len(formula) >= _SHORTEST
        and bool(re.search(r"\d", formula) and re.search(r"[a-z]", formula))
        and (signs >= _OPERATORS or (signs > 0 and "^" in formula))
    )


def squeezed(text: str) -> str:
    """Return `text` in lower case without white space, signs of products and underscores."""
    return _DROPPED.sub("", _written(text))


def _written(text: str) -> str:
    for sign, typed in _POWERS.items():
        text = text.replace(sign, typed)
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("**", "^").casefold()
    for letter, name in _GREEK.items():
        text = text.replace(letter, name)
    return text


@lru_cache(maxsize=16)  # several signals ask for those of one message
def number_runs(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the runs of six numbers of `text`, without those that merely count or repeat."""
    numbers = _NUMBER.findall(text)
    runs = (tuple(numbers[i : i + _RUN]) for i in range(len(numbers) - _RUN + 1))
    return tuple(run for run in runs if len(set(run)) >= _RUN - 1 and not _counts(run))


def _counts(run: Sequence[str]) -> bool:
    return len({float(b) - float(a) for a, b in pairwise(run)}) == 1
