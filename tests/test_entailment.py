"""Support by natural language inference, with real, tiny cross-encoders made on the spot."""

from pathlib import Path

import pytest
from tiny_models import make_classifier

from ds542_tutor.errors import ModelError
from ds542_tutor.models.entailment import load_entailment
from ds542_tutor.protocols import Verifier

NLI = ("contradiction", "entailment", "neutral")


def test_the_probability_of_entailment_is_that_of_its_label(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = make_classifier(tmp_path / "nli", NLI)
    verifier = load_entailment(str(folder))
    assert isinstance(verifier, Verifier)
    pairs = [("The loss is convex.", "It is convex."), ("Momentum averages.", "ReLU is linear.")]
    scores = verifier.score(pairs)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = AutoModelForSequenceClassification.from_pretrained(str(folder)).eval()
    for pair, score in zip(pairs, scores, strict=True):
        with torch.no_grad():
            logits = model(**tokenizer(*pair, return_tensors="pt")).logits[0]
        assert score == pytest.approx(torch.softmax(logits, 0)[1].item(), abs=1e-5)
    assert verifier.score([]) == []


def test_a_model_with_one_score_gives_its_logistic(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = make_classifier(tmp_path / "model", ("LABEL_0",))
    (score,) = load_entailment(str(folder)).score([("a premise", "a claim")])
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = AutoModelForSequenceClassification.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        logit = model(**tokenizer("a premise", "a claim", return_tensors="pt")).logits[0, 0]
    assert score == pytest.approx(torch.sigmoid(logit).item(), abs=1e-5)


def test_a_classifier_of_something_else_is_refused(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path / "model", ("joy", "anger", "fear"))
    with pytest.raises(ModelError, match="joy, anger, fear, none of which is 'entailment'"):
        load_entailment(str(folder))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"The entailment model .* cannot be loaded"):
        load_entailment(str(tmp_path))
