"""Support checks by natural language inference: a cross-encoder says whether a premise entails.

Used where one is configured (Honovich et al. 2022, TRUE, https://arxiv.org/abs/2204.04991); the
packaged check needs no model of its own (`citations.OverlapVerifier`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sentence_transformers import CrossEncoder

from ds542_tutor.errors import ModelError
from ds542_tutor.models.cross_encoders import load_cross_encoder
from ds542_tutor.models.quiet import first_line

BATCH = 16  # premises are passages of a few hundred words: twice the length of a reranker's texts

ENTAILED_FROM = 0.5
"""Probability from which a claim counts as entailed: the model's own more-likely-than-not."""


class EntailmentVerifier:
    """An NLI cross-encoder behind `protocols.Verifier`; safe to share between threads."""

    def __init__(self, model: CrossEncoder, name: str) -> None:
        """Wrap a loaded `model`; `load_entailment` is the usual way to get here.

        Raises:
            ModelError: none of its labels is "entailment", and it does not give a single score.
        """
        self._model = model
        self._entailed = _entailment_label(model, name)
        self._name = name
        # A fast tokenizer refuses a second thread ("Already borrowed") while one is using it.
        self._lock = threading.Lock()

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the probability that each premise entails its claim, in [0, 1], in order.

        Raises:
            ModelError: the model failed.
        """
        if not pairs:
            return []
        try:
            with self._lock:
                logits = np.asarray(
                    self._model.predict(
                        list(pairs),
                        batch_size=BATCH,
                        show_progress_bar=False,
                        activation_fn=torch.nn.Identity(),
                    ),
                    dtype=float,
                )
        except RuntimeError as error:
            raise ModelError(
                f"The entailment model {self._name} failed ({first_line(error)}); with a GPU, "
                "free memory or choose a smaller one."
            ) from error
        if self._entailed is None:
            return [float(p) for p in 1 / (1 + np.exp(-logits))]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return [float(p) for p in shares[:, self._entailed]]


def _entailment_label(model: CrossEncoder, name: str) -> int | None:
    """Return the index of the label "entailment"; None for a model with a single score."""
    if model.num_labels == 1:
        return None
    config: Any = model.config  # typed as perhaps absent, which a loaded model's is not
    labels = {int(i): str(label) for i, label in config.id2label.items()}
    for index, label in labels.items():
        if label.casefold() in ("entailment", "entailed", "supported", "support"):
            return index
    raise ModelError(
        f"The entailment model {name} has the labels {', '.join(labels.values())}, none of which "
        "is 'entailment'; choose a cross-encoder that was trained for NLI."
    )


def load_entailment(name: str) -> EntailmentVerifier:
    """Load an NLI cross-encoder by folder or hub id (from the local cache when offline).

    Raises:
        ModelError: it cannot be found or loaded, or is no NLI model.
    """
    return EntailmentVerifier(load_cross_encoder(name, "entailment model"), name)
