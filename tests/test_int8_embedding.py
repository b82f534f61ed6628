"""The packaged MiniLM in 8-bit integers: close to the exact one, converted once, without torch."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ds542_tutor.errors import ModelError
from ds542_tutor.models import int8_embedding
from ds542_tutor.models.embedding import SentenceTransformerEmbedder, load_embedder
from ds542_tutor.models.int8_embedding import Int8Embedder, converted
from ds542_tutor.settings import ModelSettings

TEXTS = (
    "What is the late policy?",
    "a",
    "",
    "…",
    "42",
    "θ ← θ − η ∇L(θ)",
    "O(n^2 d) time and O(n^2) memory for n tokens",
    "def forward(self, x):\n    return self.head(F.relu(self.norm(x)))",
    "Lecture 7: Attention > Scaled dot products\nDividing by the root of d_k keeps variance one.",
    "Dropout sets random activations to zero while a network trains; at test time all are used.",
    "Backpropagation applies the chain rule from the loss back to every parameter.",
    "Homework 3 is due on Friday, March 6 at 11:59 pm; each late day costs ten percent.",
    "Le réseau apprend à reconnaître des chiffres écrits à la main.",
    "注意力机制根据查询和键的相似度对值加权。",
    "Batch normalization standardizes each channel over a batch, then scales and shifts it. " * 3,
    "A convolution slides a small kernel over its input and shares the kernel's weights. " * 8,
    "Recurrent networks carry a hidden state from step to step, which gradients must cross. " * 40,
    "x" * 3000,
    "loss.backward() loss.backward() loss.backward()",
    "ALL CAPITALS ABOUT RESIDUAL CONNECTIONS",
    "Momentum keeps a moving average of past gradients.",
    "Momentum keeps a moving average of past gradients!",
    "Office hours: Tuesday 2-3 pm, room CDS 1528, Ada Lovelace.",
    "Table 6.7: accuracy of four optimizers after 10, 20 and 40 epochs: .91 .93 .94 .89",
    "The Kullback-Leibler divergence is not symmetric and never negative.",
    "Why does a deep network without nonlinearities collapse into one linear map?",
    "Receptive fields grow with depth.",
    "Answer: (b). The gradient of softmax cross-entropy is p - y.",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model, converted once for all of these tests."""
    folder = tmp_path_factory.mktemp("models")
    converted(folder)
    return folder


@pytest.fixture(scope="module")
def int8(cache: Path) -> Int8Embedder:
    return Int8Embedder(cache)


@pytest.fixture(scope="module")
def exact() -> SentenceTransformerEmbedder:
    return load_embedder(ModelSettings())


def array_of(vectors: Sequence[Sequence[float]]) -> np.ndarray:
    return np.asarray([np.asarray(vector) for vector in vectors], dtype=np.float64)


# --- what comes out ------------------------------------------------------------------------------


def test_it_is_close_to_the_exact_model(
    int8: Int8Embedder, exact: SentenceTransformerEmbedder
) -> None:
    ours = array_of(int8.embed_documents(TEXTS))
    theirs = array_of([exact.embed_query(text) for text in TEXTS])
    assert ours.shape == theirs.shape == (len(TEXTS), int8.dimension)
    assert np.linalg.norm(ours, axis=1) == pytest.approx(1, abs=1e-5)
    cosines = (ours * theirs).sum(axis=1)
    # With no word in it a text is nothing but marks of its ends, and the least exact.
    said = np.array([any(c.isalnum() for c in text) for text in TEXTS])
    assert list(said).count(False) == 2
    assert cosines.min() > 0.97
    assert cosines[said].min() > 0.985, TEXTS[int((cosines + ~said).argmin())][:50]
    assert cosines[said].mean() > 0.993
    # And so is what the texts are to each other.
    assert np.abs(ours @ theirs.T - theirs @ theirs.T).max() < 0.1


def test_it_has_the_identity_and_the_limits_of_the_exact_one(
    int8: Int8Embedder, exact: SentenceTransformerEmbedder
) -> None:
    """Questions are embedded by the exact one: an index must take them for the same model."""
    assert int8.model_id == exact.model_id
    assert (int8.dimension, int8.max_tokens) == (exact.dimension, exact.max_tokens)
    for text in TEXTS:
        assert int8.token_counter(text) == exact.count_tokens(text)


def test_a_vector_depends_on_its_text_alone(int8: Int8Embedder, cache: Path) -> None:
    together = int8.embed_documents(TEXTS)
    shuffled = random.Random(5).sample(range(len(TEXTS)), len(TEXTS))
    for i, vector in zip(shuffled, int8.embed_documents([TEXTS[i] for i in shuffled]), strict=True):
        assert vector == together[i]
    assert [int8.embed_documents([text])[0] for text in TEXTS] == together
    with ThreadPoolExecutor(8) as pool:
        assert all(found == together for found in pool.map(int8.embed_documents, [TEXTS] * 16))
    assert Int8Embedder(cache).embed_documents(TEXTS) == together
    assert int8.embed_documents([]) == []


def test_one_core_gives_what_several_give(
    int8: Int8Embedder, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cores in (1, 3):
        monkeypatch.setattr(int8_embedding, "_cores", lambda cores=cores: cores)
        assert Int8Embedder(cache).embed_documents(TEXTS) == int8.embed_documents(TEXTS)


def test_the_first_texts_may_come_from_several_threads_at_once(cache: Path) -> None:
    embedder, together = Int8Embedder(cache), threading.Barrier(4)

    def embed(_: int) -> list[float]:
        together.wait()
        return list(embedder.embed_documents(["the same text"])[0])

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(embed, range(4))
    assert others == [first] * 3


# --- the converted model -------------------------------------------------------------------------

CONVERT = """
import sys
from pathlib import Path
from ds542_tutor.models.int8_embedding import converted
print(converted(Path(sys.argv[1])))
"""


def test_two_processes_convert_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leftover = tmp_path / f".{Path(converted_name()).name}-123"
    leftover.mkdir()
    (leftover / "model.bin").write_bytes(b"half")
    both = [
        subprocess.Popen(
            [sys.executable, "-c", CONVERT, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = {child.communicate(timeout=200)[0].strip() for child in both}
    assert [child.returncode for child in both] == [0, 0]
    [folder] = told
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == [Path(folder).name]
    monkeypatch.setattr(subprocess, "run", None)
    assert str(converted(tmp_path)) == folder


def converted_name() -> str:
    return f"minilm-{int8_embedding.MINILM_SHA256[:12]}-int8-{int8_embedding.EXPORT_VERSION}"


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_model_says_what_to_delete(cache: Path, tmp_path: Path, damage: str) -> None:
    folder = shutil.copytree(converted(cache), tmp_path / converted(cache).name)
    if damage == "cut":
        os.truncate(folder / "model.bin", 1000)
    else:
        (folder / "model.bin").unlink()
    with pytest.raises(ModelError, match="delete that folder") as raised:
        Int8Embedder(tmp_path).embed_documents(["text"])
    assert str(folder) in str(raised.value)


def test_a_cache_that_cannot_be_written_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match=r"paths\.cache.*embedder_dtype") as raised:
        Int8Embedder(tmp_path / "file").embed_documents(["text"])
    assert "\n" not in str(raised.value)


def test_a_conversion_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: the converter's last line is the reason."""
    monkeypatch.setattr(int8_embedding, "minilm_path", lambda: tmp_path / "no model")
    with pytest.raises(ModelError, match=r"paths\.cache"):
        converted(tmp_path / "cache")
    assert [p for p in (tmp_path / "cache").iterdir() if p.is_dir()] == []


WATCHED = """
import json, sys
from ingest.__main__ import main
status = main(sys.argv[1:])
heavy = ("torch", "transformers", "sentence_transformers", "gradio", "langchain_core")
print(json.dumps([status, [name for name in heavy if name in sys.modules]]))
"""


def test_an_ingest_never_holds_torch_in_memory(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(
        '[corpus]\nname = "t"\nterm = "t"\n[[source]]\nfiles = "*.md"\nkind = "notes"\n'
    )
    (tmp_path / "a.md").write_text("# Attention\n\nAttention weighs values by their keys.\n")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "tiny.toml", "--json"],
        cwd=tmp_path,
        env={**os.environ, "DS542_PATHS_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    lines = done.stdout.splitlines()
    assert json.loads(lines[-2])["embedded"] == 1, done.stderr
    assert json.loads(lines[-1]) == [0, []]
