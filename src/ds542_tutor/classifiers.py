"""The regressions over exemplars that tell what a message wants, fitted or read at start.

Their exemplars are embedded by the thousand, so in the form that suits documents (8-bit integers on
a CPU), each text once, and only where no earlier start has left what it fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ds542_tutor import course_matters, places
from ds542_tutor.course_questions import question_exemplars, request_exemplars
from ds542_tutor.errors import ModelError
from ds542_tutor.models.document_embedding import load_document_embedder
from ds542_tutor.policy.kinds import Kinds, load_kinds
from ds542_tutor.protocols import Embedder, Vector
from ds542_tutor.settings import Settings

# Of kinds of questions and matters, some are rare; found on the cases of docs/experiments.md.
_QUESTIONS_C, _BALANCE = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Classifiers:
    """Regressions over kinds of requests, of calendar questions, matters of the course, and
    questions for a place."""

    requests: Kinds
    questions: Kinds
    matters: Kinds
    places: Kinds


def load_classifiers(settings: Settings, embedder: Embedder) -> Classifiers:
    """Fit the regressions, or read what an earlier start fitted to the same exemplars.

    Args:
        embedder: what questions are embedded with; exemplars too where no faster form can be had.
    """
    embed = _EmbeddedOnce(settings, embedder)
    about = (embed, embedder.model_id, settings.paths.cache)
    return Classifiers(
        load_kinds(*about, request_exemplars()),
        load_kinds(*about, question_exemplars(), c=_QUESTIONS_C, balance=_BALANCE),
        load_kinds(*about, course_matters.exemplars(), c=_QUESTIONS_C, balance=_BALANCE),
        load_kinds(*about, places.exemplars()),
    )


class _EmbeddedOnce:
    """Embeds texts, each the first time only; the model is loaded when there is one to embed."""

    def __init__(self, settings: Settings, embedder: Embedder) -> None:
        self._settings = settings
        self._embedder = embedder
        self._known: dict[str, Vector] = {}

    def __call__(self, texts: Sequence[str]) -> list[Vector]:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(fresh, self._embedded(fresh), strict=True))
        return [self._known[text] for text in texts]

    def _embedded(self, texts: Sequence[str]) -> Sequence[Vector]:
        if not texts:
            return []
        try:
            return load_document_embedder(self._settings).embed_documents(texts)
        except ModelError:  # no place to keep the converted model: slower is better than not at all
            return self._embedder.embed_documents(texts)
