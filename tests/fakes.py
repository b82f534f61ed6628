"""Handwritten fakes: models whose words a test has to choose, and short ways to make values.

Everything else in the tests is real: real Chroma, real files, the real packaged models.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections.abc import Iterator, Sequence

from ds542_tutor.citations import Checked, Checker
from ds542_tutor.dialogue import Passage, Prompt
from ds542_tutor.documents import Chunk, Locator


class ScriptedModel:
    """A ChatModel that says the given words, and remembers the prompts it was given."""

    def __init__(self, text: str, name: str = "scripted") -> None:
        self.text = text
        self.name = name
        self.prompts: list[Prompt] = []
        self.pieces_sent = 0

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        self.prompts.append(prompt)
        for piece in re.findall(r"\S+\s*|\s+", self.text):
            if cancel.is_set():
                return
            self.pieces_sent += 1
            yield piece


class FailingModel:
    """A ChatModel that says a few words and then raises."""

    def __init__(self, error: Exception, text: str = "") -> None:
        self.error = error
        self.text = text
        self.name = "failing"

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        if self.text:
            yield self.text
        raise self.error


class WordEmbedder:
    """An Embedder without a trained model: texts that share words are near each other.

    Each word is hashed to a dimension; good enough where a test needs a ranking, not meaning.
    """

    model_id = "words@1"
    dimension = 256

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = [0.0] * self.dimension
        for word in re.findall(r"\w{3,}", text.lower()):
            vector[hashlib.sha256(word.encode()).digest()[0]] += 1.0
        norm = math.sqrt(sum(x * x for x in vector)) or 1.0
        return [x / norm for x in vector]


def make_passage(
    number: int,
    text: str,
    *,
    title: str = "Lecture 7: Attention",
    page: int | None = 12,
    slide: str | None = "Why scale?",
    graded: bool = False,
    exercise: bool = False,
) -> Passage:
    """Return a numbered passage over a chunk of its own."""
    chunk = Chunk(
        id=f"chunk{number}",
        document=f"lectures/{number:02}.pdf",
        title=title,
        kind="slides",
        text=text,
        search_text=text,
        locator=Locator(page=page, slide_title=slide),
        pages=(page,) if page else (),
        graded=graded,
        exercise=exercise,
    )
    return Passage(number, chunk, text)


def make_prompt(question: str, *texts: str) -> Prompt:
    """Return a prompt whose passages have these texts; no messages, so only for `quotes`."""
    return Prompt(question, tuple(make_passage(i, t) for i, t in enumerate(texts, 1)), ())


def check(
    checker: Checker, draft: str, passages: Sequence[Passage], *, strict: bool = False
) -> Checked:
    """Check a draft that is there as a whole."""
    return checker.begin(passages, strict=strict).finish(draft)
