"""Reranking with real, tiny cross-encoders made on the spot."""

from pathlib import Path

import pytest
from tiny_models import make_classifier

from ds542_tutor.errors import ModelError
from ds542_tutor.models.reranking import load_reranker
from ds542_tutor.protocols import Reranker


def test_one_score_a_text_whatever_the_company(tmp_path: Path) -> None:
    reranker = load_reranker(str(make_classifier(tmp_path / "model", ("score",))))
    assert isinstance(reranker, Reranker)
    texts = ["softmax", "a longer text about attention and values", "momentum"]
    scores = reranker.score("attention", texts)
    assert len(set(scores)) == 3
    alone = [reranker.score("attention", [text])[0] for text in texts]
    assert scores == pytest.approx(alone, abs=1e-5)
    assert reranker.score("attention", []) == []


def test_a_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="3 scores a text"):
        load_reranker(str(make_classifier(tmp_path / "model", ("a", "b", "c"))))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded") as raised:
        load_reranker(str(tmp_path))
    assert "\n" not in str(raised.value)
