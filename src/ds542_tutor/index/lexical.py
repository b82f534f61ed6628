"""Lexical search: BM25 over words, identifiers, numbers and spelled-out Greek letters.

Built once into a folder and memory-mapped afterwards. Ids in, ids out: what a chunk is, is known to
`chunks`; the wording that is indexed (`Chunk.search_text`) to `ingest`.
"""

from __future__ import annotations

import functools
import json
import math
import re
import threading
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

IDS_FILE = "ids.json"
# BM25's usual constants (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework");
# Lucene's variant of the formula never gives a frequent word a negative weight.
K1, B, METHOD = 1.5, 0.75, "lucene"

# Words of grammar and of asking: they say nothing about the topic, and "why" or "what" in a slide's
# title must not outweigh the thing asked about. "not", "no" and "over" can carry meaning: kept.
STOPWORDS = frozenset(
    """a about am an and any are as at be been but by can could did do does doing for from had has
    have how i if in into is it its me my of on or our please shall she should so some than that the
    their them then there these they this those to us was we were what when where which while who
    whom whose why will with would you your""".split()
)

# A dotted number (section 11.3.2, 0.5), else a word with inner underscores, digits allowed.
_TOKEN = re.compile(r"\d+(?:\.\d+)+|[^\W_]+(?:_+[^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s\b")
_TIMES = re.compile(r"(?<=\d)\s*[×xX]\s*(?=\d)")  # a filter of 3 × 3 is typed 3x3
_HYPHENATED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
# Parts of a camelCase or PascalCase identifier: "maxPool2d" -> max, Pool2d; "BCELoss" -> BCE, Loss.
# Shorter parts (the Re and LU of ReLU, the d and k of d_k) are noise.
MIN_PART = 3
_PARTS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*[a-z]*|[0-9]+")


def tokenize(text: str) -> list[str]:
    """Split `text` into search terms; the same rule serves documents and queries.

    Unicode is folded (NFKC, so that 𝜃 is θ and ² is 2; accents dropped), Greek letters become their
    names, identifiers give themselves and their parts (`batch_size` -> batch_size, batch, size),
    hyphenated words their parts and their joined form, English words their stems.
    """
    folded = _TIMES.sub("x", _POSSESSIVE.sub("", fold(text)))
    words: list[str] = []
    for token in _TOKEN.findall(folded):
        words.append(token.casefold())
        if "_" in token or (token != token.casefold() and not token.istitle()):
            parts = [p for word in token.split("_") for p in _PARTS.findall(word)]
            words.extend(p.casefold() for p in parts if MIN_PART <= len(p) < len(token))
    words.extend(w.replace("-", "").casefold() for w in _HYPHENATED.findall(folded))
    return _stem([word for word in words if word not in STOPWORDS])


def fold(text: str) -> str:
    """Fold spelling variants: NFKC, accents and hats dropped, Greek letters spelled out."""
    plain = unicodedata.normalize("NFKC", text)
    if plain.isascii():
        return plain
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return "".join(c if c.isascii() else _greek_name(c) for c in bare)


@functools.lru_cache(maxsize=4096)
def _greek_name(character: str) -> str:
    """Return " theta " for θ and Θ, every other character as it is."""
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and "LETTER" in words:
        name = words[words.index("LETTER") + 1].lower()
        # Unicode spells it "lamda"; LaTeX and people write lambda.
        return f" {'lambda' if name == 'lamda' else name} "
    return character


# PyStemmer keeps a cache inside the stemmer, which two threads must not touch at once.
_stemmer_lock = threading.Lock()


@functools.lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


def _stem(words: list[str]) -> list[str]:
    """Stem plain words; identifiers and anything with a digit stay whole."""
    with _stemmer_lock:
        stem = _stemmer().stemWord
        return [stem(word) if word.isalpha() else word for word in words]


class LexicalIndex:
    """An opened BM25 index; read-only, safe to share between threads."""

    def __init__(self, bm25: bm25s.BM25 | None, ids: Sequence[str]) -> None:
        """Use `build` or `open`. `bm25` is None for an index without a single word."""
        self._bm25 = bm25
        self._ids = list(ids)
        self._position = {identifier: i for i, identifier in enumerate(self._ids)}

    @classmethod
    def build(
        cls,
        folder: Path,
        ids: Sequence[str],
        texts: Iterable[str],
        terms: Iterable[Sequence[str]] | None = None,
    ) -> LexicalIndex:
        """Index `texts` under `ids` (same length) and write everything below `folder`.

        `terms`: what `tokenize` makes of each text, where that is known already.
        """
        folder.mkdir(parents=True)
        # Numbers, not words: a million chunks have some 10^8 of them.
        vocabulary: dict[str, int] = {}
        tokens = [
            [vocabulary.setdefault(term, len(vocabulary)) for term in found]
            for found in (map(tokenize, texts) if terms is None else terms)
        ]
        if vocabulary:
            bm25 = bm25s.BM25(k1=K1, b=B, method=METHOD)
            bm25.index((tokens, vocabulary), show_progress=False)
            bm25.save(folder, show_progress=False)
        (folder / IDS_FILE).write_text(json.dumps(list(ids)), encoding="utf-8")
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open what `build` wrote; postings are memory-mapped."""
        ids = json.loads((folder / IDS_FILE).read_text(encoding="utf-8"))
        filled = (folder / "params.index.json").is_file()
        return cls(bm25s.BM25.load(folder, mmap=True) if filled else None, ids)

    def __len__(self) -> int:
        return len(self._ids)

    def search(
        self, text: str, k: int, among: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return up to `k` (id, BM25 score) pairs that share a word with `text`, best first.

        Equal scores come in indexing order. With `among`, only those ids are considered.
        """
        known = self._bm25.get_tokens_ids(tokenize(text)) if self._bm25 else []
        if self._bm25 is None or not known or k <= 0:
            return []
        scores = self._bm25.get_scores_from_ids(known)
        if among is not None:
            mask = np.zeros(len(self._ids), dtype=bool)
            mask[[self._position[i] for i in among if i in self._position]] = True
            scores = np.where(mask, scores, 0.0)
        # Among a million chunks, sorting all of them would take longer than scoring them.
        k = min(k, len(scores))
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        best = np.flatnonzero(scores >= max(least, np.finfo(np.float32).tiny))
        order = best[np.argsort(-scores[best], kind="stable")][:k]
        return [(self._ids[i], float(scores[i])) for i in order]

    def matches(self, terms: Sequence[str], ids: Sequence[str]) -> NDArray[np.bool_]:
        """Return which of `ids` has which of `terms` (see `tokenize`). Shape: (terms, ids)."""
        found = np.zeros((len(terms), len(ids)), dtype=bool)
        if self._bm25 is None:
            return found
        places = np.array([self._position.get(i, -1) for i in ids])
        starts, postings = self._bm25.scores["indptr"], self._bm25.scores["indices"]
        for row, term in enumerate(terms):
            if (term_id := self._bm25.vocab_dict.get(term)) is not None:
                holding = postings[starts[term_id] : starts[term_id + 1]]  # ascending
                at = np.minimum(np.searchsorted(holding, places), len(holding) - 1)
                found[row] = holding[at] == places
        return found

    def has(self, term: str) -> bool:
        """Whether any chunk has a term as `tokenize` yields it."""
        return self._bm25 is not None and term in self._bm25.vocab_dict

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a term as `tokenize` yields it.

        ln(1 + (N - n + 0.5) / (n + 0.5)) for n of N chunks, as in BM25; highest for unknown terms.
        """
        total, frequency = len(self._ids), 0
        if self._bm25 is not None and (term_id := self._bm25.vocab_dict.get(term)) is not None:
            starts = self._bm25.scores["indptr"]
            frequency = int(starts[term_id + 1] - starts[term_id])
        return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
