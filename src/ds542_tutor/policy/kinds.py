"""Which kind of request a message is, judged by its likeness to exemplars.

`exemplars.txt` holds messages as students write them, under the kind of request they are. A
logistic regression over their meaning (embedding), words and letters is fitted to them when the
tutor is set up; nothing in it is random. It says how likely each kind is; what follows is decided
in `classify`. A decision that rests on it names the exemplar that comes nearest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ds542_tutor.policy.disguise import meant, plain

BENIGN = ("concept", "example", "own-work", "debugging", "crediting", "logistics")
HARMFUL = ("exam", "attribution", "impersonation", "staff-only", "private", "injection")
WORK = "work"
KINDS = (*BENIGN, WORK, *HARMFUL)

VERSION = 2
"""Part of the cached file's name: raised when the features or the fit change."""

_BUCKETS = 2**12  # of hashed n-grams; 2^13 and 2^15 did no better (docs/experiments.md)
_SCALE = 2.0  # of each block of features, against the regression's penalty of 1 / (2 C)
C = 0.5
"""Penalty (1 / C) of the regression (docs/experiments.md)."""

_CHARS = 1000  # read of either end of a long message: requests stand before or after a paste

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """The fitted regression and what it was fitted to.

    `weights`: one row a kind of `kinds`. `places`: where the exemplars of each kind stand.
    """

    weights: Floats
    bias: Floats
    exemplars: tuple[tuple[str, str], ...]
    vectors: Floats
    kinds: tuple[str, ...] = KINDS
    places: Mapping[str, NDArray[np.intp]] = field(init=False)

    def __post_init__(self) -> None:
        labels = np.array([kind for kind, _ in self.exemplars])
        places = {kind: np.flatnonzero(labels == kind) for kind in dict.fromkeys(labels.tolist())}
        object.__setattr__(self, "places", places)

    def likely(self, text: str, vector: Sequence[float] | None) -> dict[str, float]:
        """Return how likely each kind is for a message; the values sum to one.

        `text` as `findings.judged` gives it, `vector` its unit embedding; without one words alone
        count.
        """
        size = self.vectors.shape[1]
        known = vector is not None and len(vector) == size
        row = np.asarray([vector if known else np.zeros(size)], dtype=np.float32)
        logits = (_features([text], row) @ self.weights.T)[0] + self.bias
        odds = np.exp(logits - logits.max())
        return dict(zip(self.kinds, (odds / odds.sum()).tolist(), strict=True))

    def nearest(self, vector: Sequence[float] | None) -> dict[str, tuple[str, float]]:
        """Return for each kind its exemplar that is nearest in meaning, with the cosine.

        Empty without a vector, or with one of another embedder.
        """
        if vector is None or len(vector) != self.vectors.shape[1]:
            return {}
        cosines = self.vectors @ np.asarray(vector, dtype=np.float32)
        found = {}
        for kind, places in self.places.items():
            best = places[int(cosines[places].argmax())]
            found[kind] = (self.exemplars[best][1], float(cosines[best]))
        return found


@cache
def exemplars() -> tuple[tuple[str, str], ...]:
    """Return the exemplars of requests as (kind, message) pairs, in the order of the file."""
    return read_exemplars(files("ds542_tutor.policy").joinpath("exemplars.txt").read_text("utf-8"))


def read_exemplars(text: str) -> tuple[tuple[str, str], ...]:
    """Return what a file of exemplars holds, as (kind, message) pairs."""
    found, kind = [], ""
    for line in text.split("\n"):
        if heading := re.fullmatch(r"\[([a-z-]+)\]", line):
            kind = heading[1]
        elif line and not line.startswith("#"):
            found.append((kind, line))
    return tuple(found)


def load_kinds(
    embed: Callable[[Sequence[str]], Sequence[Sequence[float]]],
    model_id: str,
    folder: Path | None = None,
    known: tuple[tuple[str, str], ...] | None = None,
    *,
    c: float = C,
    balance: float = 0.0,
) -> Kinds:
    """Fit the regression, or read what an earlier start fitted to the same exemplars.

    Args:
        embed: gives one unit vector a text. model_id: names its model and weights.
        folder: where what was fitted is kept; None keeps nothing.
        known: other exemplars than those of requests.
        c: as `C`. balance: how far kinds count alike however many exemplars they have, from 0
            (each exemplar counts the same) to 1 (each kind does).
    """
    kinds = KINDS if known is None else tuple(dict.fromkeys(kind for kind, _ in known))
    known = exemplars() if known is None else known
    digest = hashlib.sha256(repr((VERSION, model_id, known, c, balance)).encode()).hexdigest()[:16]
    file = folder.expanduser() / f"kinds-{digest}.npz" if folder else None
    with _alone(file):
        if file and (saved := _read(file)):
            return Kinds(saved["weights"], saved["bias"], known, saved["vectors"], kinds)
        return _fitted(embed, known, kinds, file, c, balance)


def _fitted(
    embed: Callable[[Sequence[str]], Sequence[Sequence[float]]],
    known: tuple[tuple[str, str], ...],
    kinds: tuple[str, ...],
    file: Path | None,
    c: float,
    balance: float,
) -> Kinds:
    texts = [meant(text) for _, text in known]
    vectors = np.asarray(embed(texts), dtype=np.float32)
    labels = [kind for kind, _ in known]
    weights, bias = _fit(_features(texts, vectors), labels, kinds, c, balance)
    if file:
        _write(file, weights=weights, bias=bias, vectors=vectors)
    return Kinds(weights, bias, known, vectors, kinds)


def _fit(
    features: Any, labels: Sequence[str], kinds: Sequence[str], c: float, balance: float
) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    counts = Counter(labels)
    alike = {k: (len(labels) / len(counts) / n) ** balance for k, n in counts.items()}
    model = LogisticRegression(C=c, max_iter=1000, class_weight=alike)
    model.fit(features, labels)
    weights, bias = model.coef_, model.intercept_
    if len(weights) == 1:  # of two kinds, scikit-learn has the row of the second alone
        weights, bias = np.vstack([0 * weights, weights]), np.append(0 * bias, bias)
    order = [list(model.classes_).index(kind) for kind in kinds]
    return weights[order].astype(np.float32), bias[order].astype(np.float32)


def _features(texts: Sequence[str], vectors: Floats) -> Any:
    """Return one row a text: its embedding, its letters in twos to fours, its words and pairs.

    A sparse matrix: n-grams are mostly zeros, and dense ones of all exemplars take a gigabyte.
    """
    from scipy.sparse import csr_matrix, hstack

    letters, words = _vectorizers()
    seen = [_ends(plain(text)) for text in texts]
    blocks = (csr_matrix(vectors), letters.transform(seen), words.transform(seen))
    return (_SCALE * hstack(blocks, format="csr")).astype(np.float32)


def _ends(text: str) -> str:
    return text if len(text) <= 2 * _CHARS else f"{text[:_CHARS]} {text[-_CHARS:]}"


@cache
def _vectorizers() -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import HashingVectorizer

    shared = {"n_features": _BUCKETS, "alternate_sign": False, "norm": "l2", "binary": True}
    return (
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), **shared),
        HashingVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), **shared),
    )


@contextmanager
def _alone(file: Path | None) -> Iterator[None]:
    """Let one process fit while others wait for it; where no lock can be had, all of them fit."""
    try:
        if file is None:
            raise OSError
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = file.with_name(f".{file.name}.lock").open("w")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> Mapping[str, Floats] | None:
    """Return what was saved, or None where there is nothing that can be read."""
    try:
        with np.load(file, allow_pickle=False) as saved:
            return {name: saved[name] for name in ("weights", "bias", "vectors")}
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _write(file: Path, **arrays: Floats) -> None:
    """Save whole or not at all; where nothing can be saved, the next start fits again."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, suffix=".npz")
        with os.fdopen(descriptor, "wb") as out:
            np.savez(out, **arrays)  # type: ignore[arg-type]  # names, not flags
        Path(name).replace(file)
    except OSError:
        return
