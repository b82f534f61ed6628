"""Reranking through a sentence-transformers cross-encoder, which reads query and text together.

Slower and more exact than comparing vectors (Nogueira & Cho 2019, https://arxiv.org/abs/1901.04085);
used only when one is configured. Which hits are scored again is `retrieval`'s decision.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sentence_transformers import CrossEncoder

from ds542_tutor.errors import ModelError
from ds542_tutor.models.cross_encoders import load_cross_encoder
from ds542_tutor.models.quiet import first_line

# A query's candidates fit in a few batches of this size on a GPU and do no harm on a CPU.
BATCH = 32


class CrossEncoderReranker:
    """A cross-encoder behind `protocols.Reranker`; safe to share between threads."""

    def __init__(self, model: CrossEncoder, name: str) -> None:
        """Wrap a loaded `model`; `load_reranker` is the usual way to get here.

        Raises:
            ModelError: it gives several scores a pair, so it classifies and does not rank.
        """
        if model.num_labels != 1:
            raise ModelError(
                f"The reranker {name} gives {model.num_labels} scores a text, not one; choose a "
                "cross-encoder that was trained for ranking."
            )
        self._model = model
        self._name = name
        # A fast tokenizer refuses a second thread ("Already borrowed") while one is using it.
        self._lock = threading.Lock()

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text, in order; higher is better. Ranges differ between models.

        Raises:
            ModelError: the model failed.
        """
        if not texts:
            return []
        try:
            with self._lock:
                scores = self._model.predict(
                    [(query, text) for text in texts], batch_size=BATCH, show_progress_bar=False
                )
        except RuntimeError as error:
            raise ModelError(
                f"The reranker {self._name} failed ({first_line(error)}); with a GPU, free memory "
                "or choose a smaller one."
            ) from error
        return [float(score) for score in scores]


def load_reranker(name: str) -> CrossEncoderReranker:
    """Load a cross-encoder by folder or hub id (from the local cache when HF_HUB_OFFLINE is set).

    Raises:
        ModelError: it cannot be found or loaded, or is no ranking model.
    """
    return CrossEncoderReranker(load_cross_encoder(name, "reranker"), name)
