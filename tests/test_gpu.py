"""Models on a CUDA device, at its real precision. Skipped where there is none."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import pytest
import torch

from ds542_tutor.dialogue import Message, Prompt
from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.models.generation import load_chat_model
from ds542_tutor.models.huggingface import load_huggingface
from ds542_tutor.models.smollm2 import load_smollm2
from ds542_tutor.settings import ModelSettings, Settings

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

PROMPT = Prompt(
    "q", (), (Message("user", "What is the capital of France? One sentence."),), max_tokens=40
)


@pytest.fixture(scope="module")
def folder(pytestconfig: pytest.Config) -> Path:
    """The packaged SmolLM2, converted to an ordinary model folder."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("ds542-models")
    load_smollm2(cache)
    (found,) = cache.glob("smollm2-*")
    return found


def test_a_model_folder_runs_in_bfloat16_and_streams(folder: Path) -> None:
    model = load_huggingface(str(folder))
    assert model._model.device.type == "cuda"
    assert model._model.dtype == torch.bfloat16
    pieces = list(model.stream(PROMPT, threading.Event()))
    assert len(pieces) > 3
    assert "Paris" in "".join(pieces)


def test_cancelling_frees_the_device(folder: Path) -> None:
    model = load_huggingface(str(folder))
    cancel = threading.Event()
    stream = model.stream(Prompt("q", (), PROMPT.messages, max_tokens=2000), cancel)
    next(stream)
    cancel.set()
    assert len(list(stream)) <= 1
    assert "Paris" in "".join(model.stream(PROMPT, threading.Event()))


def test_auto_takes_the_configured_model_on_cuda(folder: Path) -> None:
    settings = Settings(models=ModelSettings(huggingface=str(folder)))
    assert load_chat_model(settings, load_embedder(settings.models)).name == folder.name


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_embedder_agrees_with_itself_on_the_cpu(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["Dropout sets random activations to zero.", "The syllabus names the late policy."]
    on_cuda = load_embedder(ModelSettings(embedder_dtype=dtype)).embed_documents(texts)
    with monkeypatch.context() as patched:
        patched.setattr(torch.cuda, "is_available", lambda: False)
        on_cpu = load_embedder(ModelSettings(embedder_dtype="float32")).embed_documents(texts)
    for a, b in zip(on_cuda, on_cpu, strict=True):
        assert math.isclose(sum(x * x for x in a), 1.0, abs_tol=1e-3)
        # bfloat16 carries 8 bits: a cosine above 0.99 is as near as it gets.
        assert sum(x * y for x, y in zip(a, b, strict=True)) > 0.99
