"""Reranking with real, tiny cross-encoders made on the spot."""

from pathlib import Path

import pytest

from ds542_tutor.errors import ModelError
from ds542_tutor.models.packaged import minilm_path
from ds542_tutor.models.reranking import load_reranker
from ds542_tutor.protocols import Reranker


def make(folder: Path, labels: int) -> Path:
    """Save an untrained BERT of a few thousand weights with MiniLM's vocabulary."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(minilm_path()))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=labels,
        initializer_range=1.0,  # texts must differ visibly in their scores
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_one_score_a_text_whatever_the_company(tmp_path: Path) -> None:
    reranker = load_reranker(str(make(tmp_path / "model", labels=1)))
    assert isinstance(reranker, Reranker)
    texts = ["softmax", "a longer text about attention and values", "momentum"]
    scores = reranker.score("attention", texts)
    assert len(set(scores)) == 3
    alone = [reranker.score("attention", [text])[0] for text in texts]
    assert scores == pytest.approx(alone, abs=1e-5)
    assert reranker.score("attention", []) == []


def test_a_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="3 scores a text"):
        load_reranker(str(make(tmp_path / "model", labels=3)))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded") as raised:
        load_reranker(str(tmp_path))
    assert "\n" not in str(raised.value)
