"""What the tutor asks of its exchangeable parts: one or two methods each. Standard library only."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from ds542_tutor.dialogue import Prompt

Vector = Sequence[float]


@runtime_checkable
class Embedder(Protocol):
    """Turns text into unit-length vectors of `dimension` floats."""

    @property
    def model_id(self) -> str:
        """Identity of model and revision; an index records it and refuses another."""
        ...

    @property
    def dimension(self) -> int: ...

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector a text, in order. Shape: (len(texts), dimension)."""
        ...

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a query (with the model's query prompt, where it has one)."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Scores how well texts answer a query; higher is better, any range."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]: ...


@runtime_checkable
class ChatModel(Protocol):
    """Writes an answer, streaming, and stops soon after `cancel` is set."""

    @property
    def name(self) -> str:
        """As shown to the student, for instance "quotes" or "smollm2"."""
        ...

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        """Yield pieces of the answer as they come.

        Raises:
            ModelError: the model failed; EndpointError when its server did.
        """
        ...


@runtime_checkable
class Verifier(Protocol):
    """Scores how well a premise supports a claim, in [0, 1]."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Score (premise, claim) pairs, in order."""
        ...


@runtime_checkable
class Searcher(Protocol):
    """Finds chunk ids for a query, best first, with scores (higher is better)."""

    def search(self, query: str, k: int) -> list[tuple[str, float]]: ...
